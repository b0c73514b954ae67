"""A CSV of subscribers → entries and refusals. Pure: bytes in, values out; `database.subscriptions.import_subscribers` writes them.

Columns are `email`, `name`, `lists` (keys separated by `;` or a space) and `format` (html or light; optional). Excel on Japanese Windows writes cp932, and
UTF-8 with a BOM as “CSV UTF-8”: both are read. Bad lines are refused one by one with their number; the others are imported.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from mailer.database.subscriptions import ImportedSubscriber
from mailer.model import addresses
from mailer.model.errors import AddressError, CsvError
from mailer.model.subscription import FORMATS

COLUMNS = ("email", "name", "lists", "format")
REQUIRED = ("email", "lists")
SURPLUS = ""
"""Key of a row that has more cells than the heading: most likely a comma in a name without quotation marks."""


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that was not imported. `line` counts from 1 and includes the heading."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class CsvContent:
    """The entries of a file, its refused lines, and the codec that read it."""

    entries: tuple[ImportedSubscriber, ...]
    refusals: tuple[RefusedLine, ...]
    encoding: str


def parse_csv(raw: bytes, known: Collection[str]) -> CsvContent:
    """Read a whole file.

    :param known: the keys of all lists there are.
    :raises CsvError: neither UTF-8 nor cp932, or not the right columns.
    """
    text, encoding = decode(raw)
    entries: list[ImportedSubscriber] = []
    refusals: list[RefusedLine] = []
    first_lines: dict[str, int] = {}
    for number, row in _rows(text):
        try:
            entry = _entry(row, known)
            _refuse_duplicate(entry, number, first_lines)
        except AddressError as error:
            refusals.append(RefusedLine(number, error.reason))
        else:
            entries.append(entry)
    return CsvContent(tuple(entries), tuple(refusals), encoding)


def decode(raw: bytes) -> tuple[str, str]:
    """Return the text and the name of its codec.

    UTF-8 is tried first: Japanese text in cp932 is practically never valid UTF-8.

    :raises CsvError: it is neither.
    """
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return raw.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise CsvError("The file is neither UTF-8 nor Shift_JIS (cp932). Save it as “CSV UTF-8” in Excel.")


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the line where a row begins (a quoted cell may have several lines), and its cells by column. Rows without text are left out."""
    table = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = _columns(next(table, []))
        first_line = table.line_num + 1
        for cells in table:
            if any(cell.strip() for cell in cells):
                yield first_line, _cells(columns, cells)
            first_line = table.line_num + 1
    except csv.Error as error:
        raise CsvError(f"Line {table.line_num} is not CSV ({error}). Check the quotation marks.") from error


def _columns(heading: list[str]) -> list[str]:
    columns = [cell.strip().lower() for cell in heading]
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        optional = [name for name in COLUMNS if name not in REQUIRED]
        raise CsvError(
            f"The first line must name the columns {', '.join(REQUIRED)}, and may name {', '.join(optional)}; missing: {', '.join(missing)}. "
            f"一行目に列の名前が足りません：{', '.join(missing)}"
        )
    # A misspelt `format` would lose what the column says without a word.
    unknown = [name for name in columns if name not in COLUMNS]
    if unknown or len(set(columns)) < len(columns):
        names = ", ".join(map(repr, unknown or [name for name in columns if columns.count(name) > 1]))
        raise CsvError(
            f"The first line names a column that is not known, or one twice: {names}. Known are {', '.join(COLUMNS)}; take the column out. "
            f"知らない列か、二度ある列です：{names}"
        )
    return columns


def _cells(columns: list[str], cells: list[str]) -> dict[str, str]:
    if len(cells) > len(columns):
        return {SURPLUS: "yes"}
    return dict(zip(columns, cells, strict=False))


def _entry(row: dict[str, str], known: Collection[str]) -> ImportedSubscriber:
    if SURPLUS in row:
        raise AddressError("", "more cells than the heading has columns; put quotation marks around a text with commas")
    lists = tuple(dict.fromkeys(row.get("lists", "").replace(";", " ").split()))
    if not lists:
        raise AddressError("", "no list is named")
    unknown = [key for key in lists if key not in known]
    if unknown:
        raise AddressError("", f"unknown list {', '.join(map(repr, unknown))}; there are: {', '.join(sorted(known))}")
    form = row.get("format", "").strip().lower()
    if form and form not in FORMATS:
        raise AddressError("", f"unknown format {form!r}; there are: {', '.join(FORMATS)}")
    name = addresses.check_name(row.get("name", ""))
    return ImportedSubscriber(addresses.parse(row.get("email", "")), "" if addresses.is_blank(name) else name, lists, form or None)


def _refuse_duplicate(entry: ImportedSubscriber, number: int, first_lines: dict[str, int]) -> None:
    first = first_lines.setdefault(addresses.address_key(entry.address), number)
    if first != number:
        raise AddressError(entry.address, f"the same address as line {first}")
