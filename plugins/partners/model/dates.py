"""Dates of feeds in Japan time. Pure: the present is always passed in as ``now``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

JAPAN = timezone(timedelta(hours=9), "JST")
"""Japan has had no summer time since 1951, so a fixed offset is exact and needs no tz database."""

OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Anything before is a clock that was never set (1970-01-01, 0001-01-01), not a blog entry."""

_ZONE = re.compile(r"(?:\d\s*Z|\b(?:UTC?|GMT|[ECMP][SD]T)|[+-]\d{2}:?\d{2})\s*$", re.IGNORECASE)
_DATE_ONLY = re.compile(r"\s*\d{4}-\d{2}-\d{2}\s*")


@dataclass(frozen=True)
class FeedDate:
    """A date as feedparser read it: seconds since 1970 as if the zone were right, and the text it came from."""

    epoch: int
    text: str


def moment(stamp: FeedDate | None) -> datetime | None:
    """Return the moment meant by ``stamp`` in Japan time, or None when it is missing or impossible.

    feedparser takes a date without a zone (and "JST", which RFC 822 does not know) for UTC. Our partners write in
    Japan, so such a date is Japan time.
    """
    if stamp is None:
        return None
    try:
        read = datetime.fromtimestamp(stamp.epoch, UTC)
    except (OverflowError, ValueError, OSError):
        return None
    if not _has_zone(stamp.text):
        read = read.replace(tzinfo=JAPAN)
    return read.astimezone(JAPAN) if read >= OLDEST else None


def _has_zone(text: str) -> bool:
    """Tell whether a date's text names a zone that feedparser understands."""
    return bool(_ZONE.search(text)) and not _DATE_ONLY.fullmatch(text)


def clamp(when: datetime | None, now: datetime) -> datetime:
    """Return ``when``, but never a future moment; a missing date becomes the moment of first sight."""
    return min(when, now) if when else now


def day_minute(when: datetime) -> str:
    """Write the front matter's ``date``: ``2012-03-11 10:00``, Japan time."""
    return f"{when.astimezone(JAPAN):%Y-%m-%d %H:%M}"


def iso(when: datetime) -> str:
    """Write ``first_seen`` and ``updated``: ISO 8601 to the second, with ``+09:00``."""
    return when.astimezone(JAPAN).isoformat(timespec="seconds")


def read_moment(text: str) -> datetime:
    """Read ``--now``: ISO 8601; without a zone it is Japan time. Raises ValueError."""
    read = datetime.fromisoformat(text)
    return read.astimezone(JAPAN) if read.tzinfo else read.replace(tzinfo=JAPAN)
