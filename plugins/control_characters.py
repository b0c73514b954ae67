"""The characters that no source, table, settings file or caption may hold, and what an editor is told about one."""

from __future__ import annotations

import re

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
