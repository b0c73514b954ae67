"""Finds the words of a text and guesses their readings, with SudachiPy and its core dictionary.

The small dictionary has no 月曜日, 魚市場 and 大津波, and reads their parts (docs/decisions/0126).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from typing import Any

from plugins.readings.known import KnownReadings
from plugins.readings.numbers import kana_of, unit_readings
from plugins.readings.reading import Reading, hiragana
from plugins.readings.table import NIHON
from plugins.typography.folding import variants

# CJK unified ideographs with extensions A and B, compatibility ideographs, and the two signs that stand for one: 々 (repetition) and 〆 (shime).
_KANJI = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0002a6df々〆]")
_WITH_KANA = re.compile(rf"({_KANJI.pattern}+)[（(]([ぁ-ゖァ-ヶー]+)[）)]")
"""A word with its reading behind it in brackets, which the analyser takes for a part of it. The author knows."""

_LARGEST = 10_000
"""Characters in one call. Sudachi takes at most 49,149 bytes, and a character needs up to 4 in UTF-8."""


@cache
def analyser_version() -> str | None:
    """Return the versions of analyser and dictionary, or None if the extra ``furigana`` is not installed. Readings may differ between versions."""
    try:
        return f"{version('sudachipy')} {version('sudachidict-core')}"
    except PackageNotFoundError:
        return None


def is_enabled(settings: Mapping[str, Any]) -> bool:
    """Return whether the settings want readings to be guessed, for the edition and for search: ``FURIGANA``, which is on unless it says otherwise."""
    return bool(settings.get("FURIGANA", True))


@cache
def _tokenizer() -> Any:
    from sudachipy import Dictionary, SplitMode

    return Dictionary(dict="core").tokenizer(mode=SplitMode.C)


def has_kanji(text: str) -> bool:
    return _KANJI.search(text) is not None


def read_text(text: str, readings: KnownReadings, cuts: Sequence[int] = ()) -> list[Reading]:
    """Return a reading for every word of ``text`` that has kanji, in order. A known reading replaces the guesses for the same characters.

    No word goes on across one of the ``cuts`` (positions of tags). What a known reading or a cut leaves of a guessed word is analysed once more by itself.
    """
    if not has_kanji(text):
        return []
    known, guessed = known_and_guessed(text, readings, cuts)
    return sorted(reading for reading in (*known, *guessed) if reading.kana and _KANJI.search(text, reading.start, reading.end))


def known_and_guessed(text: str, readings: KnownReadings, cuts: Sequence[int] = ()) -> tuple[list[Reading], list[Reading]]:
    """Return what is known of ``text``, and guesses for all other words; a word without kanji or that Sudachi does not know may be among them."""
    words = _guess(text, 0)
    known = [reading for reading in readings.known(text, words) if not _is_cut(reading, cuts)]
    guessed = [word for word in _beside(known, words, len(text)) if not _is_cut(word, cuts)]
    guessed += _fill(text, sorted([*known, *guessed]), cuts)
    return known, [_as_site_says(word, text, readings.nihon) for word in guessed]


def _is_cut(reading: Reading, cuts: Sequence[int]) -> bool:
    return any(reading.start < cut < reading.end for cut in cuts)


def _beside(known: list[Reading], words: list[Reading], length: int) -> list[Reading]:
    """Return the ``words`` that share no character with a known reading."""
    taken = bytearray(length)
    for reading in known:
        taken[reading.start : reading.end] = b"x" * (reading.end - reading.start)
    return [word for word in words if not any(taken[word.start : word.end])]


def _fill(text: str, read: list[Reading], cuts: Sequence[int]) -> Iterator[Reading]:
    """Yield guesses for the kanji between ``read``."""
    position = 0
    for start, end in (*((reading.start, reading.end) for reading in read), (len(text), len(text))):
        borders = [position, *(cut for cut in cuts if position < cut < start), start]
        for first, last in pairwise(borders):
            if _KANJI.search(text, first, last):
                yield from _guess(text[first:last], first)
        position = max(position, end)


def _as_site_says(word: Reading, text: str, nihon: str) -> Reading:
    """Read 日本 inside of other words as the site does; dictionaries have にっぽん in some. Names with a reading of their own are in ``words.csv``."""
    if nihon != "にほん" or NIHON not in text[word.start : word.end]:
        return word
    return Reading(word.start, word.end, word.kana.replace("にっぽん", nihon))


def _guess(text: str, offset: int) -> list[Reading]:
    """Return every word of ``text`` with its reading, which is empty for a word that is not in Sudachi's dictionary. ``offset`` is added to positions."""
    readings, plain, origin = list[Reading](), *_in_common_kanji(text)
    for start in range(0, len(plain), _LARGEST):
        part = plain[start : start + _LARGEST]
        for word in _tokenizer().tokenize(part):
            readings += _readings_of(word, part, start)
    return [Reading(offset + origin[each.start], offset + origin[each.end], each.kana) for each in readings]


def _in_common_kanji(text: str) -> tuple[str, Sequence[int]]:
    """Return ``text`` with the kanji that dictionaries have (髙橋 as 高橋, without variation selectors).

    The second value says where each of its characters, and its end, comes from.
    """
    rare = _rare()
    if not rare.search(text):
        return text, range(len(text) + 1)
    places = [place for place, sign in enumerate(text) if not _SELECTOR.match(sign)]
    plain = "".join(variants().get(text[place], text[place]) if rare.match(text[place]) else text[place] for place in places)
    return plain, [*places, len(text)]


_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_SELECTOR = re.compile(f"[{_SELECTORS}]")


@cache
def _rare() -> re.Pattern[str]:
    """Selectors of forms, and variants of kanji that no dictionary of JIS X 0208 has."""
    kanji = "".join(each for each in variants() if not _is_common(each))
    return re.compile(f"[{_SELECTORS}{re.escape(kanji)}]")


def _is_common(kanji: str) -> bool:
    try:
        kanji.encode("iso2022_jp")  # JIS X 0208
    except UnicodeEncodeError:
        return False
    return True


def _readings_of(word: Any, text: str, offset: int) -> Iterator[Reading]:
    begin, end = word.begin(), word.end()
    surface = text[begin:end]
    if match := _WITH_KANA.fullmatch(surface):
        yield Reading(offset + begin, offset + begin + match.end(1), hiragana(match[2]))
    elif not word.is_oov():
        # The analyser takes spaces and line ends for a part of the word after them.
        yield Reading(offset + end - len(surface.lstrip()), offset + begin + len(surface.rstrip()), hiragana(word.reading_form()))
    elif surface[0].isdecimal() and (units := unit_readings(surface)):
        yield from (Reading(offset + begin + start, offset + begin + stop, kana) for start, stop, kana in units)
    else:
        yield Reading(offset + begin, offset + end, kana_of(surface) if _KANJI.search(surface) else "")
