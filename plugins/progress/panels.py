"""A chart, its caption and its table: everything that a template shows of one question. Pure."""

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
    """One chart with its table. ``columns`` are the table's header cells and ``rows`` its other cells. The first cell of a row is its header, and is a link
    where ``links`` has an address for it. ``key`` is unique on a page.
    """

    key: str
    title: str
    caption: str
    chart: Markup
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    links: Mapping[str, str]


def _cells(level: Level) -> tuple[str, str, str]:
    """Percent, done, planned."""
    return f"{level.percent}％", f"{number(level.done)}{level.unit}", f"{number(level.total)}{level.unit}"


def level_bars(key: str, title: str, levels: Sequence[Level], header: str, links: Mapping[str, str]) -> Panel:
    """Return bars of ``levels``. ``header`` heads their column, and is the noun by which the caption counts them: 分野, 市町村."""
    caption = captions.bars(levels, levels[0].year, header)
    rows = tuple((level.name, *_cells(level)) for level in levels)
    return Panel(key, title, caption, charts.bars(key, levels, caption), (header, "割合", "完成", "計画"), rows, links)


def year_line(key: str, title: str, subject: str, levels: Sequence[Level]) -> Panel:
    """Return a line over fiscal years; ``subject`` is what it measures, for the caption."""
    caption = captions.line(levels, subject)
    rows = tuple((f"{level.year}年度", *_cells(level)) for level in levels)
    return Panel(key, title, caption, charts.line(key, levels, caption), ("年度末", "割合", "完成", "計画"), rows, {})


def state_bars(key: str, title: str, works: Works, links: Mapping[str, str]) -> Panel:
    """Return how many works of each field are in each state at the end of the last year."""
    year = works.years[-1]
    counts = totals.by_state(works, year)
    caption = captions.states(counts.values(), year)
    rows = tuple((field.name, *(str(count[state]) for state in STATES)) for field, count in counts.items())
    chart = charts.states(key, [(field.name, count) for field, count in counts.items()], caption)
    return Panel(key, title, caption, chart, ("分野", *STATES), rows, links)


def prefecture_panels(works: Works, links: Mapping[str, str]) -> list[Panel]:
    """Return the panels of the whole prefecture: fields, states, years."""
    year = works.years[-1]
    by_year = [totals.finished(works, each) for each in works.years]
    return [
        level_bars("fields", "分野ごとの割合", totals.over_fields(works, year), "分野", links),
        state_bars("states", "事業の状態", works, links),
        year_line("years", "年度ごとの歩み", "完成した事業の割合", by_year),
    ]


def of_field(works: Works, field: Field, links: Mapping[str, str]) -> list[Panel]:
    """Return the panels of one field: its years, and its municipalities where it has rows of any. ``links`` has the municipalities in their order."""
    own = works.of(field=field)
    newest = totals.totals(own, own.years[-1]).values()
    places = [Level(row.place.name, own.years[-1], row.done, row.total, row.unit) for row in newest if row.place]
    places.sort(key=lambda level: list(links).index(level.name))
    field_panels = [year_line("years", "年度ごとの歩み", f"{field.name}の完成の割合", totals.over_years(works, field))]
    if places:
        field_panels.append(level_bars("places", "市町村ごとの割合", places, "市町村", links))
    return field_panels


def of_place(works: Works, links: Mapping[str, str]) -> list[Panel]:
    """Return the panels of one municipality: its fields, then the years of each field. ``works`` holds the rows of that municipality only."""
    year = works.years[-1]
    bars = level_bars("fields", "分野ごとの割合", totals.over_fields(works, year), "分野", links)
    lines = (
        year_line(field.slug, f"{field.name}の歩み", f"{field.name}の完成の割合", totals.over_years(works, field)) for field in works.fields
    )
    return [bars, *lines]
