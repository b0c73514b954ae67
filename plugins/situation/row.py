"""Makes one typed row of the cells of one line, with diagnostics of what was repaired; or none, with the reasons why. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from plugins.diagnostics import Diagnostic
from plugins.frontmatter.model.registry import Place
from plugins.frontmatter.model.telephones import Telephone
from plugins.open_data import cells as repairs
from plugins.open_data.notes import Note
from plugins.open_data.row_reader import RowReader
from plugins.open_data.table import Row
from plugins.situation import cells
from plugins.situation.table_kinds import ADDRESS, CODE, DAY, EAST, NORTH, NUMBER, PHONE, PLACE, UPDATED, URL, Column, Kind, State

Point = tuple[float, float]
"""Latitude and longitude in degrees (WGS 84)."""


@dataclass(frozen=True)
class SituationRow:
    """What one row says of one thing at the moment ``updated``.

    ``key`` names the thing among those of its kind: rows with the same key tell of the same thing at other moments. ``places`` is empty for the whole prefecture.
    ``values`` are the other cells, repaired, in the order of the columns; an empty one is left out.
    """

    line: int
    key: str
    name: str
    places: tuple[Place, ...]
    state: State
    updated: dt.datetime
    address: str = ""
    point: Point | None = None
    phone: Telephone | None = None
    url: str = ""
    values: tuple[tuple[str, str], ...] = ()


def row_reader(row: Row) -> RowReader:
    """Return what reads the cells of the row and reports under the codes of this package."""
    return RowReader(row, (cells.REFUSED, cells.REPAIRED))


def read_point(reader: RowReader) -> Point | None:
    """Return the coordinates, swapped back if they were swapped; None where there are none in Japan."""
    north, east = reader.row.cells.get(NORTH, ""), reader.row.cells.get(EAST, "")
    return reader.read(NORTH, lambda: repairs.coordinates(north, east)) if north or east else None


def read_row(row: Row, kind: Kind, places: Mapping[str, Place], zone: ZoneInfo) -> tuple[SituationRow | None, list[Diagnostic]]:
    """Return the row of a table of ``kind`` (None if it is refused), and the diagnostics."""
    reader, cell = row_reader(row), row.cells
    state = reader.read(kind.state, lambda: cells.state(cell[kind.state], kind))
    updated = reader.read(UPDATED, lambda: cells.moment(f"{cell[DAY]} {cell[UPDATED]}", zone))
    where = reader.read(PLACE, lambda: _places(kind, cell, places))
    name = _name(reader, kind)
    phone = reader.read(PHONE, lambda: cells.telephone(cell[PHONE])) if cell.get(PHONE) else None
    url = reader.read(URL, lambda: repairs.web_address(cell[URL])) or ""
    values = tuple((column.name, text) for column in kind.columns if column.is_fact and (text := _text(reader, column)))
    number = reader.read(NUMBER, lambda: cells.identifier(cell.get(NUMBER, ""))) or ""
    address, point = reader.line(ADDRESS), read_point(reader)
    if reader.is_refused or state is None or updated is None or where is None:
        return None, reader.diagnostics
    key = _key(kind, number, name, where)
    return SituationRow(row.line, key, name, where, state, updated, address, point, phone, url, values), reader.diagnostics


def _places(kind: Kind, cell: Mapping[str, str], places: Mapping[str, Place]) -> tuple[tuple[Place, ...], list[Note]]:
    if next(column.type for column in kind.columns if column.name == PLACE) == "places":
        return cells.several_places(cell[PLACE], places), []
    place, notes = cells.place_of_code(cell.get(CODE, ""), cell[PLACE], places)
    return (place,), notes


def _name(reader: RowReader, kind: Kind) -> str:
    """Return the words that name the thing: ``電気 北上地区``. A part that is needed and missing refuses the row: nobody could tell what it is about."""
    parts = [reader.line(column) for column in kind.names]
    for part, column in zip(parts, kind.names, strict=True):
        is_needed = any(each.needed for each in kind.columns if each.name == column) or (column == kind.names[0] and not any(parts))
        if not part and is_needed:
            reader.note(column, Note(f"{column}がありません", f"the cell {column} is empty", cells.REFUSED), refusal=True)
    return " ".join(filter(None, parts))


def _key(kind: Kind, number: str, name: str, where: tuple[Place, ...]) -> str:
    place = where[0].code if where and "路線" not in kind.names else ""
    return f"{place}-{number}" if number else f"{place} {name}"


def _text(reader: RowReader, column: Column) -> str:
    cell = reader.row.cells.get(column.name, "")
    if not cell:
        return ""
    if column.type == "count":
        return reader.read(column.name, lambda: cells.count(cell)) or ""
    if column.type == "time":
        return reader.read(column.name, lambda: cells.opening_time(cell)) or ""
    if column.type == "yes":
        return reader.read(column.name, lambda: cells.yes(cell)) or ""
    return reader.line(column.name)
