"""Characters that nobody sees: those that no source, table, settings file or caption may hold, and texts that have no others."""

from __future__ import annotations

import re
import unicodedata

CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # XML 1.0 (2.2) allows of C0 only tab, LF and CR; C1 is invisible
    r"\u2028\u2029\ufeff"  # invisible, and programs disagree on whether they end a line
    r"\u202a-\u202e\u2066-\u2069"  # turn the reading direction of what follows (UAX #9): a name would be read as another
    r"\ufffe\uffff\ud800-\udfff]"  # no characters: no feed can hold them
)


def control_words(character: str) -> tuple[str, str]:
    """Return what an editor is told about a control character, in Japanese and English."""
    name = f"U+{ord(character):04X}"
    return f"見えない制御文字（{name}）があります。消してください", f"control character {name}: delete it"


_DECOMPOSED = re.compile("[\u3046-\u30fd][\u3099\u309a]")


def compose_kana(text: str) -> str:
    """Return ``text`` with each kana and the voicing mark behind it as one character (NFC). Kanji stay: NFC would change the kanji of some names."""
    return _DECOMPOSED.sub(lambda pair: unicodedata.normalize("NFC", pair[0]), text)


_FILLERS = "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
"""Letters and a pattern of Braille that are drawn as nothing (Hangul fillers, Khmer inherent vowels)."""


def is_blank(text: str) -> bool:
    """Whether nothing of ``text`` can be seen or heard: spaces, controls, marks of the reading direction, joiners, selectors of a variant, fillers.

    A mark without a letter to stand on says nothing either. The names of the categories are those of Unicode Standard Annex #44, 5.7.1.
    """
    return not any(_is_seen(character) for character in text)


def words(text: str) -> str:
    """Return ``text`` without spaces around it; nothing if it `is_blank`."""
    return "" if is_blank(text) else text.strip()


def _is_seen(character: str) -> bool:
    return character not in _FILLERS and unicodedata.category(character)[0] in "LNPS"
