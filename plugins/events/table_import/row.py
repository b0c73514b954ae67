"""One row of the table → one event, with everything that was repaired; or the reason why it is left out. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from plugins.events.table_import import cells, codes, dates
from plugins.events.table_import.notes import CellRefused, ImportNote, Note
from plugins.events.table_import.table import NAME, Row
from plugins.frontmatter.model.registry import Place

CODE = "都道府県コード又は市区町村コード"
_T = TypeVar("_T")


@dataclass(frozen=True)
class Entry:
    """An event as it will stand in a file. ``source`` is code and number of the table, ``meta`` front matter in its order, without the date."""

    line: int
    source: str
    name: str
    year: int
    meta: Mapping[str, object]
    paragraphs: tuple[str, ...]


@dataclass
class _Reading:
    """Reads the cells of one row and keeps what it has to tell."""

    row: Row
    told: list[ImportNote] = field(default_factory=list)

    def note(self, column: str, note: Note, *, refusal: bool = False) -> None:
        self.told.append(ImportNote(self.row.line, column, note.ja, note.en, refusal))

    def line(self, column: str) -> str:
        """A cell as one clean line."""
        return self.take(column, lambda: cells.line(self.row.cells[column])) or ""

    def take(self, column: str, read: Callable[[], tuple[_T, list[Note]]]) -> _T | None:
        """Run a repair, tell its notes under ``column``; a refusal gives None."""
        try:
            value, notes = read()
        except CellRefused as refused:
            self.note(column, refused.note, refusal=True)
            return None
        for each in notes:
            self.note(column, each)
        return value

    @property
    def refused(self) -> bool:
        return any(told.refusal for told in self.told)


def read_entry(row: Row, places: Mapping[str, Place], near: dt.date) -> tuple[Entry | None, list[ImportNote]]:
    """Return the event of ``row`` (None if refused) and everything to tell. ``near`` stands in for a year that is not written."""
    reading = _Reading(row)
    title = reading.line(NAME)
    if not title:
        reading.note(NAME, Note("イベント名がありません", "the name is missing"), refusal=True)
    where = reading.take(CODE, lambda: _where(row, places))
    start, end = _span(reading, near)
    meta = {"title": title} | _place_words(reading, where[0] if where else None) | {"start": start, "end": end} | _details(reading)
    if reading.refused or where is None:
        return None, reading.told
    source, name = _identity(reading, where[1], title, start)
    meta = {key: value for key, value in meta.items() if value not in ("", None)}
    return Entry(row.line, source, name, int(start[:4]), meta, _paragraphs(reading, str(meta["venue"]))), reading.told


def _where(row: Row, places: Mapping[str, Place]) -> tuple[tuple[Place | None, str], list[Note]]:
    place, code, notes = codes.municipality(row.cells[CODE], row.cells["市区町村名"], places)
    return (place, code), notes


def _span(reading: _Reading, near: dt.date) -> tuple[str, str]:
    """Start and end as front matter writes them: a day, or a day and a time; empty where there is none."""
    cell = reading.row.cells
    first = reading.take("開始日", lambda: dates.day(cell["開始日"], near))
    if first is None:
        if not cell["開始日"]:
            reading.note("開始日", Note("開始日がありません", "the first day is missing"), refusal=True)
        return "", ""
    last = reading.take("終了日", lambda: dates.day(cell["終了日"], first)) or first
    begins = reading.take("開始時間", lambda: dates.clock(cell["開始時間"]))
    ends = reading.take("終了時間", lambda: dates.clock(cell["終了時間"]))
    if last < first or (last == first and begins and ends and ends < begins):
        written = f"{cell['開始日']} {cell['開始時間']}〜{cell['終了日']} {cell['終了時間']}"
        reading.note("終了日", Note(f"終わりが始まりより前です（{written}）", "it ends before it begins"), refusal=True)
    lasts = last > first or ends
    return _moment(first, begins), _moment(last, ends) if lasts else ""


def _moment(day: dt.date, time: dt.time | None) -> str:
    return f"{day.isoformat()} {time:%H:%M}" if time else day.isoformat()


def _place_words(reading: _Reading, place: Place | None) -> dict[str, object]:
    """Municipality, venue, address, coordinates."""
    cell = reading.row.cells
    address = " ".join(filter(None, (reading.line("住所"), reading.line("方書"))))
    venue = reading.line("場所名称")
    if not venue and address:
        venue = address
        reading.note("場所名称", Note("場所名称がないので、住所を会場としました", "no venue: the address is used"))
    if not venue:
        reading.note("場所名称", Note("場所名称も住所もありません", "neither venue nor address"), refusal=True)
    found = reading.take("緯度", lambda: cells.coordinates(cell["緯度"], cell["経度"]))
    words: dict[str, object] = {"municipalities": [place.name] if place else None, "venue": venue, "address": address}
    return words | ({"latitude": f"{found[0]:g}", "longitude": f"{found[1]:g}"} if found else {})


def _details(reading: _Reading) -> dict[str, object]:
    """What somebody needs who wants to go there."""
    number = " 内線".join(filter(None, (reading.line("連絡先電話番号"), reading.line("連絡先内線番号"))))
    until = reading.take("参加申込終了日", lambda: dates.day(reading.row.cells["参加申込終了日"], _first_day(reading)))
    at = reading.take("参加申込終了時間", lambda: dates.clock(reading.row.cells["参加申込終了時間"]))
    return {
        "fee": " ".join(filter(None, (_fee(reading.line("料金(基本)")), reading.line("料金(詳細)")))),
        "organizer": reading.line("主催者"),
        "contact": " ".join(filter(None, (reading.line("連絡先名称"), number))),
        "access": reading.line("アクセス方法"),
        "parking": reading.line("駐車場情報"),
        "capacity": reading.line("定員"),
        "apply": reading.line("参加申込方法"),
        "apply_by": _moment(until, at) if until else "",
        "url": _url(reading),
    }


def _first_day(reading: _Reading) -> dt.date:
    """The day the event begins, near which the end of applications lies."""
    try:
        return dates.day(reading.row.cells["開始日"], dt.date(2020, 1, 1))[0] or dt.date(2020, 1, 1)
    except CellRefused:
        return dt.date(2020, 1, 1)


def _fee(value: str) -> str:
    plain = cells.digits(value).replace(",", "")
    return "無料" if plain == "0" else f"{int(plain):,}円" if plain.isdigit() else value


def _url(reading: _Reading) -> str:
    value = reading.row.cells["URL"].strip()
    if not value or re.fullmatch(r"https?://[^\s<>\"]+", value):
        return value
    if re.fullmatch(r"(www\.)?[a-z0-9.-]+\.(jp|com|net|org|info)(/[^\s<>\"]*)?", value, re.IGNORECASE):
        reading.note("URL", Note(f"「{value}」の頭に https:// を付けました", f"https:// put before {value!r}"))
        return f"https://{value}"
    reading.note("URL", Note(f"「{value}」はアドレスではないので、載せません", f"{value!r} is no address: left out"))
    return ""


def _identity(reading: _Reading, code: str, title: str, start: str) -> tuple[str, str]:
    """The key of the event in its table, and the name of its file. Without a number, both come from what it is called and when it begins."""
    number = cells.digits(reading.row.cells["NO"])
    if not number:
        number = hashlib.sha256(f"{title}\n{start}".encode()).hexdigest()[:10]
        reading.note("NO", Note(f"NOがないので、名前と日付から「{number}」としました", f"no number: {number} made of name and day"))
    slug = re.sub(r"[^a-z0-9]+", "-", number.lower()).strip("-") or hashlib.sha256(number.encode()).hexdigest()[:10]
    return f"{code}-{number}", f"{code}-{slug}"[:80].strip("-")


def _paragraphs(reading: _Reading, venue: str) -> tuple[str, ...]:
    """The body: description, what is said about the times, remarks."""
    found = []
    for column in ("説明", "開始日時特記事項", "備考"):
        clean = reading.take(column, lambda column=column: cells.text(reading.row.cells[column])) or ""  # type: ignore[misc]
        found += [line.strip(" 　") for line in clean.splitlines() if line.strip(" 　")]
    return tuple(found) or (f"{venue}で開かれる催しです。",)
