"""When a feed may be asked again. Pure: the present moment is passed in, and jitter is computed from the feed's key."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from plugins.partners.http.fetch import GONE, Failure
from plugins.partners.state import FeedState

FLOOR = timedelta(hours=1)
"""Between two requests for one feed, conditional or not."""

LONGEST_BACKOFF = timedelta(days=1)
"""Between two tries of a feed that fails."""

LONGEST_RETRY_AFTER = timedelta(days=7)
"""A longer Retry-After is cut to this: a mistake of a server must not silence a partner for years."""

LONG_FAILURE = timedelta(days=7)
"""The editor is told of a feed that has failed for so long."""

ROBOTS_LIFETIME = timedelta(hours=24)
"""For so long a robots.txt may be used without being fetched again (RFC 9309, section 2.4)."""

_JITTER = 0.1
"""Part of a pause by which it may grow."""


def feed_state(saved: FeedState | None, url: str) -> FeedState:
    """Return the state of the feed at ``url``. A new address in ``publications.toml`` begins anew, unless it is the one that the feed moved to."""
    if saved is None:
        return FeedState(url)
    if saved.moved_to == url:
        return replace(saved, url=url, moved_to=None)
    return saved if saved.url == url else FeedState(url)


def waits_until(state: FeedState, now: datetime) -> datetime | None:
    """Return when the feed may be asked again, or None if it may be asked now. A moment too far off was written by a wrong clock."""
    due = state.not_before
    return due if due and now < due <= now + LONGEST_RETRY_AFTER + FLOOR else None


def robots_allowed(state: FeedState, now: datetime) -> bool:
    """Tell whether robots.txt allowed the feed less than a day ago."""
    return state.robots_at is not None and timedelta(0) <= now - state.robots_at < ROBOTS_LIFETIME


def succeeded(state: FeedState, key: str, now: datetime) -> FeedState:
    """Return the state after a usable response."""
    return replace(state, not_before=now + _with_jitter(FLOOR, key, now), failing_since=None, failures=0, ended=False)


def failed(state: FeedState, failure: Failure, key: str, now: datetime) -> FeedState:
    """Return the state after a failure: 410 ends the feed, Retry-After is obeyed, anything else is tried again after 1, 2, 4 … hours, up to a day.

    A permanent move is forgotten if its new address fails, so that the next try begins at the address that the editor wrote.
    """
    count = state.failures + 1
    backoff = min(FLOOR * 2 ** min(count - 1, 10), LONGEST_BACKOFF)
    requested = retry_after(failure.retry_after, now)
    pause = requested if requested is not None else _with_jitter(backoff, key, now)
    return replace(
        state,
        not_before=now + max(pause, FLOOR),
        failing_since=state.failing_since or now,
        failures=count,
        ended=failure.status == GONE,
        moved_to=None,
    )


def retry_after(text: str, now: datetime) -> timedelta | None:
    """Read a Retry-After (RFC 9110, section 10.2.3): seconds or a date, cut to a week. None for anything else."""
    if text.isdecimal():
        return min(timedelta(seconds=int(text[:9])), LONGEST_RETRY_AFTER)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):  # a year of twenty digits overflows
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(until - now, timedelta(0)), LONGEST_RETRY_AFTER)


def is_failing_long(state: FeedState, now: datetime) -> bool:
    """Tell whether a feed has failed for a week or longer."""
    return state.failing_since is not None and now - state.failing_since >= LONG_FAILURE


def _with_jitter(pause: timedelta, key: str, now: datetime) -> timedelta:
    """Lengthen ``pause`` by up to a tenth, differently for each feed and hour, so that not all feeds become due at once."""
    fraction = hashlib.sha256(f"{key} {now:%Y%m%d%H}".encode()).digest()[0] / 255
    return pause * (1 + _JITTER * fraction)
