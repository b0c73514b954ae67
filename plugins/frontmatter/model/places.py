"""The table of municipalities (``content/data/municipalities.csv``): read and checked, row by row."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import ClassVar

from plugins.csv_table import CsvRow, UnreadableCsv, read_csv
from plugins.diagnostics import Diagnostic
from plugins.digest import constant_digest
from plugins.frontmatter.model.addresses import NAME, check_name
from plugins.inputs import InputFolder

PATH = PurePosixPath("data/municipalities.csv")

_COLUMNS = {
    "code": (re.compile(r"[0-9]{5,6}"), "JIS X 0402の番号（検査数字まで6桁）", "the code of JIS X 0402, six digits with its check digit"),
    "name": (re.compile(r"[^\s<>\"'&]{1,40}"), "市町村の名前", "the name of the municipality"),
    "reading": (re.compile(r"[ぁ-ゖー]{1,60}"), "ひらがなの読み", "the reading in hiragana"),
    "slug": (NAME, "半角の英小文字、数字、ハイフン", "a-z, 0-9 and hyphens"),
}
"""What each column holds."""


@dataclass(frozen=True)
class Place:
    """One municipality: its JIS X 0402 code with check digit, name, reading in hiragana, and name in addresses."""

    code: str
    name: str
    reading: str
    slug: str

    tracking_constant: ClassVar[cached_property[str]] = cached_property(constant_digest)

    @property
    def url(self) -> str:
        return f"/places/{self.slug}/"


def read_places(table: Path) -> tuple[dict[str, Place], list[Diagnostic]]:
    """Return the municipalities by name, and every mistake. Two rows of one name, code or slug are one.

    ``table`` is the file `PATH` below ``content/``, out of which no link may lead.
    """
    content = table.parent.parent
    try:
        rows = read_csv(InputFolder(content), PATH, _COLUMNS)
    except UnreadableCsv as error:
        return {}, [replace(error.diagnostic, path=PurePosixPath(content.name) / PATH)]
    path = PurePosixPath(content.name) / PATH
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
    ] + _mistakes_of_slug(path, row)


def _mistakes_of_slug(path: PurePosixPath, row: CsvRow) -> list[Diagnostic]:
    """A slug of the right form can still be no folder: it is too long, or a device of Windows."""
    words = check_name(row.cells["slug"]) if NAME.fullmatch(row.cells["slug"]) else None
    return [Diagnostic(path, row.line, *words, "R105")] if words else []
