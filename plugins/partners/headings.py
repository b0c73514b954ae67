"""Heading levels below the page's own h1."""

from __future__ import annotations

from collections.abc import Iterable

from .markup import HEADINGS
from .tree import Element


def set_levels(blocks: Iterable[Element]) -> None:
    """Shift the headings inside ``blocks`` so that the first is h2 and no level is skipped on the way down."""
    headings = [heading for block in blocks for heading in block.iter(*HEADINGS)]
    for heading, level in zip(headings, levels([int(heading.tag[1]) for heading in headings]), strict=True):
        heading.tag = f"h{level}"


def levels(given: list[int]) -> list[int]:
    """Return the levels (2–6) for headings that were written with the levels ``given`` (1–6)."""
    shift = 2 - min(given, default=2)
    out: list[int] = []
    for level in given:
        deepest = (out[-1] if out else 1) + 1
        out.append(min(level + shift, deepest, 6))
    return out
