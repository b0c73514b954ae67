"""Reads the cells of the situation's tables: moments, states, counts. A cell is read whole or refused; nothing is guessed. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from plugins.frontmatter.model.places import Place, place_named
from plugins.frontmatter.model.telephones import Telephone, parse_telephone
from plugins.open_data import cells, codes, dates
from plugins.open_data.cells import digits
from plugins.open_data.notes import CellRefused, Note
from plugins.situation.table_kinds import Kind, State, state_named

REFUSED, REPAIRED = "D301", "D302"

_NO_YEAR_NEEDED = dt.date(2000, 1, 1)
"""`dates.day` looks for the year near this day if the cell has none; `moment` refuses such a cell before."""

_AFTER_TIME = re.compile(r"\s*(?:現在|時点|更新|頃|ごろ)$")
_COMPACT = re.compile(r"(\d{8})[ T]?(\d{4})(?:\d{2})?")
_SERIAL = re.compile(r"[34567]\d{4}\.\d+")
_ZONED = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})")
_PARTS = re.compile(r"(?P<day>.+?)[T ]*(?P<time>(?:午前|午後|AM|PM|am|pm)? ?\d{1,2} ?[:時].*)")
_NOTHING = frozenset({"", "-", "ー", "―", "不明", "調査中", "確認中", "未定", "なし", "N/A", "n/a", "null"})
_YES = frozenset({"可", "○", "可能", "あり", "有", "1", "はい", "OK", "ok", "受入可", "同行可"})
_NO = frozenset({"不可", "×", "不可能", "なし", "無", "0", "いいえ", "NG", "ng", "受入不可"})
_WARD = re.compile(r"市[^市町村]{1,6}区$")
_CIRCLES = str.maketrans("◯〇●✕✖╳", "○○○×××")
"""Signs that look like the two that people mean."""


def moment(value: str, zone: ZoneInfo) -> tuple[dt.datetime, list[Note]]:
    """Return the moment that ``value`` means, in ``zone``. It needs a year and a time: what was true at 10:40 of some day is not known to hold today.

    Raises `CellRefused`.
    """
    text = _AFTER_TIME.sub("", re.sub(r"\s+", " ", digits(value)))
    if not text:
        raise CellRefused("更新時刻がありません。いつの知らせか分からない行は載せられません", "no time of the update", REFUSED)
    if set(text) == {"#"}:
        raise CellRefused(
            "日時が「###」になっています。表計算ソフトで列の幅を広げて保存し直してください", "widen the column and save again", REFUSED
        )
    if _ZONED.fullmatch(text):
        return _existing(text, zone), []
    if match := _COMPACT.fullmatch(text):
        return _combined(value, match[1], f"{match[2][:2]}:{match[2][2:]}", zone)
    if _SERIAL.fullmatch(text):
        return _of_serial(value, text, zone)
    match = _PARTS.fullmatch(text)
    if match is None or not re.search(r"\d{4}|令和|平成|^[RHrh]\.?\d", match["day"]):
        raise CellRefused(
            f"日時「{value}」が読めません。2021-03-31 10:40 のように、年から分まで書いてください",
            f"{value!r} is no moment: write 2021-03-31 10:40",
            REFUSED,
        )
    return _combined(value, match["day"].strip(), match["time"].strip(), zone)


def _existing(text: str, zone: ZoneInfo) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text).astimezone(zone).replace(second=0, microsecond=0)
    except (ValueError, OverflowError) as error:
        raise CellRefused(f"日時「{text}」はありません", f"there is no moment {text!r}", REFUSED) from error


def _combined(value: str, day_text: str, time_text: str, zone: ZoneInfo) -> tuple[dt.datetime, list[Note]]:
    day, notes = dates.day(day_text, _NO_YEAR_NEEDED)
    time, of_time = dates.clock(time_text)
    if day is None or time is None:
        raise CellRefused(f"日時「{value}」が読めません", f"{value!r} is no moment", REFUSED)
    hour, minute = time
    if hour == 24:  # the end of a day is the beginning of the next
        day, of_time = day + dt.timedelta(days=1), [Note("24:00を次の日の0:00としました", "24:00 is 0:00 of the next day", REPAIRED)]
    return dt.datetime.combine(day, dt.time(hour % 24, minute), zone), [*notes, *of_time]


def _of_serial(value: str, text: str, zone: ZoneInfo) -> tuple[dt.datetime, list[Note]]:
    """A spreadsheet's days since 1899-12-30, with the part of the day behind the point; rounded to the minute that somebody typed."""
    minutes = round(float(text) * 1440)
    plain = dt.datetime(1899, 12, 30) + dt.timedelta(minutes=minutes)  # noqa: DTZ001 - a spreadsheet knows no zone
    return plain.replace(tzinfo=zone), [
        Note(f"日時「{value}」を{plain:%Y-%m-%d %H:%M}と読みました", f"{value!r} read as {plain:%Y-%m-%d %H:%M}", REPAIRED)
    ]


def state(value: str, kind: Kind) -> tuple[State, list[Note]]:
    """Return the state that ``value`` means. Raises `CellRefused`."""
    word = re.sub(r"\s", "", digits(value)).translate(_CIRCLES)
    if known_state := state_named(kind, word):
        return known_state, [] if known_state.word == value.strip() else [
            Note(f"「{value}」を「{known_state.word}」と読みました", f"read as {known_state.word}", REPAIRED)
        ]
    known = "、".join(each.word for each in kind.states)
    raise CellRefused(
        f"{kind.state}「{value}」が読めません。使えるのは {known} です"
        if word
        else f"{kind.state}がありません。{known} のどれかを書いてください",
        f"no state {value!r}: use one of {known}",
        REFUSED,
    )


def count(value: str) -> tuple[str, list[Note]]:
    """Return a whole number as plain digits; empty where ``value`` says that nobody knows. Raises `CellRefused`."""
    text = re.sub(r"[\s,]|^約|[人名]$|程度$|ほど$", "", digits(value))
    if text in _NOTHING:
        return "", []
    text = text.removesuffix(".0")  # a spreadsheet's number
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise CellRefused(f"人数「{value}」が数ではありません。120 のように書いてください", f"{value!r} is no number: write 120", REFUSED)
    plain = str(int(text))
    return plain, [] if plain == value.strip() else [Note(f"「{value}」を{plain}と読みました", f"{value!r} read as {plain}", REPAIRED)]


def opening_time(value: str) -> tuple[str, list[Note]]:
    """Return a time of day as ``9時30分``; the end of a day as ``24時``. Raises `CellRefused`."""
    text = digits(value)
    if text in _NOTHING:
        return "", []
    time, notes = dates.clock(value)
    if time is None:
        return "", notes
    hour, minute = time
    return f"{hour}時{f'{minute}分' if minute else ''}", notes if minute or hour < 24 else []


def yes(value: str) -> tuple[str, list[Note]]:
    """Return 可 or 不可 for the signs that mean them, and other words as they are."""
    line, notes = cells.line(value)
    word = digits(line).translate(_CIRCLES)
    return "可" if word in _YES else "不可" if word in _NO else line, notes


def identifier(value: str) -> tuple[str, list[Note]]:
    """Return a number of a thing without what spreadsheets do to it: ``0000000012``, ``12`` and ``12.0`` are one."""
    text = re.sub(r"\s", "", digits(value)).removesuffix(".0")
    return text.lstrip("0") or text[:1] if text.isdigit() else text, []


def telephone(value: str) -> tuple[Telephone | None, list[Note]]:
    """Return a number that a telephone can dial; None for what is none, such as a number without its area code."""
    line, notes = cells.line(value)
    if digits(line) in _NOTHING:
        return None, notes
    telephone = parse_telephone(line)
    return telephone, notes if telephone else [
        *notes,
        Note(f"電話番号「{value}」に市外局番がないか、番号ではないので、載せません", f"{value!r} cannot be dialled: left out", REPAIRED),
    ]


def place(value: str, places: Mapping[str, Place]) -> Place:
    """Return the municipality that ``value`` names; its county may stand before it, and one of its wards behind it. Raises `CellRefused`."""
    name = re.sub(r"\s", "", digits(value))
    if not name:
        raise CellRefused("市町村がありません。「石巻市」のように書いてください", "no municipality", REFUSED)
    if municipality := place_named(places, _WARD.sub("市", name)):
        return municipality
    raise CellRefused(
        f"「{value}」という市町村はありません。「石巻市」のような正式な名前を書いてください",
        f"no municipality {value!r}: write its full name",
        REFUSED,
    )


def place_of_code(code: str, name: str, places: Mapping[str, Place]) -> tuple[Place, list[Note]]:
    """Return the municipality of a code, or of a name where the cell of the code is empty. Raises `CellRefused`."""
    if not digits(code) or _WARD.search(digits(name)):  # a ward of a city has a code of its own, and is no municipality
        return place(name, places), []
    if digits(name):
        place(name, places)  # a name that the prefecture has not is told first
    municipality, _, notes = codes.municipality(code, name, places)
    if municipality is None:
        raise CellRefused(
            f"コード「{code}」は県のコードです。市町村のコードを書いてください", f"{code!r} is the code of a prefecture", REFUSED
        )
    return municipality, notes


def several_places(value: str, places: Mapping[str, Place]) -> tuple[Place, ...]:
    """Return the municipalities of a list; none for an empty cell or 県全体. Raises `CellRefused`."""
    names = [name for name in re.split(r"[、,・/;\s]+", digits(value)) if name]
    if names in ([], ["県全体"], ["全域"], ["県内全域"]):
        return ()
    return tuple(dict.fromkeys(place(name, places) for name in names))
