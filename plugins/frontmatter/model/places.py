"""The table of municipalities (``content/data/municipalities.csv``): read and checked, row by row."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from plugins.csv_table import CsvRow, UnreadableCsv, read_csv
from plugins.diagnostics import Diagnostic
from plugins.frontmatter.model.registry import Place

_COLUMNS = {
    "code": (re.compile(r"[0-9]{5,6}"), "JIS X 0402の番号（検査数字まで6桁）", "the code of JIS X 0402, six digits with its check digit"),
    "name": (re.compile(r"[^\s<>\"'&]{1,40}"), "市町村の名前", "the name of the municipality"),
    "reading": (re.compile(r"[ぁ-ゖー]{1,60}"), "ひらがなの読み", "the reading in hiragana"),
    "slug": (re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*"), "半角の英小文字、数字、ハイフン", "a-z, 0-9 and hyphens"),
}
"""What each column holds."""


def read_places(table: Path) -> tuple[dict[str, Place], list[Diagnostic]]:
    """Return the municipalities by name, and every mistake. Two rows of one name, code or slug are one."""
    path = PurePosixPath(*table.parts[-3:])
    try:
        rows = read_csv(table, path, _COLUMNS)
    except UnreadableCsv as error:
        return {}, [error.diagnostic]
    diagnostics = [diagnostic for row in rows for diagnostic in _mistakes(path, row)]
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        for column in ("code", "name", "slug"):
            first = seen.setdefault((column, row.cells[column]), row.line)
            if first != row.line and row.cells[column]:
                ja, en = f"{first}行目と同じ {column} です", f"the same {column} as line {first}"
                diagnostics.append(Diagnostic(path, row.line, ja, en, "R105"))
    return {row.cells["name"]: Place(*(row.cells[name] for name in _COLUMNS)) for row in rows}, diagnostics


def _mistakes(path: PurePosixPath, row: CsvRow) -> list[Diagnostic]:
    return [
        Diagnostic(
            path,
            row.line,
            f"{name}「{row.cells[name][:60]}」が正しくありません。{ja}を書いてください",
            f"{name} {row.cells[name][:60]!r}: write {en}",
            "R105",
        )
        for name, (form, ja, en) in _COLUMNS.items()
        if not form.fullmatch(row.cells[name])
    ]
