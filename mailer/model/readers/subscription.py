"""What a reader may choose for a list: HTML, the light text, or none; and how often."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

HTML, LIGHT = "html", "light"
FORMATS = (HTML, LIGHT)
SUBSCRIBED, UNSUBSCRIBED = "subscribed", "unsubscribed"
SUBSCRIPTION_STATES = (SUBSCRIBED, UNSUBSCRIBED)
STOP = "stop"


class Frequency(StrEnum):
    """How often a reader wants a list: each issue as it appears, or together with others in one mail a day or a week."""

    ISSUE = "issue"
    DAILY = "daily"
    WEEKLY = "weekly"


class Preference(StrEnum):
    """How a reader wants to receive a list."""

    HTML = HTML
    LIGHT = LIGHT
    STOP = STOP


@dataclass(frozen=True, slots=True)
class ListPreference:
    """One list of a reader, with the preference now, and how often it comes."""

    list: str
    preference: Preference
    frequency: Frequency = Frequency.ISSUE
