"""Reads the tables of the situation below ``content/data/``. A faulty row is told with its line, and held back alone; all others hold."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TypeVar

from plugins.context import Key
from plugins.diagnostics import Diagnostic, RuleDescription, unexpected
from plugins.frontmatter.model.registry import Place, Registry
from plugins.frontmatter.parse.notice_words import speaks_of_drill
from plugins.inputs import InputFolder, UnreadableInput
from plugins.open_data.notes import CellRefused
from plugins.open_data.table import LARGEST, Row, Table, TableForm, UnreadableTable, read_table
from plugins.situation import cells, shelters
from plugins.situation.cells import REFUSED, REPAIRED
from plugins.situation.row import SituationRow, read_row
from plugins.situation.shelters import Shelter
from plugins.situation.table_kinds import CODE, KINDS, NAME, NUMBER, PLACE, SHELTERS, UPDATED, Kind

FOLDERS: Mapping[str, PurePosixPath] = {"notice": PurePosixPath("data/situation"), "drill": PurePosixPath("data/drills")}
"""Where the tables of what is, and of drills, lie below ``content/``. The table of designated shelters lies in the first and serves both."""

_Read = TypeVar("_Read", SituationRow, Shelter)


@dataclass(frozen=True)
class Tables:
    """``rows`` by kind are all that hold, in the order of the file, also old ones: of one thing there is one for each moment. ``shelters`` are by key."""

    rows: Mapping[str, tuple[SituationRow, ...]] = field(default_factory=dict)
    shelters: Mapping[str, Shelter] = field(default_factory=dict)


@dataclass(frozen=True)
class Situation:
    """The tables of what is, and those of drills; and what was repaired in them."""

    real: Tables = Tables()
    drills: Tables = Tables()
    notes: tuple[Diagnostic, ...] = ()


SITUATION = Key[Situation]("tables of the situation", __name__)


def paths() -> frozenset[str]:
    """Return the paths, below ``content/``, of all tables that may be there."""
    return frozenset({str(shelters.PATH), *(str(folder / kind.file) for folder in FOLDERS.values() for kind in KINDS.values())})


def form_of(kind: Kind) -> TableForm:
    """Return the form of the tables of ``kind``."""
    aliases = {alias: column.name for column in kind.columns for alias in column.aliases}
    further = (
        () if kind is SHELTERS else (column.name for column in kind.columns if column.needed)
    )  # its number names a shelter that is designated
    needed = tuple(dict.fromkeys((UPDATED, kind.state, *further)))
    return TableForm(tuple(c.name for c in kind.columns), aliases, needed, (kind.title, kind.key), REPAIRED, REFUSED)


def read_situation(content: Path, registry: Registry) -> tuple[Situation, list[Diagnostic]]:
    """Read every table that is there. Return what holds, and the errors with paths relative to ``content``; without ``[site.situation]``, neither."""
    if registry.site.situation is None:
        return Situation(), []
    files = InputFolder(content)
    shelter_rows, diagnostics = _read(files, shelters.PATH, shelters.FORM, lambda row: shelters.read_shelter(row, registry.places))
    by_key, doubles = _first_of_each(shelter_rows, shelters.PATH)
    diagnostics += doubles
    tables, designated = [], _Designated(by_key, registry.places)
    for folder in FOLDERS.values():
        rows = {}
        for kind in KINDS.values():
            rows[kind.key], of_kind = _rows(files, folder / kind.file, kind, registry, designated)
            diagnostics += of_kind
        tables.append(Tables(rows, by_key))
    errors = [each for each in diagnostics if each.severity == "error"]
    return Situation(tables[0], tables[1], tuple(_first_notes(each for each in diagnostics if each.severity != "error"))), errors


_MOST_NOTES = 20
"""Notes of one table that are told one by one: a table of two thousand rows has the same repair in each."""


def _first_notes(notes: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    counts = Counter[PurePosixPath]()
    for note in notes:
        counts[note.path] += 1
        if counts[note.path] <= _MOST_NOTES:
            yield note
    for path, count in counts.items():
        if (more := count - _MOST_NOTES) > 0:
            yield Diagnostic(path, 1, f"ほかに{more}か所を、同じように直して読みました", f"{more} further repairs", REPAIRED, "note")


def _rows(
    files: InputFolder, path: PurePosixPath, kind: Kind, registry: Registry, designated: _Designated
) -> tuple[tuple[SituationRow, ...], list[Diagnostic]]:
    def read(row: Row) -> tuple[SituationRow | None, list[Diagnostic]]:
        if path.parent == FOLDERS["notice"] and (mistaken := _drill_words(row)):
            return None, [mistaken]
        return read_row(designated.complete(row) if kind is SHELTERS else row, kind, registry.places, registry.site.zone)

    rows, diagnostics = _read(files, path, form_of(kind), read)
    seen: dict[tuple[str, object], SituationRow] = {}
    for row in rows:
        if (first := seen.setdefault((row.key, row.updated), row)) is not row:
            diagnostics.append(_double(path, row.line, first.line, f"同じ{kind.title}の同じ時刻の行", "the same thing at the same moment"))
    return tuple(seen.values()), diagnostics


def _drill_words(row: Row) -> Diagnostic | None:
    """Return what is wrong with a row of what is that speaks of a drill: what was left of drills has been taken for real before (see `notices`)."""
    column, words = next(((name, match[0]) for name, cell in row.cells.items() if (match := speaks_of_drill(cell))), ("", ""))
    if not words:
        return None
    ja = f"本当のことの表に「{words}」とあります。訓練の行なら {FOLDERS['drill']}/ の表に移してください"
    return Diagnostic(
        row.path, row.line, ja, f"a row of what is speaks of a drill: move it to {FOLDERS['drill']}/", REFUSED, subject=column
    )


class _Designated:
    """The designated shelters, which complete the rows that say whether they are open."""

    def __init__(self, by_key: Mapping[str, Shelter], places: Mapping[str, Place]) -> None:
        self._places = places
        self._by_key = by_key
        self._by_name = {(shelter.place.code, shelter.name): shelter for shelter in by_key.values()}

    def complete(self, row: Row) -> Row:
        """Return the row with name, number and municipality of its shelter, where it leaves one of them out."""
        cell, number = row.cells, cells.identifier(row.cells[NUMBER])[0]
        try:
            place, _ = cells.place_of_code(cell[CODE], cell[PLACE], self._places)
        except CellRefused:
            return replace(row, cells={**cell, NAME: cell[NAME] or cell[NUMBER]})  # `read_row` says why, and need not ask for a name
        shelter = self._by_key.get(f"{place.code}-{number}") if number else self._by_name.get((place.code, cell[NAME].strip()))
        if shelter is None:
            return replace(row, cells={**cell, PLACE: cell[PLACE] or place.name})
        return replace(row, cells={**cell, NAME: cell[NAME] or shelter.name, NUMBER: shelter.number, PLACE: cell[PLACE] or place.name})


def _read(
    files: InputFolder, path: PurePosixPath, form: TableForm, read: Callable[[Row], tuple[_Read | None, list[Diagnostic]]]
) -> tuple[list[_Read], list[Diagnostic]]:
    """Return the rows of the table at ``path`` that hold, and the diagnostics; neither if there is no such table."""
    if files.stat(str(path)) is None:
        return [], []
    table = _table(files, path, form)
    if isinstance(table, Diagnostic):
        return [], [table]
    rows, diagnostics = list[_Read](), list(table.diagnostics)
    for row in table.rows:
        try:
            value, of_row = read(row)
        except Exception as error:  # whatever it is: one row must not stop the others
            value, of_row = None, [replace(unexpected(path, error, rule=REFUSED), line=row.line)]
        diagnostics += of_row
        rows += [value] if value else []
    return rows, diagnostics


def _table(files: InputFolder, path: PurePosixPath, form: TableForm) -> Table | Diagnostic:
    try:
        return read_table(files.read(str(path), LARGEST + 1), path, form)
    except UnreadableInput as error:
        return error.diagnostic()
    except UnreadableTable as error:
        ja, _, en = str(error).partition(" / ")
        return Diagnostic(path, 1, ja, en, "D102")
    except Exception as error:
        return unexpected(path, error, rule="D103")


def _first_of_each(every: list[Shelter], path: PurePosixPath) -> tuple[dict[str, Shelter], list[Diagnostic]]:
    by_key: dict[str, Shelter] = {}
    doubles = list(_doubles(every, by_key, path))
    return by_key, doubles


def _doubles(every: list[Shelter], by_key: dict[str, Shelter], path: PurePosixPath) -> Iterator[Diagnostic]:
    for shelter in every:
        if (first := by_key.setdefault(shelter.key, shelter)) is not shelter:
            yield _double(path, shelter.line, first.line, "同じ市町村の同じID", "the same ID in one municipality")


def _double(path: PurePosixPath, line: int, first: int, ja: str, en: str) -> Diagnostic:
    return Diagnostic(
        path, line, f"{first}行目に{ja}があります。どちらかを直すか消してください", f"{en} as line {first}: mend or delete one", REFUSED
    )


_SOON = dt.timedelta(days=1)
"""A row may be written before its moment, as that of a water point that opens tomorrow. One that is further ahead is a slip of a digit."""


def far_ahead(situation: Situation, now: dt.datetime) -> tuple[Diagnostic, ...]:
    """Return a warning for each row that begins to hold more than a day after ``now``: nobody would see it, and nobody would know why."""
    return tuple(
        Diagnostic(
            FOLDERS[name] / KINDS[kind].file,
            row.line,
            f"更新時刻が1日よりも先です（{row.updated:%Y-%m-%d %H:%M}）。そのときまでページに出ません。年月日を確かめてください",
            f"more than a day ahead ({row.updated:%Y-%m-%d %H:%M}): not shown before; look at the date",
            AHEAD,
            "warning",
            subject=UPDATED,
        )
        for name, tables in (("notice", situation.real), ("drill", situation.drills))
        for kind, rows in tables.rows.items()
        for row in rows
        if row.updated > now + _SOON
    )


AHEAD = "D303"
RULES = (
    RuleDescription(
        "D301",
        "発災直後の表の、合わない行",
        "a row of a table of the situation that does not hold",
        "避難所や給水所の表は、人の命にかかわります。二通りに読める行は、推し量らずに載せません",
        "people's lives depend on these tables: a row that can be read in two ways is not guessed",
        "自治体標準オープンデータセット 指定緊急避難場所一覧",
    ),
    RuleDescription(
        "D302",
        "発災直後の表で直した欄",
        "a repaired cell of a table of the situation",
        "どう読んだかを確かめてください。直した表が載っています",
        "check how the cell was read: the repaired table is published",
        "自治体標準オープンデータセット 指定緊急避難場所一覧",
    ),
    RuleDescription(
        AHEAD,
        "先の日時の行",
        "a row that is ahead of its time",
        "年や月を書きまちがえた行は、いつまでもページに出ず、だれも気付きません",
        "a row with a slip in its date never appears, and nobody notices",
    ),
)
