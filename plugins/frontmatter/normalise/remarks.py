"""What the walk through the blocks returns: lines with their numbers, and remarks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal[
    "cells", "divider", "open fence", "open html", "code", "rows", "columns", "underline", "number", "nesting", "close", "lazy", "wide"
]


class Line(NamedTuple):
    """One line, and the number (from 0) of the source line that it comes from."""

    text: str
    number: int


@dataclass(frozen=True)
class Remark:
    """One place that cannot be shown as it was meant, or is shown in another way than other programs do.

    ``number`` is the source line, from 0. ``text`` is what the message quotes. ``replacement`` is the whole line as it should be; None where a person decides.
    """

    number: int
    kind: Kind
    text: str
    replacement: str | None = None


@dataclass(frozen=True)
class Normalised:
    """``lines[n]`` is the source line (from 0) of line ``n`` of ``text``."""

    text: str
    lines: tuple[int, ...]
    remarks: tuple[Remark, ...]


Stash = Callable[[str], str]
"""Takes HTML that Markdown must not read, and returns the line that stands for it."""

DEEPEST = 30
"""Lists and quotations inside each other. What lies deeper is left as it was written: each level is walked anew. `body_limits` refuses it."""
