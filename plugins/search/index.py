"""The index as values: characters and pairs of characters, the documents that hold them, shards. Pure.

The formats are read by ``themes/miyagi/static/search.js``; ``tests/plugins/search/test_search.py`` holds the two together.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import cache
from itertools import chain
from operator import add, sub

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"

SHARD = 6_000
"""Bytes that a shard should have on average: a query reads one for each pair of its characters."""

_MOST_SHARDS = 4096


def normal(text: str) -> str:
    """Return ``text`` as it is compared: compatible characters are the same (NFKC: ＪＲ = JR, ｶﾞ = ガ), so are capital and small letters."""
    return unicodedata.normalize("NFKC", text).lower()


def ngrams(text: str) -> set[str]:
    """Return every character of ``text`` and every pair of neighbours; none reaches over a space or a line break."""
    found: set[str] = set()
    for word in normal(text).split():
        found.update(word)
        found.update(map(add, word, word[1:]))
    return found


def collect(texts: Iterable[str], first: int = 0) -> dict[str, array[int]]:
    """Return, by gram, the ascending numbers of the texts that hold it; the first text has the number ``first``."""
    notes: dict[str, array[int]] = defaultdict(lambda: array("I"))
    for number, text in enumerate(texts, first):
        for gram in ngrams(text):
            notes[gram].append(number)
    return dict(notes)


def encode(numbers: Sequence[int]) -> str:
    """Write ascending ``numbers`` as gaps, or as a map of bits where that is shorter. What a new document adds changes nothing else.

    Gaps: five bits a character, the low ones first, 32 added while more follow. Bits: ``!``, then six documents a character.
    """
    shortest = numbers[-1] // 6 + 2 if numbers else 0
    if len(numbers) > shortest:
        return _bits(numbers)
    gaps = _gaps(numbers)
    return gaps if len(gaps) <= shortest else _bits(numbers)


def decode(text: str) -> list[int]:
    """Read what `encode` wrote."""
    if text.startswith("!"):
        groups = enumerate(map(DIGITS.index, text[1:]))
        return [at * 6 + bit for at, group in groups for bit in range(6) if group >> bit & 1]
    numbers, gap, scale, last = list[int](), 0, 1, -1
    for digit in map(DIGITS.index, text):
        gap += digit % 32 * scale
        scale *= 32
        if digit < 32:
            last += gap + 1
            numbers.append(last)
            gap, scale = 0, 1
    return numbers


def update_postings(text: str, come: Set[int], gone: Set[int]) -> str:
    """Return what `encode` gives for the numbers of ``text`` and those that ``come``, without those that are ``gone``.

    A long map of bits, which is all that takes time, is changed where it changes.
    """
    bits = _amended_bits(text, come, gone) if text.startswith("!") else ""
    if bits:
        return bits
    numbers = sorted((set(decode(text)) | come) - gone)
    return encode(numbers) if numbers else ""


def _amended_bits(text: str, come: Set[int], gone: Set[int]) -> str:
    """The map of bits; nothing unless it is certain that `encode` would choose one: gaps take a character for each number at least."""
    groups = list(text[1:])
    groups += "0" * (max(come, default=0) // 6 + 1 - len(groups))
    for number in gone:
        if number // 6 < len(groups):
            groups[number // 6] = DIGITS[_VALUES[groups[number // 6]] & ~(1 << number % 6)]
    for number in come - gone:
        groups[number // 6] = DIGITS[_VALUES[groups[number // 6]] | 1 << number % 6]
    bits = "".join(groups).rstrip("0")
    count = sum(bits.count(digit) * value.bit_count() for digit, value in _VALUES.items())
    last = len(bits) * 6 - 7 + _VALUES[bits[-1]].bit_length() if bits else 0
    return f"!{bits}" if count > last // 6 + 2 else ""


_VALUES = {digit: value for value, digit in enumerate(DIGITS)}


def _steps(numbers: Sequence[int]) -> Iterator[int]:
    """How far each number lies from the one before; the first, from -1."""
    return map(sub, numbers, chain((-1,), numbers))


class _Gaps(dict[int, str]):
    """What is written for each step, found when it is first met: nearly all are small."""

    def __missing__(self, step: int) -> str:
        gap, written = step - 1, ""
        while gap >= 32:
            written += DIGITS[32 + gap % 32]
            gap //= 32
        self[step] = written + DIGITS[gap]
        return self[step]


_GAPS = _Gaps()


def _gaps(numbers: Sequence[int]) -> str:
    return "".join(map(_GAPS.__getitem__, _steps(numbers)))


_GROUPS = {f"{group:06b}"[::-1]: digit for group, digit in enumerate(DIGITS)}


def _bits(numbers: Sequence[int]) -> str:
    bits = "".join(map(_run, _steps(numbers))) + "00000"
    return "!" + "".join(map(_GROUPS.__getitem__, re.findall("......", bits)))


@cache
def _run(step: int) -> str:
    return "0" * (step - 1) + "1"


def shard_of(gram: str, shards: int) -> int:
    """Return the number of the shard in which ``gram`` lies."""
    number = 0
    for character in gram:
        number = number * 31 + ord(character)
    return number % shards


def weigh(gram: str, text: str) -> int:
    """Return about how many bytes one note takes in a shard."""
    return len(gram.encode()) + len(text) + 6


def shards_for(weight: int) -> int:
    """Return how many shards hold notes of ``weight`` bytes together: a power of two that keeps them small."""
    count = 1
    while count * SHARD < weight and count < _MOST_SHARDS:
        count *= 2
    return count


def shard_notes(notes: Mapping[str, Sequence[int]]) -> tuple[list[dict[str, str]], int]:
    """Return the shards, each of which maps grams, in order, to encoded numbers; and the weight of all notes."""
    encoded = {gram: encode(numbers) for gram, numbers in sorted(notes.items())}
    weight = sum(weigh(gram, text) for gram, text in encoded.items())
    shards: list[dict[str, str]] = [{} for _ in range(shards_for(weight))]
    for gram, text in encoded.items():
        shards[shard_of(gram, len(shards))][gram] = text
    return shards, weight
