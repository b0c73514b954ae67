"""Reads the recommended open-data table of events: from bytes in any usual encoding to rows by column name, whatever the order of the columns."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import PurePosixPath

from plugins.diagnostics import Diagnostic
from plugins.events.table_import.cells import digits

NAME, START = "イベント名", "開始日"
COLUMNS = tuple(
    "都道府県コード又は市区町村コード NO 都道府県名 市区町村名 イベント名 イベント名_カナ イベント名_英語 開始日 終了日 開始時間 終了時間 開始日時特記事項 説明"
    " 料金(基本) 料金(詳細) 連絡先名称 連絡先電話番号 連絡先内線番号 主催者 場所名称 住所 方書 緯度 経度 アクセス方法 駐車場情報 定員 参加申込終了日"
    " 参加申込終了時間 参加申込方法 URL 備考".split()
)
"""The columns of the recommended data set イベント一覧, in its order."""

# Other names under which tables in use have these columns.
_ALIASES = {
    "市区町村コード": "都道府県コード又は市区町村コード",
    "全国地方公共団体コード": "都道府県コード又は市区町村コード",
    "都道府県コードまたは市区町村コード": "都道府県コード又は市区町村コード",
    "ID": "NO",
    "番号": "NO",
    "地方公共団体名": "市区町村名",
    "名称": "イベント名",
    "開始時刻": "開始時間",
    "終了時刻": "終了時間",
    "料金": "料金(基本)",
    "場所": "場所名称",
    "会場": "場所名称",
    "所在地": "住所",
}
_NAMES = {digits(name).lower(): name for name in COLUMNS} | {digits(alias).lower(): name for alias, name in _ALIASES.items()}
LARGEST = 20_000_000
"""Bytes. A larger file is no list of events, and would only fill the memory."""


class UnreadableTable(Exception):
    """The file is no table of events; the message says why in Japanese and English."""


@dataclass(frozen=True)
class Row:
    """``line`` is the line of the file ``path`` on which the row begins. ``cells`` has every column of `COLUMNS`, empty if the table has none."""

    path: PurePosixPath
    line: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    """The rows, and the diagnostics of what was repaired or refused while reading."""

    rows: tuple[Row, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def read_table(data: bytes, path: PurePosixPath) -> Table:
    """Read the bytes of ``path``, a table of events in UTF-8 (with or without BOM), UTF-16 or cp932, separated by commas or tabs. Raises `UnreadableTable`."""
    if len(data) > LARGEST:
        raise UnreadableTable("ファイルが20MBを超えています / larger than 20 MB")
    text, encoding = _decode(data)
    diagnostics = (
        [_note(path, 1, f"文字コードは{encoding}でした。UTF-8に直して読みました", f"encoding {encoding}, read as such")]
        if encoding != "UTF-8"
        else []
    )
    records = _records(text)
    # Tables often begin with a title and empty lines; the header is the first line that names the events.
    header_at = next((index for index, (_, cells) in enumerate(records[:20]) if NAME in map(_column, cells)), None)
    if header_at is None:
        raise UnreadableTable(
            f"列「{NAME}」が見つかりません。イベント一覧の表ではないようです / no column {NAME}: this is no table of events"
        )
    line, header = records[header_at][0], [_column(cell) for cell in records[header_at][1]]
    if START not in header:
        raise UnreadableTable(f"列「{START}」がありません / no column {START}")
    diagnostics += _header_notes(path, line, records[header_at][1], header)
    rows: list[Row] = []
    for line, cells in records[header_at + 1 :]:
        of_row = _shape_diagnostics(path, line, cells, header)
        diagnostics += of_row
        if not any(diagnostic.severity == "error" for diagnostic in of_row):
            rows.append(Row(path, line, dict.fromkeys(COLUMNS, "") | _cells(header, cells)))
    return Table(tuple(rows), tuple(diagnostics))


def _note(path: PurePosixPath, line: int, ja: str, en: str, column: str = "") -> Diagnostic:
    return Diagnostic(path, line, ja, en, "E208", "note", subject=column)


def _decode(data: bytes) -> tuple[str, str]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace"), "UTF-16"
    # UTF-8 first: text in cp932 is hardly ever valid UTF-8 by chance, while UTF-8 often is valid cp932.
    for encoding, name in (("utf-8-sig", "UTF-8"), ("cp932", "Shift_JIS（cp932）")):
        try:
            return data.decode(encoding), name
        except UnicodeDecodeError:
            continue
    raise UnreadableTable("UTF-8でもShift_JISでもありません / neither UTF-8 nor Shift_JIS")


def _records(text: str) -> list[tuple[int, list[str]]]:
    """The records that are not empty, each with the line on which it begins."""
    first_line = text.split("\n", 1)[0]
    return list(_parse_csv(text, "\t" if first_line.count("\t") > first_line.count(",") else ","))


def _parse_csv(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableTable(f"{line}行目からCSVとして読めません / not CSV from line {line}: {error}") from error


def _column(cell: str) -> str:
    """The standard name of a column, or the name as it is if it is unknown."""
    name = re.sub(r"\s", "", digits(cell))
    return _NAMES.get(name.lower(), name)


def _header_notes(path: PurePosixPath, line: int, cells: Sequence[str], header: Sequence[str]) -> list[Diagnostic]:
    notes = [
        _note(path, line, f"列の名前を「{name}」と読みました", f"column read as {name}", cell)
        for cell, name in zip(cells, header, strict=True)
        if name in COLUMNS and cell.strip() != name and digits(cell) != digits(name)
    ]
    unknown = [name for name in header if name and name not in COLUMNS]
    if unknown:
        names = "、".join(unknown)
        notes.append(_note(path, line, f"知らない列は読みません：{names}", f"unknown columns are not read: {names}"))
    return notes


def _shape_diagnostics(path: PurePosixPath, line: int, cells: Sequence[str], header: Sequence[str]) -> list[Diagnostic]:
    if any(cell.strip() for cell in cells[len(header) :]):
        message = f"列が{len(header)}より多く、ずれています。文の中の「,」を引用符で囲んでください"
        return [Diagnostic(path, line, message, "more cells than columns: put quotes around commas", "E102")]
    if len(cells) < len(header):
        return [_note(path, line, "足りない列は空とみなしました", "missing cells are taken as empty")]
    return []


def _cells(header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """The cells by standard name. Of two columns with the same name, the first counts."""
    by_name: dict[str, str] = {}
    for name, cell in zip(header, cells, strict=False):
        if name in COLUMNS:
            by_name.setdefault(name, cell.strip())
    return by_name
