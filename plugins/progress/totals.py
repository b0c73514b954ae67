"""What stands where at the end of a fiscal year. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from plugins.frontmatter.model.registry import Place
from plugins.progress.works import STATES, Field, Work, Works


@dataclass(frozen=True)
class Level:
    """``done`` of ``total``, at the end of fiscal ``year`` or for whatever ``name`` says."""

    name: str
    year: int
    done: float
    total: float
    unit: str

    @property
    def percent(self) -> int:
        """Whole percent, rounded down: 100 means finished."""
        return int(self.done * 100 // self.total)


def totals(works: Works, year: int) -> dict[tuple[Field, Place | None], Work]:
    """Return the newest row of each works not after ``year``: a municipality that reports nothing new has not changed."""
    found: dict[tuple[Field, Place | None], Work] = {}
    for row in sorted(works.rows, key=lambda row: row.year):
        if row.year <= year:
            found[row.field, row.place] = row
    return found


def prefecture(works: Works, field: Field, year: int) -> Level | None:
    """Return the field's level in the whole prefecture: its own rows for it if it has any, otherwise the sum of the municipalities."""
    own = works.of(field=field)
    rows = list(totals(own.of(places=[None]) if any(row.place is None for row in own.rows) else own, year).values())
    if not rows:
        return None
    return Level(field.name, year, sum(row.done for row in rows), sum(row.total for row in rows), rows[0].unit)


def over_fields(works: Works, year: int) -> list[Level]:
    """Return one level for each field, in their fixed order."""
    found = (prefecture(works, field, year) for field in works.fields)
    return [level for level in found if level]


def over_years(works: Works, field: Field) -> list[Level]:
    """Return the field's level in the whole prefecture for each year that has a row, first to last."""
    found = (prefecture(works, field, year) for year in works.of(field=field).years)
    return [level for level in found if level]


def finished(works: Works, year: int) -> Level:
    """Return how many works are complete, out of all that are in the table. A works is one field in one municipality."""
    every = totals(works, max(works.years))
    now = totals(works, year)
    return Level("完成した事業", year, sum(1 for row in now.values() if row.state == "完成"), len(every), "事業")


def by_state(works: Works, year: int) -> dict[Field, Counter[str]]:
    """Return, for each field, how many works are in each state."""
    counts = {field: Counter(dict.fromkeys(STATES, 0)) for field in works.fields}
    for (field, _), row in totals(works, year).items():
        counts[field][row.state] += 1
    return counts
