"""One reading of a text: the characters that it stands for, and their kana."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Reading:
    """Characters ``start`` to ``end`` of a text are read ``kana`` (hiragana)."""

    start: int
    end: int
    kana: str
