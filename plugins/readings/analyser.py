"""Finds the words of a text and guesses their readings, with SudachiPy and its small dictionary."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from plugins.readings.known import KnownReadings, Reading

# CJK unified ideographs with extension A, compatibility ideographs, and the two signs that stand for one: 々 (repetition) and 〆 (shime).
_KANJI = re.compile(r"[\u3400-\u9fff\uf900-\ufaff々〆]")
_LARGEST = 10_000
"""Characters in one call. Sudachi takes at most 49,149 bytes, and a character needs up to 4 in UTF-8."""


def analyser_version() -> str | None:
    """Return the versions of analyser and dictionary, or None if the extra ``furigana`` is not installed. Readings may differ between versions."""
    try:
        return f"{version('sudachipy')} {version('sudachidict-small')}"
    except PackageNotFoundError:
        return None


def is_enabled(settings: Mapping[str, Any]) -> bool:
    """Return whether the settings want readings to be guessed, for the edition and for search: ``FURIGANA``, which is on unless it says otherwise."""
    return bool(settings.get("FURIGANA", True))


@cache
def _tokenizer() -> Any:
    from sudachipy import Dictionary, SplitMode

    return Dictionary(dict="small").tokenizer(mode=SplitMode.C)


def read_text(text: str, readings: KnownReadings) -> list[Reading]:
    """Return a reading for every word of ``text`` that has kanji, in order. A known reading replaces the guesses for the same characters.

    The text between two known readings is analysed once more by itself, so that no guessed word reaches into a known one.
    """
    if not _KANJI.search(text):
        return []
    guessed = _guess(text, 0)
    known = readings.known(text, (reading.end for reading in guessed))
    between, position = list[Reading](), 0
    for reading in [*known, Reading(len(text), len(text), "")]:
        between += _guess(text[position : reading.start], position)
        position = reading.end
    # A word without kanji was needed for its end only.
    return sorted(r for r in (*between, *known) if r.kana and _KANJI.search(text[r.start : r.end]))


def _guess(text: str, offset: int) -> list[Reading]:
    """Return every word of ``text`` with its reading, which is empty for a word that is not in Sudachi's dictionary. ``offset`` is added to positions."""
    readings = []
    for start in range(0, len(text), _LARGEST):
        for word in _tokenizer().tokenize(text[start : start + _LARGEST]):
            kana = "" if word.is_oov() else hiragana(word.reading_form())
            readings.append(Reading(offset + start + word.begin(), offset + start + word.end(), kana))
    return readings


def hiragana(kana: str) -> str:
    """Return katakana as hiragana; the long-vowel mark ー stays. In Unicode each hiragana lies 0x60 before its katakana."""
    return "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in kana)
