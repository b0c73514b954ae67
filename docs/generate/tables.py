"""Markdown of tables, and of texts that are shown as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_MARKS = re.compile(r"[\\`*_\[\]<>#]")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table. A line break or a bar in a cell would end the cell, so both are escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def code(text: str) -> str:
    """Return ``text`` as code, or nothing for no text."""
    return f"`{text}`" if text else ""


def literal(text: str) -> str:
    """Return ``text`` with its marks escaped: texts that speak of Markdown are not to be read as Markdown (CommonMark 0.31, 2.4). Bars are `table`'s."""
    return _MARKS.sub(r"\\\g<0>", text)


def example(text: str) -> str:
    """Return a block that shows ``text`` as it is, fences of its own included (CommonMark 0.31, 4.5)."""
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", text))])
    return f"{fence}text\n{text}\n{fence}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
