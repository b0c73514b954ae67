"""What one row of the progress table says, and the words it may use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from plugins.context import Key
from plugins.frontmatter.model.registry import Place

STATES = ("完成", "工事中", "着手前")
WHOLE = "県全体"
"""Stands in the column of municipalities when a row speaks for the whole prefecture."""


@dataclass(frozen=True)
class Field:
    """A kind of public works."""

    name: str
    slug: str


FIELDS = {
    name: Field(name, slug)
    for name, slug in (
        ("道路", "roads"),
        ("河川", "rivers"),
        ("海岸", "coasts"),
        ("港湾", "harbours"),
        ("空港", "airports"),
        ("公園", "parks"),
        ("下水道", "sewage"),
        ("住宅", "housing"),
    )
}


@dataclass(frozen=True)
class Work:
    """The works of one field in one municipality at the end of one fiscal year (to 31 March). ``place`` None: the whole prefecture."""

    field: Field
    place: Place | None
    year: int
    done: float
    total: float
    unit: str
    state: str

    @property
    def percent(self) -> int:
        """Whole percent, rounded down: 100 means finished."""
        return int(self.done * 100 // self.total)


@dataclass(frozen=True)
class Works:
    """Every row, in the order of the file."""

    rows: tuple[Work, ...] = ()

    def until(self, now: dt.datetime) -> Works:
        """Leave out the fiscal years that have not begun at ``now`` (a fiscal year begins on 1 April)."""
        begun = now.year if now.month >= 4 else now.year - 1
        return Works(tuple(row for row in self.rows if row.year <= begun))

    def of(self, *, field: Field | None = None, places: Iterable[Place | None] | None = None) -> Works:
        """Return the rows of one field, or of some places, or of both."""
        wanted = None if places is None else set(places)
        rows = (row for row in self.rows if field in (None, row.field) and (wanted is None or row.place in wanted))
        return Works(tuple(rows))

    @property
    def years(self) -> list[int]:
        """The fiscal years, first to last."""
        return sorted({row.year for row in self.rows})

    @property
    def fields(self) -> list[Field]:
        """The fields there are rows of, in their fixed order."""
        found = {row.field for row in self.rows}
        return [field for field in FIELDS.values() if field in found]


WORKS = Key[Works]("works of the progress table", __name__)
