"""Events sorted into the days and weeks of each month. Pure."""

from __future__ import annotations

import calendar
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from plugins.frontmatter.model.content_types import Event
from plugins.frontmatter.model.document import Document


@cache
def _holidays() -> Mapping[dt.date, str]:
    """The holidays of Japan by their day, of every year that is asked for. Loaded by the first page that shows a calendar: it takes longer than an edit."""
    import holidays

    return holidays.country_holidays("JP", language="ja")


@dataclass(frozen=True)
class Day:
    """One day and the events on it, earliest start first."""

    date: dt.date
    documents: tuple[Document, ...] = ()

    @property
    def holiday(self) -> str:
        """The name of the national holiday (国民の祝日に関する法律, with 振替休日 and 国民の休日), empty on other days."""
        return _holidays().get(self.date, "")

    @property
    def is_off(self) -> bool:
        """Whether offices are closed: a Saturday, a Sunday or a holiday."""
        return self.date.weekday() >= 5 or bool(self.holiday)


@dataclass(frozen=True)
class Month:
    """A month as weeks from Sunday to Saturday; None where the day belongs to another month."""

    url: str
    year: int
    month: int
    weeks: tuple[tuple[Day | None, ...], ...]

    @property
    def label(self) -> str:
        return f"{self.year}年{self.month}月"

    @property
    def busy(self) -> list[Day]:
        """The days that have an event."""
        return [day for week in self.weeks for day in week if day and day.documents]

    @property
    def documents(self) -> list[Document]:
        """Each event of the month once, in the order of its first day in the month."""
        return list({document.url: document for day in self.busy for document in day.documents}.values())


def months(documents: Iterable[Document], base: str) -> list[Month]:
    """Return each month that has an event, first to last. An event of several days is on each of them. ``base`` is the address of the calendar."""
    by_day: dict[dt.date, list[Document]] = defaultdict(list)
    for document in sorted(documents, key=_start):
        if isinstance(document.meta, Event):
            for day in document.meta.days:
                by_day[day].append(document)
    year_months = sorted({(day.year, day.month) for day in by_day})
    return [Month(f"{base}{year}/{month:02}/", year, month, _weeks(year, month, by_day)) for year, month in year_months]


def _start(document: Document) -> tuple[dt.datetime, str]:
    return (document.meta.start if isinstance(document.meta, Event) else document.date, document.url)


def _weeks(year: int, month: int, by_day: dict[dt.date, list[Document]]) -> tuple[tuple[Day | None, ...], ...]:
    weeks = calendar.Calendar(firstweekday=calendar.SUNDAY).monthdatescalendar(year, month)  # calendars in Japan begin on Sunday
    return tuple(tuple(Day(day, tuple(by_day.get(day, ()))) if day.month == month else None for day in week) for week in weeks)
