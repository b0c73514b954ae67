"""Days and times as people in Japan write them, read as the form that front matter has (ISO 8601). Pure.

A text is read whole or not at all, and a day that is not in the calendar is named: nothing is guessed.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

_ERAS = {"令和": 2018, "R": 2018, "平成": 1988, "H": 1988, "昭和": 1925, "S": 1925, "大正": 1911, "T": 1911, "明治": 1867, "M": 1867}
"""The year before the first of each era: 令和元年 is 2019."""
_BEGINS = {
    2018: dt.date(2019, 5, 1),
    1988: dt.date(1989, 1, 8),
    1925: dt.date(1926, 12, 25),
    1911: dt.date(1912, 7, 30),
    1867: dt.date(1868, 1, 25),
}
_WEEKDAYS = "月火水木金土日"
_DAY = re.compile(
    r"(?:(?P<era>令和|平成|昭和|大正|明治|[RHSTM])\.?(?P<of_era>元|\d{1,2})|(?P<year>\d{4}))(?:年|(?P<sign>[/.-]))(?P<month>\d{1,2})(?:月|(?P=sign))(?P<day>\d{1,2})日?"
    r"(?:\((?P<weekday>[月火水木金土日])(?:曜日?)?(?:[・/]?[祝休])?\)|(?P<spoken>[月火水木金土日])曜日?)?"
)
_TIME = re.compile(
    r"(?P<half>午前|午後|AM|PM)?(?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::00)?|時(?:(?P<minute2>\d{1,2})分|(?P<is_half>半))?)"
)


class NoSuchMoment(ValueError):
    """The text is written as a day or a time, and there is none such. The message says why, in Japanese; ``en`` in English."""

    def __init__(self, ja: str, en: str) -> None:
        super().__init__(ja)
        self.en = en


def iso(text: str) -> str | None:
    """Return ``text`` as ``2016-02-10`` or ``2016-02-10 10:30``; None if it is not written as a day. Raises `NoSuchMoment`.

    24:00 is the midnight after the day, and so the next day's 00:00.
    """
    compact = re.sub(r"[\s]*([年月日時分./:()-])[\s]*", r"\1", unicodedata.normalize("NFKC", text).strip().replace("−", "-"))
    match = _DAY.match(compact.upper())
    if match is None or (match["era"] is None and match["sign"] is None and "年" not in match[0]):
        return None
    day, rest = _day(match), compact[match.end() :].strip()
    if not rest:
        return day.isoformat()
    time = _TIME.fullmatch(rest.upper())
    if time is None:
        return None
    hour, minute = _clock(time)
    moment = dt.datetime.combine(day, dt.time()) + dt.timedelta(hours=hour, minutes=minute)
    return f"{moment:%Y-%m-%d %H:%M}"


def _day(match: re.Match[str]) -> dt.date:
    month, number = int(match["month"]), int(match["day"])
    before = _ERAS[match["era"]] if match["era"] else 0
    year = before + (1 if match["of_era"] == "元" else int(match["of_era"])) if match["era"] else int(match["year"])
    try:
        day = dt.date(year, month, number)
    except ValueError:
        raise NoSuchMoment(f"{year}年{month}月{number}日は暦にありません", f"there is no day {year}-{month}-{number}") from None
    if (
        before and day < _BEGINS[before]
    ):  # one after its end is no mistake: 平成31年5月1日 was printed for years before anybody knew the next name
        raise NoSuchMoment(f"{match['era']}{match['of_era']}年{month}月{number}日は、その元号が始まる前です", f"{day} is before that era")
    weekday = match["weekday"] or match["spoken"]
    if weekday and _WEEKDAYS[day.weekday()] != weekday:
        actual = _WEEKDAYS[day.weekday()]
        raise NoSuchMoment(
            f"{year}年{month}月{number}日は{actual}曜日です。日か曜日のどちらかが違います", f"{day} is another day of the week"
        )
    return day


def _clock(match: re.Match[str]) -> tuple[int, int]:
    hour = int(match["hour"])
    minute = 30 if match["is_half"] else int(match["minute"] or match["minute2"] or 0)
    if match["half"] in ("午後", "PM") and hour < 12:
        hour += 12
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        raise NoSuchMoment(f"{hour}時{minute}分という時刻はありません", f"there is no time {hour}:{minute:02}")
    return hour, minute
