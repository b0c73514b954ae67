"""Dates of feeds in Japan time. Pure: the present moment is always passed in as ``now``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

JAPAN = timezone(timedelta(hours=9), "JST")
"""Japan has had no summer time since 1951, so a fixed offset is exact and needs no tz database."""

OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Anything before comes from a clock that was never set (1970-01-01, 0001-01-01), not from a blog entry."""

_ZONE = re.compile(r"(?:\d\s*Z|\b(?:UTC?|GMT|[ECMP][SD]T)|[+-]\d{2}:?\d{2})\s*$", re.IGNORECASE)
_DATE_ONLY = re.compile(r"\s*\d{4}-\d{2}-\d{2}\s*")


@dataclass(frozen=True)
class FeedDate:
    """A date as feedparser read it: seconds since 1970 as if the zone were right, and the text that it was read from."""

    epoch: int
    text: str


def moment(date: FeedDate | None) -> datetime | None:
    """Return the moment meant by ``date`` in Japan time, or None if it is missing or impossible.

    feedparser takes a date without a zone for UTC, and so "JST", which RFC 822 (section 5.1) does not know. Our partners write in Japan, so
    such a date is Japan time.
    """
    if date is None:
        return None
    try:
        parsed = datetime.fromtimestamp(date.epoch, UTC)
    except (OverflowError, ValueError, OSError):
        return None
    if not _has_zone(date.text):
        parsed = parsed.replace(tzinfo=JAPAN)
    return parsed.astimezone(JAPAN) if parsed >= OLDEST else None


def _has_zone(text: str) -> bool:
    """Tell whether the text of a date names a zone that feedparser understands."""
    return bool(_ZONE.search(text)) and not _DATE_ONLY.fullmatch(text)


def clamp(when: datetime | None, now: datetime) -> datetime:
    """Return ``when``, but never a future moment. A missing date becomes ``now``, the moment of first sight."""
    return min(when, now) if when else now


def day_minute(when: datetime) -> str:
    """Return ``date`` as front matter has it: ``2012-03-11 10:00``, Japan time."""
    return f"{when.astimezone(JAPAN):%Y-%m-%d %H:%M}"


def iso(when: datetime) -> str:
    """Return ``first_seen`` and ``updated`` as front matter has them: ISO 8601 to the second, with ``+09:00``."""
    return when.astimezone(JAPAN).isoformat(timespec="seconds")


def read_moment(text: str) -> datetime:
    """Read ISO 8601, as ``--now`` and front matter have it. Without a zone it is Japan time. Raises ValueError."""
    parsed = datetime.fromisoformat(text)
    return parsed.astimezone(JAPAN) if parsed.tzinfo else parsed.replace(tzinfo=JAPAN)
