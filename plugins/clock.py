"""The moment of a build, as a datetime that notices what it is asked.

A page that asks "has it begun?" stays the same until the answer changes. So the moment keeps the bounds between which every answer that it has
given holds; outside them the page, or the whole build, has to be looked at again. Whoever asks what cannot hold for any other moment (the exact
time) narrows the bounds to that moment alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

JAPAN = ZoneInfo("Asia/Tokyo")


def build_moment(environ: Mapping[str, str]) -> dt.datetime:
    """Return ``SOURCE_DATE_EPOCH`` (seconds, reproducible-builds.org) as a moment in Japan, or the clock's if it is not set."""
    epoch = environ.get("SOURCE_DATE_EPOCH")
    return dt.datetime.fromtimestamp(int(epoch), JAPAN) if epoch else dt.datetime.now(JAPAN)


def parse_moment(text: str) -> dt.datetime:
    """Read ``2021-03-31T12:00`` (Japan's time unless it names a zone). Raises `ValueError`."""
    moment = dt.datetime.fromisoformat(text)
    return moment.replace(tzinfo=JAPAN) if moment.tzinfo is None else moment.astimezone(JAPAN)


_EVER = dt.datetime.min.replace(tzinfo=dt.UTC) + dt.timedelta(days=2)


_TICK = dt.timedelta(microseconds=1)


_NEVER = dt.datetime.max.replace(tzinfo=dt.UTC) - dt.timedelta(days=2)


@dataclass(frozen=True)
class ValidityInterval:
    """The moments, ``since`` included and ``until`` not, for which an answer holds."""

    since: dt.datetime = _EVER
    until: dt.datetime = _NEVER

    def hold(self, moment: dt.datetime) -> bool:
        """Tell whether ``moment`` lies between them."""
        return self.since <= moment < self.until

    def within(self, other: ValidityInterval) -> ValidityInterval:
        """Return the moments for which both hold."""
        return ValidityInterval(max(self.since, other.since), min(self.until, other.until))

    def spoken(self) -> tuple[str, str]:
        """Return them as text, which `parse_interval` reads."""
        return self.since.isoformat(), self.until.isoformat()


ALWAYS = ValidityInterval()
"""No moment makes a difference."""


def parse_interval(since: str, until: str) -> ValidityInterval:
    """Return the bounds that `ValidityInterval.spoken` wrote. Raises `ValueError`."""
    return ValidityInterval(dt.datetime.fromisoformat(since), dt.datetime.fromisoformat(until))


def _compared(name: str) -> Callable[[TrackedClock, Any], Any]:
    plain = getattr(dt.datetime, name)

    def compare(self: TrackedClock, other: Any) -> Any:
        if isinstance(other, dt.datetime) and other is not self:
            self.ask(other)
        return plain(self, other)

    return compare


def _exact(name: str) -> Callable[..., Any]:
    def tell(self: TrackedClock, *arguments: Any, **named: Any) -> Any:
        self.pin()
        return getattr(self.plain, name)(*arguments, **named)

    return tell


def _field(name: str) -> property:
    plain = getattr(dt.datetime, name)

    def tell(self: TrackedClock) -> Any:
        self.keep_to_day()
        return plain.__get__(self)

    return property(tell)


def _exact_field(name: str) -> Callable[[TrackedClock], Any]:
    plain = getattr(dt.datetime, name)

    def tell(self: TrackedClock) -> Any:
        self.pin()
        return plain.__get__(self)

    return tell


class TrackedClock(dt.datetime):
    """The moment of the build. Equal to the plain moment in all that it says."""

    bounds: ValidityInterval

    @classmethod
    def at(cls, moment: dt.datetime) -> TrackedClock:
        """Return ``moment``, which has a zone, with bounds as wide as can be."""
        plain = dt.datetime
        found = cls(
            moment.year,
            moment.month,
            moment.day,
            moment.hour,
            moment.minute,
            moment.second,
            moment.microsecond,
            moment.tzinfo,
            fold=moment.fold,
        )
        found.bounds = ValidityInterval()
        found._plain = plain.combine(plain.date(moment), plain.timetz(moment))
        return found

    _plain: dt.datetime

    @property
    def plain(self) -> dt.datetime:
        """The moment without the noticing, for who may know it: the build itself."""
        return self._plain

    def ask(self, other: dt.datetime) -> None:
        """Note that the moment was set against ``other``. At ``other`` itself "before" and "not after" part, so it belongs to neither side."""
        plain, bounds = self._plain, self.bounds
        if other < plain:
            if other >= bounds.since:
                self.bounds = bounds.within(ValidityInterval(since=other + _TICK))
        elif other > plain:
            if other < bounds.until:
                self.bounds = bounds.within(ValidityInterval(until=other))
        else:
            self.pin()

    def pin(self) -> None:
        """Note that the exact moment was asked."""
        self.bounds = self.bounds.within(ValidityInterval(self._plain, self._plain + _TICK))

    def keep_to_day(self) -> None:
        """Note that the day was asked."""
        day = dt.datetime.combine(dt.datetime.date(self._plain), dt.time(), self._plain.tzinfo)
        self.bounds = self.bounds.within(ValidityInterval(day, day + dt.timedelta(days=1)))

    def narrow(self, bounds: ValidityInterval) -> None:
        """Note that something is taken over which holds within ``bounds`` only."""
        if bounds is not ALWAYS:
            self.bounds = self.bounds.within(bounds)

    @contextmanager
    def asked_anew(self) -> Iterator[Callable[[], ValidityInterval]]:
        """Yield what returns the bounds of what was asked since; afterwards they count for the whole as well."""
        before, self.bounds = self.bounds, ValidityInterval()
        try:
            yield lambda: self.bounds
        finally:
            self.bounds = self.bounds.within(before)

    def date(self) -> dt.date:
        """See `datetime.datetime.date`."""
        self.keep_to_day()
        return self._plain.date()

    def weekday(self) -> int:
        """See `datetime.datetime.weekday`."""
        self.keep_to_day()
        return self._plain.weekday()

    def __reduce_ex__(self, _protocol: Any) -> Any:
        """In another process it is told, and notices, from the beginning."""
        return TrackedClock.at, (self._plain,)


def compare_all(now: dt.datetime, moments: Iterable[dt.datetime]) -> dt.datetime:
    """Ask ``now`` about all ``moments`` at once, and return it as a plain datetime, which may be compared with them ten times as fast.

    The nearest on either side bound it as closely as all would.
    """
    if not isinstance(now, TrackedClock):
        return now
    plain, past, future = now.plain, list[dt.datetime](), list[dt.datetime]()
    for moment in moments:
        (past if moment <= plain else future).append(moment)
    for nearest in (max(past, default=None), min(future, default=None)):
        if nearest is not None:
            now.ask(nearest)
    return plain


_FIELDS = ("year", "month", "day")


_COMPARISONS = ("__lt__", "__le__", "__gt__", "__ge__", "__eq__", "__ne__")


_EXACT = (
    "isoformat strftime timestamp timetuple utctimetuple astimezone replace time timetz ctime isocalendar isoweekday toordinal"
    " __format__ __str__ __repr__ __add__ __radd__ __sub__ __rsub__ __hash__"
).split()


for _name in _FIELDS:
    setattr(TrackedClock, _name, _field(_name))


for _name in _COMPARISONS:
    setattr(TrackedClock, _name, _compared(_name))


for _name in _EXACT:
    setattr(TrackedClock, _name, _exact(_name))


for _name in ("hour", "minute", "second", "microsecond"):
    setattr(TrackedClock, _name, property(_exact_field(_name)))
