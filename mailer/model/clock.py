"""The type of the clock that is passed in, so that a test can stop it, and how a moment is written for people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

JAPAN = ZoneInfo("Asia/Tokyo")

Clock = Callable[[], datetime]
"""The time now, with a zone."""


def format_time(moment: datetime, zone: tzinfo) -> str:
    """Return the time for a person, with the zone's name: ``2021-03-31 12:00 JST``."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}"


FIRST_YEAR, LAST_YEAR = 2, 9998
"""Of times that are stored: those of the years 1 and 9999 may have no UTC, or none in the zone in which they are shown."""
