"""Events by day in the weeks of a month. Pure."""

from __future__ import annotations

import calendar
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from plugins.frontmatter.model.content_types import Event
from plugins.frontmatter.model.document import Document


@dataclass(frozen=True)
class Day:
    """One day and what takes place on it, earliest first."""

    date: dt.date
    documents: tuple[Document, ...] = ()


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
        """The days on which there is something."""
        return [day for week in self.weeks for day in week if day and day.documents]

    @property
    def documents(self) -> list[Document]:
        """Every event of the month once, in the order of their first day in it."""
        return list({document.url: document for day in self.busy for document in day.documents}.values())


def months(documents: Iterable[Document], base: str) -> list[Month]:
    """Return each month in which there is an event, first to last. ``base`` is the address below which they lie."""
    by_day: dict[dt.date, list[Document]] = defaultdict(list)
    for document in sorted(documents, key=_start):
        if isinstance(document.meta, Event):
            for day in document.meta.days:
                by_day[day].append(document)
    found = sorted({(day.year, day.month) for day in by_day})
    return [Month(f"{base}{year}/{month:02}/", year, month, _weeks(year, month, by_day)) for year, month in found]


def _start(document: Document) -> tuple[dt.datetime, str]:
    return (document.meta.start if isinstance(document.meta, Event) else document.date, document.url)


def _weeks(year: int, month: int, by_day: dict[dt.date, list[Document]]) -> tuple[tuple[Day | None, ...], ...]:
    weeks = calendar.Calendar(firstweekday=6).monthdatescalendar(year, month)
    return tuple(tuple(Day(day, tuple(by_day.get(day, ()))) if day.month == month else None for day in week) for week in weeks)
