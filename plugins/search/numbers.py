"""Numbers of documents in the index: the newer the document, the higher, and with room between them, so that one that comes or goes moves few others.

A block is a month, or the documents without a date, which come first. A quarter of its numbers at least are free (`room_for`), and each document has the
number that lies as far into the block as its date into the month, or the next free one. So a document that comes in between moves the few that stand
close behind it. If its block needs more room, later months move; and the year has room for that, so that later years stay. Pure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import groupby

_MONTH = 31 * 24 * 60
"""Minutes of the longest month."""


def numbers_of(dates: Sequence[dt.datetime | None]) -> list[int]:
    """Return an ascending number for each document. ``dates`` ascend, after those that are missing."""
    numbers, first = list[int](), 0
    for _, of_year in groupby(dates, key=lambda date: date.year if date else 0):
        begin = first
        for _, of_month in groupby(of_year, key=lambda date: date.month if date else 0):
            block = list(of_month)
            room = room_for(len(block))
            numbers += [first + place for place in _places(block, room)]
            first += room
        first = begin + _year_room(first - begin)
    return numbers


def room_for(count: int) -> int:
    """Return how many numbers a block of ``count`` documents has: the smallest of 4, 6, 8, 12, 16 … of which they take three quarters at most."""
    room = 4
    while count * 4 > room * 3:
        room = room * 3 // 2 if room & (room - 1) == 0 else room * 4 // 3
    return room


def _year_room(taken: int) -> int:
    """Return the smallest of 4, 5, 6, 7, 8, 10, 12, 14, 16, 20 … that is more than ``taken``."""
    step = max(1, 1 << taken.bit_length() - 3)
    return (taken // step + 1) * step


def _places(block: Sequence[dt.datetime | None], room: int) -> list[int]:
    """Return the place of each document of a block within its ``room``."""
    places, last = list[int](), -1
    for number, date in enumerate(block):
        wished = _minute(date) * room // _MONTH if date else 0
        last = min(max(last + 1, wished), room - len(block) + number)
        places.append(last)
    return places


def _minute(date: dt.datetime) -> int:
    """Return the minute within the month."""
    return ((date.day - 1) * 24 + date.hour) * 60 + date.minute
