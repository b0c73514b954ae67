"""A second opinion on readings: janome with its IPADIC dictionary, which shares neither words nor costs with Sudachi's. For editors' commands only."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Any

from plugins.readings.reading import Reading, hiragana


def has_second_analyser() -> bool:
    """Return whether janome (extra ``readings``) is installed."""
    return find_spec("janome") is not None


@cache
def _tokenizer() -> Any:
    from janome.tokenizer import Tokenizer

    return Tokenizer()


def read_again(text: str) -> list[Reading]:
    """Return every word of ``text`` as janome reads it; a word that IPADIC does not have has no kana."""
    readings, position = list[Reading](), 0
    for word in _tokenizer().tokenize(text):
        start = text.index(word.surface, position)
        position = start + len(word.surface)
        readings.append(Reading(start, position, "" if word.reading == "*" else hiragana(word.reading)))
    return readings
