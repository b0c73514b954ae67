"""Reads a CSV table of the checkout (RFC 4180): bytes → rows by column with their lines, or the reason why it cannot be read.

The tables of editors come out of spreadsheets, and all have the same faults: another encoding, another separator, a quote that is not closed, a column
that was renamed, a control character. The packages that know what the columns mean get rows only.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from plugins.control_characters import CONTROL, control_words, words
from plugins.diagnostics import Diagnostic, unexpected
from plugins.inputs import InputFolder, UnreadableInput
from plugins.media_types import CONFLICT_WORDS, file_format, find_conflicts, other_encoding

LARGEST = 5_000_000
"""Bytes. The table of ten years of public works has some hundred kilobytes."""

LONGEST_CELL = 10_000
"""Characters of one cell. With a quote that is not closed, a cell holds all lines that follow."""

MOST_COLUMNS = 200


@dataclass(frozen=True)
class CsvRow:
    """``line`` is the one on which the row begins: a quoted cell may span lines. ``cells`` has every column, stripped; a missing cell is empty."""

    line: int
    cells: dict[str, str]


class UnreadableCsv(Exception):
    """The table cannot be read; ``diagnostic`` says why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(str(diagnostic))
        self.diagnostic = diagnostic


def read_csv(files: InputFolder, path: PurePosixPath, columns: Collection[str]) -> list[CsvRow]:
    """Return the rows of the table at ``path`` among ``files`` that are not empty. ``columns`` are those that it must have, in any order.

    Raises `UnreadableCsv`.
    """
    try:
        return _read(files.read(str(path), LARGEST + 1), path, columns)
    except UnreadableCsv:
        raise
    except UnreadableInput as error:
        raise UnreadableCsv(error.diagnostic()) from error
    except Exception as error:
        raise UnreadableCsv(unexpected(path, error, rule="D103")) from error


def _read(data: bytes, path: PurePosixPath, columns: Collection[str]) -> list[CsvRow]:
    if len(data) > LARGEST:
        raise _unreadable(
            path, 1, f"表が大きすぎます（{LARGEST // 1_000_000}MBまで）", f"the table is larger than {LARGEST // 1_000_000} MB"
        )
    if name := file_format(data):
        ja = f"CSVではなく{name}のファイルです。表計算ソフトで開き、「CSV UTF-8」で保存し直してください"
        raise _unreadable(path, 1, ja, f"a file of the format {name}: save it as CSV UTF-8")
    text = _decode(data, path)
    if conflicts := find_conflicts(text):
        raise _unreadable(path, conflicts[0].first + 1, *CONFLICT_WORDS)
    if match := CONTROL.search(text):
        raise _unreadable(path, text.count("\n", 0, match.start()) + 1, *control_words(match[0]))
    records = list(_records(text, path))
    header = records[0][1] if records else []
    if missing := [name for name in columns if name not in header]:
        raise UnreadableCsv(_missing_columns(path, missing, header))
    return [CsvRow(line, dict(zip(header, [*cells, *[""] * len(header)], strict=False))) for line, cells in records[1:]]


def _decode(data: bytes, path: PurePosixPath) -> str:
    try:
        return data.decode("utf-8-sig")  # Excel begins "CSV UTF-8" with a byte order mark
    except UnicodeDecodeError as error:
        encoding = other_encoding(data)
        line = 1 if encoding and encoding[0] == "UTF-16" else data.count(b"\n", 0, error.start) + 1
        ja = f"UTF-8ではなく{encoding[0]}で保存されています" if encoding else "UTF-8で保存されていません"
        ja, en = f"{ja}。「CSV UTF-8」で保存し直してください", f"{encoding[0] if encoding else 'not UTF-8'}: save it as CSV UTF-8"
        raise UnreadableCsv(Diagnostic(path, line, ja, en, "D101")) from error


def _records(text: str, path: PurePosixPath) -> Iterator[tuple[int, list[str]]]:
    """Yield the records that are not empty, with stripped cells, each with the line on which it begins."""
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    line = 1
    try:
        for record in reader:
            cells = [words(cell) for cell in record]
            if len(cells) > MOST_COLUMNS:
                raise _unreadable(path, line, f"列が{MOST_COLUMNS}を超えています", f"more than {MOST_COLUMNS} columns")
            if any(len(cell) > LONGEST_CELL for cell in cells):
                raise _unreadable(path, line, *_too_long(f"{LONGEST_CELL:,}"))
            if any(cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        ja = 'CSVとして読めません。引用符（"）が閉じているか確かめてください'
        raise _unreadable(path, line, ja, f"not CSV: look for a quote that is not closed ({error})") from error


def _too_long(most: str) -> tuple[str, str]:
    return (
        f'一つの欄が{most}文字を超えています。引用符（"）が閉じているか確かめてください',
        f"a cell of more than {most} characters: a quote is not closed",
    )


def _missing_columns(path: PurePosixPath, missing: Sequence[str], header: Sequence[str]) -> Diagnostic:
    names = "、".join(missing)
    other = next((sign for sign in (";", "\t") if len(header) == 1 and sign in header[0]), "")
    if other:
        shown = {";": "「;」", "\t": "タブ"}[other]
        ja = f"区切りが{shown}です。「,」で区切った「CSV UTF-8」で保存し直してください"
        return Diagnostic(path, 1, ja, f"separated by {other!r}: save it as CSV UTF-8, with commas", "D102")
    return Diagnostic(path, 1, f"列「{names}」がありません。一行目に列の名前を書いてください", f"columns missing: {names}", "D102")


def _unreadable(path: PurePosixPath, line: int, ja: str, en: str) -> UnreadableCsv:
    return UnreadableCsv(Diagnostic(path, line, ja, en, "D103"))
