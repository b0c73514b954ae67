"""The table of municipalities (``content/data/municipalities.csv``): read and checked, row by row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import ClassVar

from plugins.csv_table import CsvRow, UnreadableCsv, read_csv
from plugins.diagnostics import Diagnostic
from plugins.digest import constant_digest
from plugins.frontmatter.model.addresses import NAME, check_name
from plugins.inputs import InputFolder
from plugins.typography.folding import normal

PATH = PurePosixPath("data/municipalities.csv")

_CODE_JA = "全国地方公共団体コード（検査数字まで6桁）"
_CODE_EN = "the code of the municipality (JIS X 0401 and 0402), six digits with its check digit"
_COLUMNS = {
    "code": (re.compile(r"(?:0[1-9]|[1-3][0-9]|4[0-7])[0-9]{4}"), _CODE_JA, _CODE_EN),
    "name": (re.compile(r"[^\s<>\"'&]{1,40}"), "市町村の名前", "the name of the municipality"),
    "reading": (re.compile(r"[ぁ-ゖー]{1,60}"), "ひらがなの読み", "the reading in hiragana"),
    "slug": (NAME, "半角の英小文字、数字、ハイフン", "a-z, 0-9 and hyphens"),
}
"""What each column holds."""

_OPTIONAL = {
    "regional_office": (re.compile(r"[^<>\"&]{0,60}"), "県の事務所の名前", "the name of the prefecture's office"),
    "site": (
        re.compile(r"(https?://[^\s<>\"'&]{1,200})?"),
        "市町村のサイトのアドレス（https://…）",
        "the address of the municipality's own site",
    ),
    "neighbours": (
        re.compile(r"[^<>\"&]{0,400}"),
        "となりの市町村の名前（空白で区切る）",
        "names of the municipalities around it, divided by spaces",
    ),
}
"""Columns that a table may have: where a reader goes on who finds little about a municipality."""


@dataclass(frozen=True)
class Place:
    """One municipality: its JIS X 0402 code with check digit, name, reading in hiragana, and name in addresses.

    ``regional_office`` is the office of the prefecture that looks after it, ``site`` the address of its own site, ``neighbours`` are the names of the municipalities
    around it; each may be empty.
    """

    code: str
    name: str
    reading: str
    slug: str
    regional_office: str = ""
    site: str = ""
    neighbours: tuple[str, ...] = ()

    tracking_constant: ClassVar[cached_property[str]] = cached_property(constant_digest)

    @cached_property
    def url(self) -> str:
        return f"/places/{self.slug}/"


def check_digit(code: str) -> str:
    """Return the check digit of the first five digits (JIS X 0402): with the weights 6 to 2, the last digit of 11 minus the sum modulo 11."""
    total = sum(int(digit) * weight for digit, weight in zip(code[:5], (6, 5, 4, 3, 2), strict=True))
    return str(11 - total % 11)[-1]


def is_code(code: str) -> bool:
    """Tell whether ``code`` has six digits and the right check digit."""
    return len(code) == 6 and code.isascii() and code.isdigit() and check_digit(code) == code[5]


def place_named(places: Mapping[str, Place], name: str) -> Place | None:
    """Return the municipality that ``name`` means: 塩釜市 is 塩竈市, 七ケ浜町 is 七ヶ浜町, and prefecture and county (牡鹿郡女川町) may stand before it.

    The forms are those of `plugins.typography.folding`, which search knows too. None for any other name: 石巻 may be a station.
    """
    if place := places.get(name):
        return place
    folded = normal(name.strip())
    return next(
        (
            place
            for place in places.values()
            if re.fullmatch(f"(?:.{{2,3}}[都道府県])?(?:.{{1,5}}郡)?{re.escape(normal(place.name))}", folded)
        ),
        None,
    )


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
    names = {row.cells["name"] for row in rows}
    diagnostics += [diagnostic for row in rows for diagnostic in _strangers(path, row, names)]
    return {row.cells["name"]: _place(row) for row in rows}, diagnostics


def _place(row: CsvRow) -> Place:
    cells = row.cells
    neighbours = tuple(cells.get("neighbours", "").split())
    return Place(
        cells["code"], cells["name"], cells["reading"], cells["slug"], cells.get("regional_office", ""), cells.get("site", ""), neighbours
    )


def _strangers(path: PurePosixPath, row: CsvRow, names: set[str]) -> list[Diagnostic]:
    """Name each neighbour that the table does not have, or that is the municipality itself."""
    return [
        Diagnostic(
            path,
            row.line,
            f"neighbours の「{name[:40]}」は、この表のほかの行にありません。表のとおりの名前を、空白で区切って書いてください",
            f"neighbours: {name[:40]!r} is in no other row: write names as the table has them, divided by spaces",
            "R105",
        )
        for name in row.cells.get("neighbours", "").split()
        if name not in names or name == row.cells["name"]
    ]


def _mistakes(path: PurePosixPath, row: CsvRow) -> list[Diagnostic]:
    return [
        Diagnostic(
            path,
            row.line,
            *_cell_words(row, name, ja, en),
            "R105",
        )
        for name, (form, ja, en) in (_COLUMNS | _OPTIONAL).items()
        if not form.fullmatch(row.cells.get(name, "")) or (name == "code" and _lost_zero(row.cells[name]))
    ] + [*_mistakes_of_slug(path, row), *_mistakes_of_code(path, row)]


def _mistakes_of_code(path: PurePosixPath, row: CsvRow) -> list[Diagnostic]:
    """Tell a code with a slip: another program would take it for another municipality, or for none."""
    code = row.cells["code"]
    if not _COLUMNS["code"][0].fullmatch(code) or is_code(code) or _lost_zero(code):
        return []
    ja = f"code「{code}」の検査数字（最後の桁）が合いません。どこかの桁が違うか、最後が {check_digit(code)} です"
    en = f"code {code!r}: the check digit does not fit; a digit is wrong, or the last is {check_digit(code)}"
    return [Diagnostic(path, row.line, ja, en, "R105")]


def _cell_words(row: CsvRow, name: str, ja: str, en: str) -> tuple[str, str]:
    """Say what is wrong with the cell ``name``. An empty cell says nothing by itself: the name of the municipality stands for its row."""
    value, place = row.cells.get(name, "")[:60], row.cells["name"][:40]
    if not value:
        of_ja, of_en = (f"「{place}」の行の", f"the row {place!r}: ") if place else ("", "")
        return f"{of_ja} {name} の欄が空です。{ja}を書いてください".strip(), f"{of_en}{name} is empty: write {en}"
    if name == "code" and _lost_zero(value):
        return (
            f"code「{value}」は、はじめの0が消えています。「0{value}」と書いてください（Excelでは、列を「文字列」にします）",
            f"code {value!r} lost its first zero: write '0{value}'",
        )
    return f"{name}「{value}」が正しくありません。{ja}を書いてください", f"{name} {value!r}: write {en}"


def _lost_zero(code: str) -> bool:
    """Tell whether a spreadsheet took a code for a number: with a zero in front, five digits are a whole code with its check digit (JIS X 0402)."""
    return re.fullmatch(r"[1-9][0-9]{4}", code) is not None and is_code(f"0{code}")


def _mistakes_of_slug(path: PurePosixPath, row: CsvRow) -> list[Diagnostic]:
    """A slug of the right form can still be no folder: it is too long, or a device of Windows."""
    words = check_name(row.cells["slug"]) if NAME.fullmatch(row.cells["slug"]) else None
    return [Diagnostic(path, row.line, *words, "R105")] if words else []
