"""The moment of a build, as a `datetime` that records what it is asked.

A page that asks "has this begun?" stays the same until the answer changes. `TrackedClock` keeps the validity interval: the moments for which every
answer that it has given stays the same. Outside this interval the page, or the whole build, must be checked again. A question whose answer holds for
no other moment (the exact time) narrows the interval to that moment.
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
    """Return ``SOURCE_DATE_EPOCH`` (seconds, reproducible-builds.org) as a moment in Japan; without it, the time of the machine's clock."""
    epoch = environ.get("SOURCE_DATE_EPOCH")
    return dt.datetime.fromtimestamp(int(epoch), JAPAN) if epoch else dt.datetime.now(JAPAN)


def parse_moment(text: str) -> dt.datetime:
    """Read ``2021-03-31T12:00`` (Japan's time unless the text names a zone). Raises `ValueError`."""
    moment = dt.datetime.fromisoformat(text)
    return moment.replace(tzinfo=JAPAN) if moment.tzinfo is None else moment.astimezone(JAPAN)


# Two days inside the range of `datetime`: a conversion to any time zone, and one tick more, must not overflow.
_EARLIEST = dt.datetime.min.replace(tzinfo=dt.UTC) + dt.timedelta(days=2)
_LATEST = dt.datetime.max.replace(tzinfo=dt.UTC) - dt.timedelta(days=2)

_TICK = dt.timedelta(microseconds=1)
"""The resolution of `datetime`."""


@dataclass(frozen=True)
class ValidityInterval:
    """The moments from ``since`` (included) to ``until`` (not included) for which an answer holds."""

    since: dt.datetime = _EARLIEST
    until: dt.datetime = _LATEST

    @classmethod
    def of_moment(cls, moment: dt.datetime) -> ValidityInterval:
        """Return the interval that holds ``moment`` alone."""
        return cls(moment, moment + _TICK)

    def contains(self, moment: dt.datetime) -> bool:
        """Tell whether ``moment`` lies in the interval."""
        return self.since <= moment < self.until

    def intersect(self, other: ValidityInterval) -> ValidityInterval:
        """Return the moments that lie in both intervals."""
        return ValidityInterval(max(self.since, other.since), min(self.until, other.until))

    def as_text(self) -> tuple[str, str]:
        """Return both ends in ISO 8601; `parse_interval` reads them."""
        return self.since.isoformat(), self.until.isoformat()


ALWAYS = ValidityInterval()
"""The interval of an answer that does not depend on the moment."""


def parse_interval(since: str, until: str) -> ValidityInterval:
    """Return the interval that `ValidityInterval.as_text` wrote. Raises `ValueError`."""
    return ValidityInterval(dt.datetime.fromisoformat(since), dt.datetime.fromisoformat(until))


# Each of the next four returns a member of `TrackedClock` that first narrows the interval and then answers as `datetime` does. They return `Any`:
# typeshed's signatures of the replaced members differ, and a caller sees those of `datetime`.


def _comparison(name: str) -> Any:
    compare_plain = getattr(dt.datetime, name)

    def compare(self: TrackedClock, other: Any) -> Any:
        if isinstance(other, dt.datetime) and other is not self:
            self.record_comparison(other)
        return compare_plain(self, other)

    return compare


def _day_field(name: str) -> Any:
    plain_field = getattr(dt.datetime, name)

    def read(self: TrackedClock) -> Any:
        self.narrow_to_day()
        return plain_field.__get__(self)

    return property(read)


def _exact_field(name: str) -> Any:
    plain_field = getattr(dt.datetime, name)

    def read(self: TrackedClock) -> Any:
        self.narrow_to_moment()
        return plain_field.__get__(self)

    return property(read)


def _exact_method(name: str) -> Any:
    def call(self: TrackedClock, *arguments: Any, **named: Any) -> Any:
        self.narrow_to_moment()
        return getattr(self.plain, name)(*arguments, **named)

    return call


class TrackedClock(dt.datetime):
    """The moment of the build. It answers as the plain moment does, and narrows `validity` with each answer.

    Every public member of `datetime` that depends on the value is replaced below; `tests/plugins/test_clock.py` compares the list with `datetime`.
    """

    validity: ValidityInterval
    _plain: dt.datetime

    @classmethod
    def at(cls, moment: dt.datetime) -> TrackedClock:
        """Return ``moment``, which has a zone, with the widest interval."""
        plain = dt.datetime
        clock = cls(
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
        clock.validity = ALWAYS
        clock._plain = plain.combine(plain.date(moment), plain.timetz(moment))
        return clock

    @property
    def plain(self) -> dt.datetime:
        """The moment as a plain `datetime`, which records nothing: only for the build itself."""
        return self._plain

    def record_comparison(self, other: dt.datetime) -> None:
        """Narrow the interval to the moments that lie on the same side of ``other``.

        At ``other`` itself, "before" and "not after" have different answers, so that moment belongs to neither side.
        """
        plain, validity = self._plain, self.validity
        if other < plain:
            if other >= validity.since:
                self.validity = validity.intersect(ValidityInterval(since=other + _TICK))
        elif other > plain:
            if other < validity.until:
                self.validity = validity.intersect(ValidityInterval(until=other))
        else:
            self.narrow_to_moment()

    def narrow_to_moment(self) -> None:
        """Narrow the interval to this very moment: somebody read the exact time."""
        self.validity = self.validity.intersect(ValidityInterval(self._plain, self._plain + _TICK))

    def narrow_to_day(self) -> None:
        """Narrow the interval to this day: somebody read the date."""
        midnight = dt.datetime.combine(dt.datetime.date(self._plain), dt.time(), self._plain.tzinfo)
        self.validity = self.validity.intersect(ValidityInterval(midnight, midnight + dt.timedelta(days=1)))

    def narrow(self, interval: ValidityInterval) -> None:
        """Narrow the interval to ``interval``: a result of an earlier build is used again that holds only there."""
        if interval is not ALWAYS:
            self.validity = self.validity.intersect(interval)

    @contextmanager
    def separate_interval(self) -> Iterator[Callable[[], ValidityInterval]]:
        """Yield a function that returns the interval of the questions since then. After the block, it narrows the interval of the whole as well."""
        outer, self.validity = self.validity, ALWAYS
        try:
            yield lambda: self.validity
        finally:
            self.validity = self.validity.intersect(outer)

    def date(self) -> dt.date:
        self.narrow_to_day()
        return self._plain.date()

    def weekday(self) -> int:
        self.narrow_to_day()
        return self._plain.weekday()

    def __reduce_ex__(self, _protocol: Any) -> Any:
        """In another process the clock begins with the widest interval; that process reports what it asked itself."""
        return TrackedClock.at, (self._plain,)

    year = _day_field("year")
    month = _day_field("month")
    day = _day_field("day")

    hour = _exact_field("hour")
    minute = _exact_field("minute")
    second = _exact_field("second")
    microsecond = _exact_field("microsecond")

    __lt__ = _comparison("__lt__")
    __le__ = _comparison("__le__")
    __gt__ = _comparison("__gt__")
    __ge__ = _comparison("__ge__")
    __eq__ = _comparison("__eq__")
    __ne__ = _comparison("__ne__")

    isoformat = _exact_method("isoformat")
    strftime = _exact_method("strftime")
    timestamp = _exact_method("timestamp")
    timetuple = _exact_method("timetuple")
    utctimetuple = _exact_method("utctimetuple")
    astimezone = _exact_method("astimezone")
    replace = _exact_method("replace")
    time = _exact_method("time")
    timetz = _exact_method("timetz")
    ctime = _exact_method("ctime")
    isocalendar = _exact_method("isocalendar")
    isoweekday = _exact_method("isoweekday")
    toordinal = _exact_method("toordinal")
    __format__ = _exact_method("__format__")
    __str__ = _exact_method("__str__")
    __repr__ = _exact_method("__repr__")
    __add__ = _exact_method("__add__")
    __radd__ = _exact_method("__radd__")
    __sub__ = _exact_method("__sub__")
    __rsub__ = _exact_method("__rsub__")
    __hash__ = _exact_method("__hash__")


def compare_all(now: dt.datetime, moments: Iterable[dt.datetime]) -> dt.datetime:
    """Compare ``now`` with all ``moments`` at once, and return it as a plain `datetime`, which compares ten times as fast.

    The nearest moment on each side narrows the interval as much as all of them together would.
    """
    if not isinstance(now, TrackedClock):
        return now
    plain, past, future = now.plain, list[dt.datetime](), list[dt.datetime]()
    for moment in moments:
        (past if moment <= plain else future).append(moment)
    for nearest in (max(past, default=None), min(future, default=None)):
        if nearest is not None:
            now.record_comparison(nearest)
    return plain
