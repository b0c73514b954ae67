"""Dates and times as people write them into tables. Pure: the year that is meant when none is written is passed in."""

from __future__ import annotations

import datetime as dt
import re

from plugins.events.table_import.cells import digits
from plugins.events.table_import.notes import CellRefused, Note

_ERAS = {"令和": 2018, "R": 2018, "平成": 1988, "H": 1988}
_WEEKDAYS = "月火水木金土日"
_DAY = re.compile(
    r"(?:(?P<era>令和|平成|[RHrh])\.?(?P<eyear>元|\d{1,2})[年./-]|(?P<year>\d{4})[年./-])?(?P<month>\d{1,2})[月./-](?P<day>\d{1,2})日?"
    r"(?:\((?P<weekday>[月火水木金土日])(?:曜日?)?(?:[・/]?[祝休])?\))?(?:[T ]0{1,2}:00(?::00)?)?"
)
_TIME = re.compile(r"(?P<half>午前|午後|AM|PM|am|pm)? ?(?P<hour>\d{1,2})(?:[:時](?P<minute>\d{1,2})?分?(?::00)?| ?(?P<half2>AM|PM|am|pm))?")
_EPOCH = dt.date(1899, 12, 30)
"""Day 0 of a spreadsheet's serial dates."""


def day(value: str, near: dt.date) -> tuple[dt.date | None, list[Note]]:
    """Return the day that ``value`` means (None if it is empty), and what was read into it.

    A missing year is the one whose day lies nearest to ``near``, and of the right weekday where one is written.
    Raises `CellRefused` if it is no day, or if its weekday is another one.
    """
    written = re.sub(r"\s*([年月日./()-])\s*", r"\1", digits(value))
    if not written:
        return None, []
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", written):
        return _real(value, *map(int, written.split("-"))), []
    if re.fullmatch(r"\d{8}", written):
        return _told(value, _real(value, int(written[:4]), int(written[4:6]), int(written[6:])))
    if re.fullmatch(r"[34567]\d{4}", written):
        return _told(value, _EPOCH + dt.timedelta(days=int(written)))
    found = _DAY.fullmatch(written)
    if not found:
        raise CellRefused(f"日付「{value}」が読めません", f"{value!r} is no date")
    read = _with_year(value, found, near)
    if found["weekday"] and _WEEKDAYS[read.weekday()] != found["weekday"]:
        right = f"{read.isoformat()}は{_WEEKDAYS[read.weekday()]}曜日"
        raise CellRefused(
            f"日付「{value}」の曜日が合いません（{right}）。どちらが正しいか確かめてください", f"{value!r}: wrong weekday for {read}"
        )
    return _told(value, read)


def _told(value: str, read: dt.date) -> tuple[dt.date, list[Note]]:
    plain = digits(value) in (f"{read.year}/{read.month}/{read.day}", f"{read:%Y/%m/%d}")
    return read, [] if plain else [Note(f"日付「{value}」を{read.isoformat()}と読みました", f"{value!r} read as {read}")]


def _with_year(value: str, found: re.Match[str], near: dt.date) -> dt.date:
    month, number = int(found["month"]), int(found["day"])
    if found["year"]:
        return _real(value, int(found["year"]), month, number)
    if found["era"]:
        return _real(value, _ERAS[found["era"].upper()] + (1 if found["eyear"] == "元" else int(found["eyear"])), month, number)
    days = [each for year in (near.year - 1, near.year, near.year + 1) if (each := _maybe(year, month, number))]
    fitting = [each for each in days if not found["weekday"] or _WEEKDAYS[each.weekday()] == found["weekday"]]
    if not fitting:
        raise CellRefused(f"日付「{value}」の年が分かりません。年を書いてください", f"no year near {near} fits {value!r}: write the year")
    return min(fitting, key=lambda each: abs(each - near))


def _real(value: str, year: int, month: int, number: int) -> dt.date:
    read = _maybe(year, month, number)
    if read is None:
        raise CellRefused(f"日付「{value}」はありません", f"there is no day {value!r}")
    return read


def _maybe(year: int, month: int, number: int) -> dt.date | None:
    try:
        return dt.date(year, month, number)
    except ValueError:
        return None


def clock(value: str) -> tuple[dt.time | None, list[Note]]:
    """Return the time of day that ``value`` means (None if it is empty). Raises `CellRefused` if it is none."""
    written = digits(value)
    if not written:
        return None, []
    if re.fullmatch(r"\d{3,4}", written):
        written = f"{written[:-2]}:{written[-2:]}"
    found = _TIME.fullmatch(written)
    if not found:
        raise CellRefused(f"時刻「{value}」が読めません。10:00 のように書いてください", f"{value!r} is no time: write 10:00")
    half = (found["half"] or found["half2"] or "").upper()
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if half in ("午後", "PM") and hour < 12:
        hour += 12
    if (hour, minute) == (24, 0):
        return dt.time(23, 59), [Note("24:00を23:59としました", "24:00 became 23:59")]
    if hour > 23 or minute > 59:
        raise CellRefused(f"時刻「{value}」はありません", f"there is no time {value!r}")
    read = dt.time(hour, minute)
    plain = written in (f"{hour}:{minute:02}", f"{hour:02}:{minute:02}", f"{hour:02}:{minute:02}:00")
    return read, [] if plain else [Note(f"時刻「{value}」を{read:%H:%M}と読みました", f"{value!r} read as {read:%H:%M}")]
