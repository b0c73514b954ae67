"""One row of the table of public works, all rows, and the words that a row may use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from plugins.context import Key
from plugins.frontmatter.model.registry import Place

STATES = ("完成", "工事中", "着手前")
"""Complete, under construction, not begun; charts show them in this order."""

WHOLE = "県全体"
"""The word in the column of municipalities of a row that counts for the whole prefecture."""


@dataclass(frozen=True)
class Field:
    """A kind of public works; ``slug`` is the part of its address."""

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
    """The works of one field in one municipality at the end of one fiscal year (31 March of the next). ``place`` None is the whole prefecture; ``done`` and
    ``total`` are counted in ``unit``.
    """

    field: Field
    place: Place | None
    year: int
    done: float
    total: float
    unit: str
    state: str


@dataclass(frozen=True)
class Works:
    """Every row, in the order of the file."""

    rows: tuple[Work, ...] = ()

    def until(self, now: dt.datetime) -> Works:
        """Return the rows without the fiscal years that have not begun at ``now`` (a fiscal year begins on 1 April)."""
        current = now.year if now.month >= 4 else now.year - 1
        return Works(tuple(row for row in self.rows if row.year <= current))

    def of(self, *, field: Field | None = None, places: Iterable[Place | None] | None = None) -> Works:
        """Return the rows of one field, or of some places, or of both."""
        chosen = None if places is None else set(places)
        rows = (row for row in self.rows if field in (None, row.field) and (chosen is None or row.place in chosen))
        return Works(tuple(rows))

    @property
    def years(self) -> list[int]:
        """The fiscal years of the rows, first to last."""
        return sorted({row.year for row in self.rows})

    @property
    def fields(self) -> list[Field]:
        """The fields of the rows, in the order of `FIELDS`."""
        present = {row.field for row in self.rows}
        return [field for field in FIELDS.values() if field in present]


WORKS = Key[Works]("works of the progress table", __name__)
