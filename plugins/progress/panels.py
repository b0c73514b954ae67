"""A chart and its table, side by side: what a template shows. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from plugins.progress import captions, charts, totals
from plugins.progress.totals import Level
from plugins.progress.works import STATES, Field, Works
from plugins.typography.dates import number


@dataclass(frozen=True)
class Panel:
    """One finding. ``rows`` are the cells of the table under ``head``; the first cell of a row heads it, and may have an address in ``links``."""

    key: str
    title: str
    finding: str
    chart: Markup
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    links: Mapping[str, str]


def amount(level: Level) -> tuple[str, str, str]:
    """The cells of a level: percent, done, planned."""
    return f"{level.percent}％", f"{number(level.done)}{level.unit}", f"{number(level.total)}{level.unit}"


def level_bars(key: str, title: str, levels: Sequence[Level], words: tuple[str, str], links: Mapping[str, str]) -> Panel:
    """Bars over ``levels``. ``words`` are the head of the first column and the noun by which they are counted."""
    finding = captions.bars(levels, levels[0].year, words[1])
    rows = tuple((level.name, *amount(level)) for level in levels)
    return Panel(key, title, finding, charts.bars(key, levels, finding), (words[0], "割合", "完成", "計画"), rows, links)


def year_line(key: str, title: str, subject: str, levels: Sequence[Level]) -> Panel:
    """A line over fiscal years."""
    finding = captions.line(levels, subject)
    rows = tuple((f"{level.year}年度", *amount(level)) for level in levels)
    return Panel(key, title, finding, charts.line(key, levels, finding), ("年度末", "割合", "完成", "計画"), rows, {})


def state_bars(key: str, title: str, works: Works, links: Mapping[str, str]) -> Panel:
    """How many works are in each state, by field, at the end of the last year."""
    year = works.years[-1]
    counts = totals.by_state(works, year)
    finding = captions.states(counts.values(), year)
    rows = tuple((field.name, *(str(count[state]) for state in STATES)) for field, count in counts.items())
    drawn = charts.states(key, [(field.name, count) for field, count in counts.items()], finding)
    return Panel(key, title, finding, drawn, ("分野", *STATES), rows, links)


def prefecture_panels(works: Works, links: Mapping[str, str]) -> list[Panel]:
    """The panels of the whole prefecture: fields, states, years."""
    year = works.years[-1]
    years = [totals.finished(works, each) for each in works.years]
    return [
        level_bars("fields", "分野ごとの割合", totals.over_fields(works, year), ("分野", "分野"), links),
        state_bars("states", "事業の状態", works, links),
        year_line("years", "年度ごとの歩み", "完成した事業の割合", years),
    ]


def of_field(works: Works, field: Field, links: Mapping[str, str]) -> list[Panel]:
    """The panels of one field: its years, and its municipalities where it has any."""
    own = works.of(field=field)
    now = totals.totals(own, own.years[-1]).values()
    places = [Level(row.place.name, own.years[-1], row.done, row.total, row.unit) for row in now if row.place]
    places.sort(key=lambda level: list(links).index(level.name))
    found = [year_line("years", "年度ごとの歩み", f"{field.name}の完成の割合", totals.over_years(works, field))]
    if places:
        found.append(level_bars("places", "市町村ごとの割合", places, ("市町村", "市町村"), links))
    return found


def of_place(works: Works, links: Mapping[str, str]) -> list[Panel]:
    """The panels of one municipality, whose rows alone are given: its fields, then the years of each."""
    year = works.years[-1]
    found = [level_bars("fields", "分野ごとの割合", totals.over_fields(works, year), ("分野", "分野"), links)]
    return found + [
        year_line(field.slug, f"{field.name}の歩み", f"{field.name}の完成の割合", totals.over_years(works, field)) for field in works.fields
    ]
