"""How far the works are at the end of a fiscal year. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from plugins.frontmatter.model.registry import Place
from plugins.progress.works import STATES, Field, Work, Works


@dataclass(frozen=True)
class Level:
    """``done`` of ``total`` at the end of the fiscal ``year``, in ``unit``. ``name`` is a field, a municipality, or all works."""

    name: str
    year: int
    done: float
    total: float
    unit: str

    @property
    def percent(self) -> int:
        """Whole percent, rounded down: 99.9 is not 100, which means finished."""
        return int(self.done * 100 // self.total)


def totals(works: Works, year: int) -> dict[tuple[Field, Place | None], Work]:
    """Return the newest row of each works up to ``year``. A municipality writes a new row only when something changed."""
    newest: dict[tuple[Field, Place | None], Work] = {}
    for row in sorted(works.rows, key=lambda row: row.year):
        if row.year <= year:
            newest[row.field, row.place] = row
    return newest


def prefecture(works: Works, field: Field, year: int) -> Level | None:
    """Return the field's level in the whole prefecture, None before its first row.

    A field with rows for the whole prefecture (県全体) uses those, because its municipalities need not all be in the table. Other fields add up their
    municipalities.
    """
    own = works.of(field=field)
    rows = list(totals(own.of(places=[None]) if any(row.place is None for row in own.rows) else own, year).values())
    if not rows:
        return None
    return Level(field.name, year, sum(row.done for row in rows), sum(row.total for row in rows), rows[0].unit)


def over_fields(works: Works, year: int) -> list[Level]:
    """Return one level for each field, in their fixed order."""
    levels = (prefecture(works, field, year) for field in works.fields)
    return [level for level in levels if level]


def over_years(works: Works, field: Field) -> list[Level]:
    """Return the field's level in the whole prefecture for each year that has a row, first to last."""
    levels = (prefecture(works, field, year) for year in works.of(field=field).years)
    return [level for level in levels if level]


def finished(works: Works, year: int) -> Level:
    """Return how many works are complete at the end of ``year``, out of all in the table. One works is one field in one municipality.

    The total is that of the last year, so that a line over the years rises towards one fixed number.
    """
    planned = totals(works, max(works.years))
    complete = sum(row.state == "完成" for row in totals(works, year).values())
    return Level("完成した事業", year, complete, len(planned), "事業")


def by_state(works: Works, year: int) -> dict[Field, Counter[str]]:
    """Return, for each field, how many works are in each state."""
    counts = {field: Counter(dict.fromkeys(STATES, 0)) for field in works.fields}
    for (field, _), row in totals(works, year).items():
        counts[field][row.state] += 1
    return counts
