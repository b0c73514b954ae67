"""The index as values: characters and pairs of characters, the documents that hold them, shards. Pure.

The formats are read by ``themes/miyagi/static/search.js``; ``tests/test_search.py`` holds the two together.
"""

from __future__ import annotations

import unicodedata
from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"

SHARD = 6_000
"""Bytes that a shard should have on average: a query reads one for each pair of its characters."""

_MOST_SHARDS = 4096


def normal(text: str) -> str:
    """Return ``text`` as it is compared: compatible characters are the same (NFKC: ＪＲ = JR, ｶﾞ = ガ), so are capital and small letters."""
    return unicodedata.normalize("NFKC", text).lower()


def grams(text: str) -> set[str]:
    """Return every character of ``text`` and every pair of neighbours; none reaches over a space or a line break."""
    found: set[str] = set()
    for word in normal(text).split():
        found.update(word)
        found.update(map("".join, pairwise(word)))
    return found


def collect(texts: Iterable[str]) -> dict[str, array[int]]:
    """Return, by gram, the ascending numbers of the texts that hold it."""
    notes: dict[str, array[int]] = defaultdict(lambda: array("I"))
    for number, text in enumerate(texts):
        for gram in grams(text):
            notes[gram].append(number)
    return notes


def encode(numbers: Sequence[int], documents: int) -> str:
    """Write ascending ``numbers`` below ``documents`` as gaps, or as a map of bits where that is shorter.

    Gaps: five bits a character, the low ones first, 32 added while more follow. Bits: ``!``, then six documents a character.
    """
    gaps = _gaps(numbers)
    return gaps if len(gaps) <= documents // 6 + 2 else _bits(numbers, documents)


def _gaps(numbers: Sequence[int]) -> str:
    written, last = [], -1
    for number in numbers:
        gap, last = number - last - 1, number
        while gap >= 32:
            written.append(DIGITS[32 + gap % 32])
            gap //= 32
        written.append(DIGITS[gap])
    return "".join(written)


def _bits(numbers: Sequence[int], documents: int) -> str:
    groups = [0] * (documents // 6 + 1)
    for number in numbers:
        groups[number // 6] |= 1 << number % 6
    return "!" + "".join(DIGITS[group] for group in groups)


def shard_of(gram: str, shards: int) -> int:
    """Return the number of the shard in which ``gram`` lies."""
    number = 0
    for character in gram:
        number = number * 31 + ord(character)
    return number % shards


def cut(notes: dict[str, array[int]], documents: int) -> list[dict[str, str]]:
    """Return the shards: each maps grams, in order, to encoded numbers. Their count is a power of two that keeps them small."""
    encoded = {gram: encode(numbers, documents) for gram, numbers in sorted(notes.items())}
    weight = sum(len(gram.encode()) + len(text) + 6 for gram, text in encoded.items())
    count = 1
    while count * SHARD < weight and count < _MOST_SHARDS:
        count *= 2
    shards: list[dict[str, str]] = [{} for _ in range(count)]
    for gram, text in encoded.items():
        shards[shard_of(gram, count)][gram] = text
    return shards
