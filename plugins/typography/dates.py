"""Dates and numbers in the form that Japanese readers expect, on the page and aloud."""

from __future__ import annotations

import datetime as dt
import re

from markupsafe import Markup

_WEEKDAYS = "月火水木金土日"
# The first day of each era, the latest first.
_ERAS = ((dt.date(2019, 5, 1), "令和"), (dt.date(1989, 1, 8), "平成"), (dt.date(1926, 12, 25), "昭和"))
_UNITS = {
    "km": "キロメートル",
    "m": "メートル",
    "cm": "センチメートル",
    "mm": "ミリメートル",
    "ha": "ヘクタール",
    "a": "アール",
    "km²": "平方キロメートル",
    "㎢": "平方キロメートル",
    "m²": "平方メートル",
    "㎡": "平方メートル",
    "m³": "立方メートル",
    "㎥": "立方メートル",
    "t": "トン",
    "kg": "キログラム",
    "g": "グラム",
    "L": "リットル",
    "kW": "キロワット",
    "MW": "メガワット",
    "℃": "度",
    "％": "パーセント",
    "%": "パーセント",
}
"""Unit → what it is called (JIS Z 8000). A unit in kanji is said as it is written."""

_SIGNS = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_QUANTITY = re.compile(rf"(?P<number>[0-9][0-9,.]*) ?(?:(?P<sign>{_SIGNS})(?![A-Za-z²³])|(?=[\u4e00-\u9fffか]))(?P<next>(?=[0-9]))?")


def japanese_date(day: dt.date) -> str:
    """Return ``2015年3月21日``."""
    return f"{day.year}年{day.month}月{day.day}日"


def japanese_day(day: dt.date) -> str:
    """Return ``2015年3月21日（土曜日）``. The weekday is written in full, as a screen reader should say it."""
    return f"{japanese_date(day)}（{_WEEKDAYS[day.weekday()]}曜日）"


def japanese_time(moment: dt.datetime) -> str:
    """Return ``2015年3月21日10時``, with minutes when there are any."""
    return f"{japanese_date(moment)}{japanese_clock(moment)}"


def japanese_clock(moment: dt.datetime) -> str:
    """Return ``10時`` or ``10時30分``."""
    return f"{moment.hour}時" + (f"{moment.minute}分" if moment.minute else "")


def time_element(day: dt.date) -> Markup:
    """Return the date in a ``time`` element, with the ISO form for programs (HTML, 4.5.14). A moment counts as its day."""
    return Markup(f'<time datetime="{day.isoformat()[:10]}">{japanese_date(day)}</time>')  # noqa: S704 - digits and our own words


def since(day: dt.date) -> str:
    """Return how long after the earthquake of 2011-03-11 ``day`` was, in whole months: ``震災から4年3か月``; empty for a day before it.

    This is the time axis of the archive.
    """
    months = (day.year - 2011) * 12 + day.month - 3 - (day.day < 11)
    if months < 0:
        return ""
    years, months_left = divmod(months, 12)
    if not months:
        return "震災から1か月以内"
    return "震災から" + (f"{years}年" if years else "") + (f"{months_left}か月" if months_left else "")


def era_year(day: dt.date) -> str:
    """Return the year of the era: ``平成27年``. The first year is ``元年``. A year before 昭和 is that of the common era."""
    start, name = next(((s, n) for s, n in _ERAS if _date(day) >= s), (None, ""))
    if start is None:
        return f"{day.year}年"
    year = day.year - start.year + 1
    return f"{name}{'元' if year == 1 else year}年"


def _date(day: dt.date) -> dt.date:
    return day.date() if isinstance(day, dt.datetime) else day


def number(value: float) -> str:
    """Return ``15,361`` or ``107.91``: grouped by thousands, with at most two decimals and no trailing zeros."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def aloud(text: str) -> str:
    """Return ``text`` as a voice has to say it: a space between a number and its unit, units in words, ``、`` where another number follows at once.

    For accessible names: ``98.6km`` is 98.6 キロメートル. The text itself stays as it is, for search and to be copied.
    """

    def say(match: re.Match[str]) -> str:
        return f"{match['number']} {_UNITS.get(match['sign'] or '', '')}{'、' if match['next'] is not None else ''}"

    return _QUANTITY.sub(say, text)
