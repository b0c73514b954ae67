"""When a feed may be asked again. Pure: the present is passed in, and jitter comes out of the feed's name."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from plugins.partners.http.fetch import GONE, Failure
from plugins.partners.state import FeedState

FLOOR = timedelta(hours=1)
"""Between two requests for one feed, conditional or not."""

LONGEST = timedelta(days=1)
"""Between two tries of a feed that fails."""

LONGEST_OBEYED = timedelta(days=7)
"""What a Retry-After can ask for at most: a slip of a server must not silence a partner for years."""

WORRYING = timedelta(days=7)
"""After so long a failing feed is more than a bad day, and the editor is told so."""

ROBOTS_HOLD = timedelta(hours=24)
"""How long a robots.txt may be relied on (RFC 9309, 2.4)."""

_JITTER = 0.1


def feed_state(known: FeedState | None, url: str) -> FeedState:
    """Return what is remembered about ``url``. An editor who wrote a new address begins anew, except at the place it moved to."""
    if known is None:
        return FeedState(url)
    if known.moved_to == url:
        return replace(known, url=url, moved_to=None)
    return known if known.url == url else FeedState(url)


def waits_until(at: FeedState, now: datetime) -> datetime | None:
    """Return when the feed may be asked again if that is not yet. A moment too far off was written by a wrong clock."""
    due = at.not_before
    return due if due and now < due <= now + LONGEST_OBEYED + FLOOR else None


def robots_hold(at: FeedState, now: datetime) -> bool:
    """Tell whether robots.txt allowed the feed less than a day ago."""
    return at.robots_at is not None and timedelta(0) <= now - at.robots_at < ROBOTS_HOLD


def answered(at: FeedState, key: str, now: datetime) -> FeedState:
    """Note an answer that could be used."""
    return replace(at, not_before=now + _spread(FLOOR, key, now), failing_since=None, failures=0, ended=False)


def failed(at: FeedState, failure: Failure, key: str, now: datetime) -> FeedState:
    """Note a failure: 410 ends the feed, Retry-After is obeyed, anything else is tried again after 1, 2, 4 … hours, up to a day.

    A permanent move whose new place fails is forgotten, so that the next try begins at the address that the editor wrote.
    """
    count = at.failures + 1
    backoff = min(FLOOR * 2 ** min(count - 1, 10), LONGEST)
    asked = retry_after(failure.retry_after, now)
    pause = asked if asked is not None else _spread(backoff, key, now)
    return replace(
        at,
        not_before=now + max(pause, FLOOR),
        failing_since=at.failing_since or now,
        failures=count,
        ended=failure.status == GONE,
        moved_to=None,
    )


def retry_after(text: str, now: datetime) -> timedelta | None:
    """Read a Retry-After (RFC 9110, 10.2.3): seconds or a date; at most a week. None when it says nothing."""
    if text.isdecimal():
        return min(timedelta(seconds=int(text[:9])), LONGEST_OBEYED)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(until - now, timedelta(0)), LONGEST_OBEYED)


def is_failing_long(at: FeedState, now: datetime) -> bool:
    """Tell whether a feed has not worked for a week."""
    return at.failing_since is not None and now - at.failing_since >= WORRYING


def _spread(pause: timedelta, key: str, now: datetime) -> timedelta:
    """Lengthen ``pause`` by up to a tenth, differently for each feed and day, so that feeds do not come due all at once."""
    lot = hashlib.sha256(f"{key} {now:%Y%m%d%H}".encode()).digest()[0] / 255
    return pause * (1 + _JITTER * lot)
