"""Reads a table of a known form: from bytes in any usual encoding to rows by column name, whatever the order of the columns."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from io import StringIO
from pathlib import PurePosixPath

from plugins.diagnostics import Diagnostic
from plugins.media_types import CONFLICT_WORDS, find_conflicts
from plugins.open_data.cells import digits

LARGEST = 20_000_000
"""Bytes. A larger file is no table that people write, and would only fill the memory."""

_TITLE_LINES = 20
"""Tables often begin with a title and empty lines; the header is looked for in so many lines."""


class UnreadableTable(Exception):
    """The file is no table of this form; the message says why in Japanese and English."""


@dataclass(frozen=True)
class TableForm:
    """The columns of a table in their order, and other names under which tables in use have them.

    ``needed`` are the columns without which it is another table; the header is the first line that has the first of them. ``title`` names the table in
    messages (Japanese, English). ``noted`` and ``slipped`` are the codes of notes, and of rows that have more cells than the header.
    """

    columns: tuple[str, ...]
    aliases: Mapping[str, str]
    needed: tuple[str, ...]
    title: tuple[str, str]
    noted: str
    slipped: str

    @cached_property
    def _names(self) -> dict[str, str]:
        return {_folded(name): name for name in self.columns} | {_folded(alias): name for alias, name in self.aliases.items()}

    def column(self, cell: str) -> str:
        """Return the standard name of a column, or the name as it is if it is unknown."""
        return self._names.get(_folded(cell), re.sub(r"\s", "", digits(cell)))


def _folded(name: str) -> str:
    return re.sub(r"\s", "", digits(name)).lower()


@dataclass(frozen=True)
class Row:
    """``line`` is the line of the file ``path`` on which the row begins. ``cells`` has every column of the form, empty if the table has none."""

    path: PurePosixPath
    line: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    """The rows, and the diagnostics of what was repaired or refused while reading. ``columns`` are those that the file has."""

    rows: tuple[Row, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    columns: frozenset[str] = field(default=frozenset())


def read_table(data: bytes, path: PurePosixPath, form: TableForm) -> Table:
    """Read the bytes of ``path``, in UTF-8 (with or without BOM), UTF-16 or cp932, separated by commas or tabs. Raises `UnreadableTable`."""
    if len(data) > LARGEST:
        raise UnreadableTable(f"ファイルが{LARGEST // 1_000_000}MBを超えています / larger than {LARGEST // 1_000_000} MB")
    text, encoding = decode(data)
    if conflicts := find_conflicts(text.replace("\r\n", "\n")):
        raise UnreadableTable(f"{conflicts[0].first + 1}行目：{CONFLICT_WORDS[0]} / line {conflicts[0].first + 1}: {CONFLICT_WORDS[1]}")
    name = _ENCODINGS[encoding]
    encoded = _note(form, path, 1, f"文字コードは{name}でした。UTF-8に直して読みました", f"encoding {name}, read as such")
    diagnostics = [] if encoding == "utf-8-sig" else [encoded]
    _check_quotes(text, separator_of(text))
    records = list(_parse_csv(text, separator_of(text)))
    header_at = _header_position(records, form)
    line, header = records[header_at][0], [form.column(cell) for cell in records[header_at][1]]
    if missing := [name for name in form.needed if name not in header]:
        raise UnreadableTable(f"列「{'、'.join(missing)}」がありません / no column {', '.join(missing)}")
    diagnostics += _header_notes(path, line, records[header_at][1], header, form)
    rows: list[Row] = []
    for line, cells in records[header_at + 1 :]:
        of_row = _shape_diagnostics(path, line, cells, header, form)
        diagnostics += of_row
        if not any(diagnostic.severity == "error" for diagnostic in of_row):
            rows.append(Row(path, line, dict.fromkeys(form.columns, "") | _cells(header, cells, form)))
    return Table(tuple(rows), tuple(diagnostics), frozenset(header))


_ENCODINGS = {"utf-8-sig": "UTF-8", "cp932": "Shift_JIS（cp932）", "utf-16": "UTF-16"}


def decode(data: bytes) -> tuple[str, str]:
    """Return the text of a table, and Python's name of its encoding. Raises `UnreadableTable`."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace"), "utf-16"
    # UTF-8 first: text in cp932 is hardly ever valid UTF-8 by chance, while UTF-8 often is valid cp932.
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise UnreadableTable("UTF-8でもShift_JISでもありません / neither UTF-8 nor Shift_JIS")


def separator_of(text: str) -> str:
    """Return the separator of a table by its first line: comma or tab."""
    first_line = text.split("\n", 1)[0]
    return "\t" if first_line.count("\t") > first_line.count(",") else ","


def _parse_csv(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the records that are not empty, each with the line on which it begins."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableTable(f"{line}行目からCSVとして読めません / not CSV from line {line}: {error}") from error


def _check_quotes(text: str, separator: str) -> None:
    """Raises `UnreadableTable` for a quote that is never closed: all rows behind it would be the text of one cell, and nobody would miss them."""
    reader, begin = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True), 1
    while True:
        try:
            next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "unexpected end" in str(error):
                ja, en = f'{begin}行目の引用符（"）が閉じていません', f"the quote that begins on line {begin} is never closed"
                raise UnreadableTable(f"{ja} / {en}") from error
        begin = reader.line_num + 1


def _header_position(records: Sequence[tuple[int, list[str]]], form: TableForm) -> int:
    first, (ja, en) = form.needed[0], form.title
    header_line = next((index for index, (_, cells) in enumerate(records[:_TITLE_LINES]) if first in map(form.column, cells)), None)
    if header_line is None:
        raise UnreadableTable(f"列「{first}」が見つかりません。{ja}の表ではないようです / no column {first}: this is no table of {en}")
    return header_line


def _note(form: TableForm, path: PurePosixPath, line: int, ja: str, en: str, column: str = "") -> Diagnostic:
    return Diagnostic(path, line, ja, en, form.noted, "note", subject=column)


def _header_notes(path: PurePosixPath, line: int, cells: Sequence[str], header: Sequence[str], form: TableForm) -> list[Diagnostic]:
    notes = [
        _note(form, path, line, f"列の名前を「{name}」と読みました", f"column read as {name}", cell)
        for cell, name in zip(cells, header, strict=True)
        if name in form.columns and cell.strip() != name and digits(cell) != digits(name)
    ]
    unknown = [name for name in header if name and name not in form.columns]
    if unknown:
        names = "、".join(unknown)
        notes.append(_note(form, path, line, f"知らない列は読みません：{names}", f"unknown columns are not read: {names}"))
    return notes


def _shape_diagnostics(path: PurePosixPath, line: int, cells: Sequence[str], header: Sequence[str], form: TableForm) -> list[Diagnostic]:
    if any(cell.strip() for cell in cells[len(header) :]):
        message = f"列が{len(header)}より多く、ずれています。文の中の「,」を引用符で囲んでください"
        return [Diagnostic(path, line, message, "more cells than columns: put quotes around commas", form.slipped)]
    if len(cells) < len(header):
        return [_note(form, path, line, "足りない列は空とみなしました", "missing cells are taken as empty")]
    return []


def _cells(header: Sequence[str], cells: Sequence[str], form: TableForm) -> dict[str, str]:
    """The cells by standard name. Of two columns with the same name, the first counts."""
    by_name: dict[str, str] = {}
    for name, cell in zip(header, cells, strict=False):
        if name in form.columns:
            by_name.setdefault(name, cell.strip())
    return by_name
