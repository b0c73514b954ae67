"""What a reader may choose on the preferences page, and what a posted form says. Pure: bytes in, a choice out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

HTML, LIGHT = "html", "light"


FORMATS = (HTML, LIGHT)


STOP = "stop"


class Preference(StrEnum):
    """How a list is to be received."""

    HTML = HTML
    LIGHT = LIGHT
    STOP = STOP


@dataclass(frozen=True, slots=True)
class ListPreference:
    """One list of a reader, as it is now."""

    list: str
    choice: Preference
