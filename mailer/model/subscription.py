"""What a reader may choose for a list: HTML, the light text, or none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

HTML, LIGHT = "html", "light"
FORMATS = (HTML, LIGHT)
SUBSCRIBED, UNSUBSCRIBED = "subscribed", "unsubscribed"
SUBSCRIPTION_STATES = (SUBSCRIBED, UNSUBSCRIBED)
STOP = "stop"


class Preference(StrEnum):
    """How a reader wants to receive a list."""

    HTML = HTML
    LIGHT = LIGHT
    STOP = STOP


@dataclass(frozen=True, slots=True)
class ListPreference:
    """One list of a reader, with the preference now."""

    list: str
    preference: Preference
