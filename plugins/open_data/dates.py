"""Reads days and times as people write them into tables: what `plugins.typography.written_dates` reads, and serial days of a spreadsheet. Pure.

A cell is read whole or refused. The build's day is passed in, because a date without a year means the nearest one.
"""

from __future__ import annotations

import datetime as dt
import re

from plugins.open_data.cells import digits
from plugins.open_data.notes import CellRefused, Note
from plugins.typography import written_dates
from plugins.typography.written_dates import NoSuchMoment

_MIDNIGHT = re.compile(r"T?0{1,2}:00(?::00)?")
"""What a spreadsheet writes behind a day without a time."""
_EPOCH = dt.date(1899, 12, 30)
"""Day 0 of a spreadsheet's serial days: Excel counts from 1 January 1900 as day 1, and takes 1900 for a leap year."""


def day(value: str, near: dt.date) -> tuple[dt.date | None, list[Note]]:
    """Return the day that ``value`` means (None if it is empty), and a note if it was not written as a plain date.

    Without a year, it is the day nearest to ``near`` that has the weekday of ``value``, if there is one. Raises `CellRefused` if ``value`` is no day, or names
    another weekday than its day has.
    """
    half_width = digits(value)
    if not half_width:
        return None, []
    if re.fullmatch(r"\d{8}", half_width):
        half_width = f"{half_width[:4]}-{half_width[4:6]}-{half_width[6:]}"
    if re.fullmatch(r"[34567]\d{4}", half_width):  # serial days from 1982 to 2119; other numbers of five digits are no days
        return _with_note(value, _EPOCH + dt.timedelta(days=int(half_width)))
    read = written_dates.read_day(half_width)
    if read is None or (read[1] and not _MIDNIGHT.fullmatch(read[1])):
        raise CellRefused(f"日付「{value}」が読めません", f"{value!r} is no date", "E105")
    try:
        return _with_note(value, read[0].nearest(near))
    except NoSuchMoment as error:
        raise CellRefused(f"日付「{value}」：{error}", f"{value!r}: {error.en}", "E105") from error


def _with_note(value: str, parsed: dt.date) -> tuple[dt.date, list[Note]]:
    plain = digits(value) in (f"{parsed.year}/{parsed.month}/{parsed.day}", f"{parsed:%Y/%m/%d}", parsed.isoformat())
    return parsed, [] if plain else [Note(f"日付「{value}」を{parsed.isoformat()}と読みました", f"{value!r} read as {parsed}", "E203")]


def clock(value: str) -> tuple[tuple[int, int] | None, list[Note]]:
    """Return hour and minute of the time of day that ``value`` means (None if it is empty), and a note if it was not written plainly.

    The hour is 24 at the end of the day: 00:00 of the same day would be its beginning. Raises `CellRefused` if ``value`` is no time.
    """
    half_width = digits(value)
    if not half_width:
        return None, []
    if re.fullmatch(r"\d{3,4}", half_width):
        half_width = f"{half_width[:-2]}:{half_width[-2:]}"
    try:
        read = written_dates.read_clock(half_width)
    except NoSuchMoment as error:
        raise CellRefused(f"時刻「{value}」：{error}", f"{value!r}: {error.en}", "E106") from error
    if read is None:
        raise CellRefused(f"時刻「{value}」が読めません。10:00 のように書いてください", f"{value!r} is no time: write 10:00", "E106")
    hour, minute = read
    plain = half_width in (f"{hour}:{minute:02}", f"{hour:02}:{minute:02}", f"{hour:02}:{minute:02}:00")
    shown = f"{hour:02}:{minute:02}"
    return read, [] if plain else [Note(f"時刻「{value}」を{shown}と読みました", f"{value!r} read as {shown}", "E203")]
