"""Makes one event of one row, with notes of what was repaired; or none, with the reason why. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from plugins.diagnostics import Diagnostic
from plugins.events.table_import.table import NAME
from plugins.frontmatter.model.registry import Place
from plugins.open_data import cells, codes, dates
from plugins.open_data.notes import CellRefused, Note
from plugins.open_data.row_reader import RowReader
from plugins.open_data.table import Row

CODE = "都道府県コード又は市区町村コード"


@dataclass(frozen=True)
class Entry:
    """An event as its file will have it. ``source`` joins the code and the number of the table, ``name`` is the file's name without its ending, ``year`` that of
    the first day, ``meta`` the front matter in its order without ``date``, ``paragraphs`` the body.
    """

    line: int
    source: str
    name: str
    year: int
    meta: Mapping[str, object]
    paragraphs: tuple[str, ...]


def read_entry(row: Row, places: Mapping[str, Place], near: dt.date) -> tuple[Entry | None, list[Diagnostic]]:
    """Return the event of ``row`` (None if it is refused) and the diagnostics. A date without a year means the day nearest to ``near``."""
    reader = RowReader(row)
    title = reader.line(NAME)
    if not title:
        reader.note(NAME, Note("イベント名がありません", "the name is missing", "E104"), refusal=True)
    location = reader.read(CODE, lambda: _location(row, places))
    start, end = _span(reader, near)
    meta = {"title": title} | _place_fields(reader, location[0] if location else None) | {"start": start, "end": end} | _details(reader)
    if reader.is_refused or location is None:
        return None, reader.diagnostics
    source, name = _identity(reader, location[1], title, start)
    meta = {key: value for key, value in meta.items() if value not in ("", None)}
    return Entry(row.line, source, name, int(start[:4]), meta, _paragraphs(reader, str(meta["venue"]))), reader.diagnostics


def _location(row: Row, places: Mapping[str, Place]) -> tuple[tuple[Place | None, str], list[Note]]:
    place, code, notes = codes.municipality(row.cells[CODE], row.cells["市区町村名"], places)
    return (place, code), notes


def _span(reader: RowReader, near: dt.date) -> tuple[str, str]:
    """Start and end as front matter has them: a day, or a day and a time; empty for none."""
    cell = reader.row.cells
    first = reader.read("開始日", lambda: dates.day(cell["開始日"], near))
    if first is None:
        if not cell["開始日"]:
            reader.note("開始日", Note("開始日がありません", "the first day is missing", "E104"), refusal=True)
        return "", ""
    last = reader.read("終了日", lambda: dates.day(cell["終了日"], first)) or first
    start = reader.read("開始時間", lambda: dates.clock(cell["開始時間"]))
    end = reader.read("終了時間", lambda: dates.clock(cell["終了時間"]))
    if last < first or (last == first and start and end and end < start):
        original = f"{cell['開始日']} {cell['開始時間']}〜{cell['終了日']} {cell['終了時間']}"
        reader.note("終了日", Note(f"終わりが始まりより前です（{original}）", "it ends before it begins", "E108"), refusal=True)
    has_end = last > first or end
    return _moment(first, start), _moment(last, end) if has_end else ""


def _moment(day: dt.date, time: tuple[int, int] | None) -> str:
    return f"{day.isoformat()} {time[0]:02}:{time[1]:02}" if time else day.isoformat()


def _place_fields(reader: RowReader, place: Place | None) -> dict[str, object]:
    """Municipality, venue, address, coordinates."""
    cell = reader.row.cells
    address = " ".join(filter(None, (reader.line("住所"), reader.line("方書"))))
    venue = reader.line("場所名称")
    if not venue and address:
        venue = address
        reader.note("場所名称", Note("場所名称がないので、住所を会場としました", "no venue: the address is used", "E206"))
    if not venue:
        reader.note("場所名称", Note("場所名称も住所もありません", "neither venue nor address", "E104"), refusal=True)
    coordinates = reader.read("緯度", lambda: cells.coordinates(cell["緯度"], cell["経度"]))
    fields: dict[str, object] = {"municipalities": [place.name] if place else None, "venue": venue, "address": address}
    return fields | ({"latitude": f"{coordinates[0]:g}", "longitude": f"{coordinates[1]:g}"} if coordinates else {})


def _details(reader: RowReader) -> dict[str, object]:
    """Fee, contact, access, application: the fields for people who want to go there."""
    telephone = " 内線".join(filter(None, (reader.line("連絡先電話番号"), reader.line("連絡先内線番号"))))
    last_day = reader.read("参加申込終了日", lambda: dates.day(reader.row.cells["参加申込終了日"], _first_day(reader)))
    last_time = reader.read("参加申込終了時間", lambda: dates.clock(reader.row.cells["参加申込終了時間"]))
    return {
        "fee": " ".join(filter(None, (_fee(reader.line("料金(基本)")), reader.line("料金(詳細)")))),
        "organizer": reader.line("主催者"),
        "contact": " ".join(filter(None, (reader.line("連絡先名称"), telephone))),
        "access": reader.line("アクセス方法"),
        "parking": reader.line("駐車場情報"),
        "capacity": reader.line("定員"),
        "apply": reader.line("参加申込方法"),
        "apply_by": _moment(last_day, last_time) if last_day else "",
        "url": reader.read("URL", lambda: cells.web_address(reader.row.cells["URL"])) or "",
    }


def _first_day(reader: RowReader) -> dt.date:
    """The first day of the event, near which applications end. If it cannot be read, the row is refused anyway, so any fixed day will do."""
    try:
        return dates.day(reader.row.cells["開始日"], dt.date(2020, 1, 1))[0] or dt.date(2020, 1, 1)
    except CellRefused:
        return dt.date(2020, 1, 1)


def _fee(value: str) -> str:
    plain = cells.digits(value).replace(",", "")
    return "無料" if plain == "0" else f"{int(plain):,}円" if plain.isdigit() else value


def _identity(reader: RowReader, code: str, title: str, start: str) -> tuple[str, str]:
    """The key of the event in its table, and the name of its file. An event without a number gets one made of its name and its start."""
    number = cells.digits(reader.row.cells["NO"])
    if not number:
        number = hashlib.sha256(f"{title}\n{start}".encode()).hexdigest()[:10]
        reader.note("NO", Note(f"NOがないので、名前と日付から「{number}」としました", f"no number: {number} made of name and day", "E207"))
    slug = re.sub(r"[^a-z0-9]+", "-", number.lower()).strip("-") or hashlib.sha256(number.encode()).hexdigest()[:10]
    return f"{code}-{number}", f"{code}-{slug}"[:80].strip("-")


def _paragraphs(reader: RowReader, venue: str) -> tuple[str, ...]:
    """The body: description, remarks on the times, other remarks. A body must not be empty, so the venue stands in."""
    paragraphs = []
    for column in ("説明", "開始日時特記事項", "備考"):
        cleaned = reader.read(column, lambda column=column: cells.text(reader.row.cells[column])) or ""  # type: ignore[misc]
        paragraphs += [line.strip(" 　") for line in cleaned.splitlines() if line.strip(" 　")]
    return tuple(paragraphs) or (f"{venue}で開かれる催しです。",)
