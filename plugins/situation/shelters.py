"""Designated shelters: the table of 自治体標準オープンデータセット「指定緊急避難場所一覧」, and those of its form that are 指定避難所.

A row says where a shelter is and for which disasters it is meant; whether it is open is in a table of its own (`plugins.situation.table_kinds.SHELTERS`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from plugins.diagnostics import Diagnostic
from plugins.frontmatter.model.registry import Place
from plugins.frontmatter.model.telephones import Telephone
from plugins.open_data import cells as repairs
from plugins.open_data.notes import Note
from plugins.open_data.table import Row, TableForm
from plugins.situation import cells
from plugins.situation.row import Point, read_point, row_reader

PATH = PurePosixPath("data/situation/shelters.csv")

CODE, NUMBER, NAME, KANA, OWNER, ADDRESS, PHONE, PEOPLE = (
    "全国地方公共団体コード", "ID", "名称", "名称_カナ", "地方公共団体名", "所在地_連結表記", "電話番号", "想定収容人数",
)  # fmt: skip
_PARTS = ("所在地_都道府県", "所在地_市区町村", "所在地_町字", "所在地_番地以下")
HAZARDS = ("洪水", "崖崩れ、土石流及び地滑り", "高潮", "地震", "津波", "大規模な火事", "内水氾濫", "火山現象")
"""The disasters for which a place is meant (災害対策基本法施行令 第20条の4), in the order of the columns."""

COLUMNS = (
    CODE, NUMBER, NAME, KANA, "名称_英字", "所在地_全国地方公共団体コード", "町字ID", ADDRESS, *_PARTS, "建物名等(方書)", "緯度", "経度", "標高", PHONE, "内線番号",
    "連絡先メールアドレス", "連絡先FormURL", "連絡先備考(その他、SNSなど)", "郵便番号", "市区町村コード", OWNER,
    *(f"災害種別_{hazard}" for hazard in HAZARDS), "指定避難所との重複", PEOPLE, "対象となる町会・自治会", "URL", "画像", "画像_ライセンス", "備考",
)  # fmt: skip
"""The columns of 自治体標準オープンデータセット 指定緊急避難場所一覧, in its order."""

FORM = TableForm(
    COLUMNS,
    {
        "都道府県コード又は市区町村コード": CODE,
        "NO": NUMBER,
        "番号": NUMBER,
        "施設名": NAME,
        "施設・場所名": NAME,
        "避難所名": NAME,
        "名称_英語": "名称_英字",
        "市町村": OWNER,
        "市区町村名": OWNER,
        "市町村名": OWNER,
        "住所": ADDRESS,
        "所在地": ADDRESS,
        "方書": "建物名等(方書)",
        "北緯": "緯度",
        "東経": "経度",
        "電話": PHONE,
        "収容人数": PEOPLE,
        "定員": PEOPLE,
        "災害種別_崖崩れ・土石流及び地滑り": "災害種別_崖崩れ、土石流及び地滑り",
        "災害種別_土砂災害": "災害種別_崖崩れ、土石流及び地滑り",
        "災害種別_大規模火災": "災害種別_大規模な火事",
    },
    needed=(NAME,),
    title=("指定緊急避難場所・避難所", "shelters"),
    noted="D302",
    slipped="D301",
)


@dataclass(frozen=True)
class Shelter:
    """One designated shelter. ``key`` joins the code of its municipality and its number; ``capacity`` is a number of people, or empty."""

    line: int
    key: str
    name: str
    kana: str
    place: Place
    address: str
    point: Point | None
    phone: Telephone | None
    url: str
    capacity: str
    hazards: tuple[str, ...]
    number: str


def read_shelter(row: Row, places: Mapping[str, Place]) -> tuple[Shelter | None, list[Diagnostic]]:
    """Return the shelter of a row (None if it is refused), and the diagnostics."""
    reader, cell = row_reader(row), row.cells
    place = reader.read(CODE, lambda: cells.place_of_code(cell[CODE], cell[OWNER] or cell["所在地_市区町村"], places))
    name, number = reader.line(NAME), reader.read(NUMBER, lambda: cells.identifier(cell[NUMBER])) or ""
    if not name:
        reader.note(NAME, Note("名称がありません", "the name is missing", cells.REFUSED), refusal=True)
    phone = reader.read(PHONE, lambda: cells.telephone(cell[PHONE])) if cell[PHONE] else None
    url = reader.read("URL", lambda: repairs.web_address(cell["URL"])) or ""
    capacity = reader.read(PEOPLE, lambda: cells.count(cell[PEOPLE])) or ""
    address, point = reader.line(ADDRESS) or "".join(map(reader.line, _PARTS)), read_point(reader)
    hazards = tuple(hazard for hazard in HAZARDS if (sign := cell[f"災害種別_{hazard}"]) and cells.yes(sign)[0] == "可")
    if reader.is_refused or place is None:
        return None, reader.diagnostics
    key = f"{place.code}-{number}" if number else f"{place.code} {name}"
    shelter = Shelter(row.line, key, name, reader.line(KANA), place, address, point, phone, url, capacity, hazards, number)
    return shelter, reader.diagnostics
