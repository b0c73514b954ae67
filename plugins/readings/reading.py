"""One reading of a text: the characters that it stands for, and their kana; and how readings of the same text are compared. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Reading:
    """Characters ``start`` to ``end`` of a text are read ``kana`` (hiragana)."""

    start: int
    end: int
    kana: str


def hiragana(kana: str) -> str:
    """Return katakana as hiragana; the long-vowel mark ー stays. In Unicode each hiragana lies 0x60 before its katakana."""
    return "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in kana)


def joined_spans(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join spans that share characters: two divisions of a text are compared where both begin and end a word together."""
    joined = list[tuple[int, int]]()
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def kana_between(text: str, words: Iterable[tuple[int, int, str]], start: int, end: int) -> str:
    """Return the characters from ``start`` to ``end`` in hiragana, with the kana of ``words`` (start, end, kana) for theirs."""
    kana, position = "", start
    for first, last, reading in sorted(words):
        kana += hiragana(text[position:first]) + reading
        position = last
    return kana + hiragana(text[position:end])
