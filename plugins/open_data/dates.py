"""Reads days and times as people write them into tables: eras, weekdays, full-width digits, serial days of a spreadsheet. Pure.

A cell is read whole or refused. The build's day is passed in, because a date without a year means the nearest one.
"""

from __future__ import annotations

import datetime as dt
import re

from plugins.open_data.cells import digits
from plugins.open_data.notes import CellRefused, Note

_ERAS = {"令和": 2018, "R": 2018, "平成": 1988, "H": 1988}
"""The year before the first year of each era: 令和1年 is 2019."""
_WEEKDAYS = "月火水木金土日"
_DAY = re.compile(
    r"(?:(?P<era>令和|平成|[RHrh])\.?(?P<eyear>元|\d{1,2})[年./-]|(?P<year>\d{4})[年./-])?(?P<month>\d{1,2})[月./-](?P<day>\d{1,2})日?"
    r"(?:\((?P<weekday>[月火水木金土日])(?:曜日?)?(?:[・/]?[祝休])?\))?(?:[T ]0{1,2}:00(?::00)?)?"
)
_TIME = re.compile(r"(?P<half>午前|午後|AM|PM|am|pm)? ?(?P<hour>\d{1,2})(?:[:時](?P<minute>\d{1,2})?分?(?::00)?| ?(?P<half2>AM|PM|am|pm))?")
_EPOCH = dt.date(1899, 12, 30)
"""Day 0 of a spreadsheet's serial days: Excel counts from 1 January 1900 as day 1, and takes 1900 for a leap year."""


def day(value: str, near: dt.date) -> tuple[dt.date | None, list[Note]]:
    """Return the day that ``value`` means (None if it is empty), and a note if it was not written as a plain date.

    Without a year, it is the day nearest to ``near`` that has the weekday of ``value``, if there is one. Raises `CellRefused` if ``value`` is no day, or names
    another weekday than its day has.
    """
    compact = re.sub(r"\s*([年月日./()-])\s*", r"\1", digits(value))
    if not compact:
        return None, []
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", compact):
        return _existing_day(value, *map(int, compact.split("-"))), []
    if re.fullmatch(r"\d{8}", compact):
        return _with_note(value, _existing_day(value, int(compact[:4]), int(compact[4:6]), int(compact[6:])))
    if re.fullmatch(r"[34567]\d{4}", compact):  # serial days from 1982 to 2119; other numbers of five digits are no days
        return _with_note(value, _EPOCH + dt.timedelta(days=int(compact)))
    match = _DAY.fullmatch(compact)
    if not match:
        raise CellRefused(f"日付「{value}」が読めません", f"{value!r} is no date", "E105")
    parsed = _with_year(value, match, near)
    if match["weekday"] and _WEEKDAYS[parsed.weekday()] != match["weekday"]:
        actual = f"{parsed.isoformat()}は{_WEEKDAYS[parsed.weekday()]}曜日"
        raise CellRefused(
            f"日付「{value}」の曜日が合いません（{actual}）。どちらが正しいか確かめてください",
            f"{value!r}: wrong weekday for {parsed}",
            "E105",
        )
    return _with_note(value, parsed)


def _with_note(value: str, parsed: dt.date) -> tuple[dt.date, list[Note]]:
    plain = digits(value) in (f"{parsed.year}/{parsed.month}/{parsed.day}", f"{parsed:%Y/%m/%d}")
    return parsed, [] if plain else [Note(f"日付「{value}」を{parsed.isoformat()}と読みました", f"{value!r} read as {parsed}", "E203")]


def _with_year(value: str, match: re.Match[str], near: dt.date) -> dt.date:
    month, day_of_month = int(match["month"]), int(match["day"])
    if match["year"]:
        return _existing_day(value, int(match["year"]), month, day_of_month)
    if match["era"]:
        year_of_era = 1 if match["eyear"] == "元" else int(match["eyear"])
        return _existing_day(value, _ERAS[match["era"].upper()] + year_of_era, month, day_of_month)
    days = [day for year in (near.year - 1, near.year, near.year + 1) if (day := _date_or_none(year, month, day_of_month))]
    candidates = [day for day in days if not match["weekday"] or _WEEKDAYS[day.weekday()] == match["weekday"]]
    if not candidates:
        raise CellRefused(
            f"日付「{value}」の年が分かりません。年を書いてください", f"no year near {near} fits {value!r}: write the year", "E105"
        )
    return min(candidates, key=lambda day: abs(day - near))


def _existing_day(value: str, year: int, month: int, day_of_month: int) -> dt.date:
    parsed = _date_or_none(year, month, day_of_month)
    if parsed is None:
        raise CellRefused(f"日付「{value}」はありません", f"there is no day {value!r}", "E105")
    return parsed


def _date_or_none(year: int, month: int, day_of_month: int) -> dt.date | None:
    try:
        return dt.date(year, month, day_of_month)
    except ValueError:
        return None


def clock(value: str) -> tuple[dt.time | None, list[Note]]:
    """Return the time of day that ``value`` means (None if it is empty), and a note if it was not written plainly. Raises `CellRefused` if it is none."""
    half_width = digits(value)
    if not half_width:
        return None, []
    if re.fullmatch(r"\d{3,4}", half_width):
        half_width = f"{half_width[:-2]}:{half_width[-2:]}"
    match = _TIME.fullmatch(half_width)
    if not match:
        raise CellRefused(f"時刻「{value}」が読めません。10:00 のように書いてください", f"{value!r} is no time: write 10:00", "E106")
    half = (match["half"] or match["half2"] or "").upper()
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if half in ("午後", "PM") and hour < 12:
        hour += 12
    if (hour, minute) == (24, 0):  # the end of the day; 00:00 of the same day would be its beginning
        return dt.time(23, 59), [Note("24:00を23:59としました", "24:00 became 23:59", "E203")]
    if hour > 23 or minute > 59:
        raise CellRefused(f"時刻「{value}」はありません", f"there is no time {value!r}", "E106")
    parsed = dt.time(hour, minute)
    plain = half_width in (f"{hour}:{minute:02}", f"{hour:02}:{minute:02}", f"{hour:02}:{minute:02}:00")
    return parsed, [] if plain else [Note(f"時刻「{value}」を{parsed:%H:%M}と読みました", f"{value!r} read as {parsed:%H:%M}", "E203")]
