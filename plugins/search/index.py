"""The index as values: n-grams, postings, shards. Pure.

File format. It is stated here only; ``themes/miyagi/static/search.js`` reads it, and ``tests/plugins/search/test_search.py`` runs both sides.

Attributes of the form on ``/search/``
    ``data-documents`` is the number of documents, ``data-shards`` the number of shards: a power of two, 4096 at most.
``/search/d/<document>.json``, one file for each document. The newer a document, the higher its number; not every number has a document (`numbers`)
    An object of strings: ``u`` root-relative address, ``t`` title, ``d`` date to show, ``p`` publication, ``w`` text, one line for each block, and ``r``,
    if any run of kanji in title and text can be read: runs with their readings as `PageReadings.of` writes them.
``/search/words.json``
    ``v``: kanji in pairs, a variant and what it is compared as. ``s``: groups of words for one thing, as they are compared, the longest first, and then their readings.
``/search/near.json``
    A list of words to offer when a query finds nothing, each with its reading in hiragana, or an empty text.
``/search/s/<shard>.json``, one file for each shard, numbered from 0
    An object from n-gram to postings: the documents whose title, text or readings have the n-gram. Each n-gram is in one shard only.
N-gram
    One character, or two neighbours without white space between them, of the text as `plugins.typography.folding.normal` gives it. A character is a code point.
    Of the readings, what `reading_grams` gives: ``/`` and up to four kana.
Shard of an n-gram
    Over its code points c from left to right, h = 31 h + c, from h = 0; then h modulo the number of shards (`shard_of`).
Postings
    Ascending document numbers in the characters of `DIGITS`, whose place is their value from 0 to 63. The shorter of two forms is used, gaps if they are equal:

    - Gaps: for each number, its distance from the one before less one (the first is counted from -1), in groups of five bits, the lowest group first; 32 is
      added to each group but the last of a number.
    - Bit map: ``!``, then for each six numbers one character; the lowest bit is the first of the six. It ends with the last document that has the n-gram.

A document that comes or goes changes the shards of its own n-grams, and of those few documents whose numbers move.
"""

from __future__ import annotations

import re
from array import array
from base64 import b64encode
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import cache
from itertools import accumulate, chain
from operator import add, sub

from plugins.typography.folding import normal

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
"""64 characters of one byte that JSON does not escape."""

SHARD_BYTES = 6_000
"""The size of a shard on average: a query reads one shard for each pair of its characters."""

_MOST_SHARDS = 4096


def ngrams(text: str) -> set[str]:
    """Return every character of ``text`` and every pair of neighbours. No pair crosses a space or a line break."""
    grams: set[str] = set()
    for word in normal(text).split():
        grams.update(word)
        grams.update(map(add, word, word[1:]))
    return grams


def collect(documents: Iterable[tuple[int, Set[str]]]) -> dict[str, array[int]]:
    """Return, by n-gram, the numbers of the documents that have it. ``documents`` are numbers with n-grams, ascending."""
    postings: dict[str, array[int]] = defaultdict(lambda: array("I"))
    for number, grams in documents:
        for gram in grams:
            postings[gram].append(number)
    return dict(postings)


def encode(numbers: Sequence[int]) -> str:
    """Write ascending ``numbers`` as postings. A bit map needs a bit for each document; gaps are shorter for n-grams that few documents have."""
    bitmap_length = numbers[-1] // 6 + 2 if numbers else 0
    if len(numbers) > bitmap_length:  # gaps take one character for each number at least
        return _bitmap(numbers)
    gaps = _gaps(numbers)
    return gaps if len(gaps) <= bitmap_length else _bitmap(numbers)


def decode(text: str) -> list[int]:
    """Read postings that `encode` wrote."""
    if text.startswith("!"):
        groups = enumerate(map(DIGITS.index, text[1:]))
        return [index * 6 + bit for index, group in groups for bit in range(6) if group >> bit & 1]
    return list(accumulate(map(_DECODED_GAPS.__getitem__, _GAP.findall(text)), initial=-1))[1:]


_GAP = re.compile(f"[{re.escape(DIGITS[32:])}]*[{DIGITS[:32]}]")
"""One gap: digits with the 32, and one without."""


class _DecodedGaps(dict[str, int]):
    """The distance that each gap stands for, computed when it is first asked for."""

    def __missing__(self, gap: str) -> int:
        self[gap] = 1 + sum(DIGITS.index(digit) % 32 << 5 * place for place, digit in enumerate(gap))
        return self[gap]


_DECODED_GAPS = _DecodedGaps()


def update_postings(text: str, added: Set[int], removed: Set[int]) -> str:
    """Return what `encode` gives for the numbers of ``text`` with those ``added`` and without those ``removed``; empty for no number.

    A long bit map is changed only where it changes: to decode and encode it would take nearly all the time of an update.
    """
    if not (added or removed):
        return text
    if updated := _updated_bitmap(text, added, removed) if text.startswith("!") else _updated_gaps(text, added, removed):
        return updated
    numbers = decode(text)
    for number in removed:
        at = bisect_left(numbers, number)
        if numbers[at : at + 1] == [number]:
            del numbers[at]
    for number in added - removed:
        at = bisect_left(numbers, number)
        if numbers[at : at + 1] != [number]:
            numbers.insert(at, number)
    return encode(numbers) if numbers else ""


def _updated_gaps(text: str, added: Set[int], removed: Set[int]) -> str:
    """The gaps after the change; empty if no number is left, if `encode` would choose a bit map, and if the change is not among the last numbers.

    What lies before the first changed number stays as it is written, and is not decoded: nearly every change is that of a new document.
    """
    values, first, end = text.encode("ascii").translate(_PLACES), min((*added, *removed)), len(text)
    last, behind = _last_of_gaps(values), list[int]()
    if (last - first) * 4 > last:  # one by one from the end takes four times as long as all of them at once
        return ""
    while end and last >= first:
        begin = end - 1
        while begin and values[begin - 1] >= 32:
            begin -= 1
        behind.append(last)
        last -= _DECODED_GAPS[text[begin:end]]
        end = begin
    numbers = sorted({*behind} - removed | added - removed)
    gaps = text[:end] + "".join(map(_ENCODED_GAPS.__getitem__, map(sub, numbers, (last, *numbers))))
    return gaps if len(gaps) <= (numbers[-1] if numbers else last) // 6 + 2 else ""


def _last_of_gaps(values: bytes) -> int:
    """Return the last number of gaps whose digits have these ``values``; -1 for none. A sum over the digits, corrected for those of long gaps."""
    long = sum(map(_beyond_low_bits, _LONG_GAP.findall(values)))
    return sum(values.translate(_LOW_BITS)) + len(values.translate(None, _NOT_LAST)) + long - 1


@cache
def _beyond_low_bits(gap: bytes) -> int:
    """Return by how much a gap is longer than the sum of its digits."""
    return sum(digit % 32 * (32**place - 1) for place, digit in enumerate(gap))


_NOT_LAST = bytes(range(32, 64))
"""The values of a gap's digits but its last one."""

_LONG_GAP = re.compile(b"[\x20-\x3f]+[\0-\x1f]")
_LOW_BITS = bytes(value % 32 for value in range(256))


def _updated_bitmap(text: str, added: Set[int], removed: Set[int]) -> str:
    """The bit map after the change; empty unless `encode` would certainly choose one, because there are more numbers than characters."""
    groups = list(text[1:])
    groups += "0" * (max(added, default=0) // 6 + 1 - len(groups))
    for number in removed:
        if number // 6 < len(groups):
            groups[number // 6] = DIGITS[_VALUES[groups[number // 6]] & ~(1 << number % 6)]
    for number in added - removed:
        groups[number // 6] = DIGITS[_VALUES[groups[number // 6]] | 1 << number % 6]
    bitmap = "".join(groups).rstrip("0")
    count = sum(bitmap.encode("ascii").translate(_COUNTS))
    last = len(bitmap) * 6 - 7 + _VALUES[bitmap[-1]].bit_length() if bitmap else 0
    return f"!{bitmap}" if count > last // 6 + 2 else ""


_VALUES = {digit: value for value, digit in enumerate(DIGITS)}
_PLACES = bytes.maketrans(DIGITS.encode(), bytes(range(64)))
_COUNTS = bytes(_VALUES.get(chr(code), 0).bit_count() for code in range(256))
"""By the code of a digit, how many documents it stands for in a bit map."""


def _distances(numbers: Sequence[int]) -> Iterator[int]:
    """The distance of each number from the one before; that of the first, from -1."""
    return map(sub, numbers, chain((-1,), numbers))


class _EncodedGaps(dict[int, str]):
    """The characters of each distance, computed when it is first asked for: nearly all distances are small and come often."""

    def __missing__(self, distance: int) -> str:
        gap, text = distance - 1, ""
        while gap >= 32:
            text += DIGITS[32 + gap % 32]
            gap //= 32
        self[distance] = text + DIGITS[gap]
        return self[distance]


_ENCODED_GAPS = _EncodedGaps()


def _gaps(numbers: Sequence[int]) -> str:
    return "".join(map(_ENCODED_GAPS.__getitem__, _distances(numbers)))


_BASE64_TO_DIGITS = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", DIGITS.encode())


def _bitmap(numbers: Sequence[int]) -> str:
    """Base64 writes six bits a character too, the highest first: so the number of which these are the bits is written, and read from its end."""
    groups = numbers[-1] // 6 + 1
    bits = int("".join(map(_zeros_and_one, _distances(numbers)))[::-1], 2)
    data = bits.to_bytes(-(-groups // 4) * 3, "big")
    return "!" + b64encode(data).translate(_BASE64_TO_DIGITS)[: -groups - 1 : -1].decode()


@cache
def _zeros_and_one(distance: int) -> str:
    return "0" * (distance - 1) + "1"


def shard_of(gram: str, shards: int) -> int:
    """Return the number of the shard that has ``gram``, of ``shards``."""
    number = 0
    for character in gram:
        number = number * 31 + ord(character)
    return number % shards


def weigh(gram: str, text: str) -> int:
    """Return about how many bytes an n-gram and its postings take in a shard: six are for quotes, colon and comma."""
    return len(gram.encode()) + len(text) + 6


def shards_for(weight: int) -> int:
    """Return how many shards to make for postings of ``weight`` bytes: a power of two, so that the number seldom changes as the site grows."""
    count = 1
    while count * SHARD_BYTES < weight and count < _MOST_SHARDS:
        count *= 2
    return count


def shard_postings(postings: Mapping[str, Sequence[int]]) -> tuple[list[dict[str, str]], int]:
    """Return the shards, each from n-gram (sorted) to encoded postings, and the weight of all postings in bytes."""
    encoded = {gram: encode(numbers) for gram, numbers in sorted(postings.items())}
    weight = sum(weigh(gram, text) for gram, text in encoded.items())
    shards: list[dict[str, str]] = [{} for _ in range(shards_for(weight))]
    for gram, text in encoded.items():
        shards[shard_of(gram, len(shards))][gram] = text
    return shards, weight
