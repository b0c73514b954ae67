"""SudachiPy with its small dictionary: where words begin and end, and how they are read."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from plugins.readings.known import KnownReadings, Reading

_KANJI = re.compile(r"[\u3400-\u9fff\uf900-\ufaff々〆]")
_LARGEST = 10_000
"""Characters at a time; Sudachi takes at most 49,149 bytes."""


def analyser_version() -> str | None:
    """Return what names the analyser and its dictionary, or None if the extra ``furigana`` is not installed."""
    try:
        return f"{version('sudachipy')} {version('sudachidict-small')}"
    except PackageNotFoundError:
        return None


@cache
def _tokenizer() -> Any:
    from sudachipy import Dictionary, SplitMode

    return Dictionary(dict="small").tokenizer(mode=SplitMode.C)


def read_text(text: str, readings: KnownReadings) -> list[Reading]:
    """Return a reading for every word of ``text`` that has Chinese characters, in order. What is known comes before what is guessed."""
    if not _KANJI.search(text):
        return []
    guessed = _guess(text, 0)
    known = readings.known(text, (reading.end for reading in guessed))
    found, at = list[Reading](), 0
    for reading in [*known, Reading(len(text), len(text), "")]:
        found += _guess(text[at : reading.start], at)
        at = reading.end
    # A word without Chinese characters was needed only for its end.
    return sorted(r for r in (*found, *known) if r.kana and _KANJI.search(text[r.start : r.end]))


def _guess(text: str, offset: int) -> list[Reading]:
    """Return every word of ``text`` with its reading; one that Sudachi does not know has none."""
    found = []
    for start in range(0, len(text), _LARGEST):
        for word in _tokenizer().tokenize(text[start : start + _LARGEST]):
            kana = "" if word.is_oov() else hiragana(word.reading_form())
            found.append(Reading(offset + start + word.begin(), offset + start + word.end(), kana))
    return found


def hiragana(kana: str) -> str:
    """Return katakana as hiragana; the long-vowel mark stays."""
    return "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in kana)
