"""Days and times as people in Japan write them, in front matter and in tables. Pure.

A text is read whole or not at all, and a day that is not in the calendar is named: nothing is guessed.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass

_ERAS = {
    "令和": 2018,
    "令": 2018,
    "R": 2018,
    "平成": 1988,
    "平": 1988,
    "H": 1988,
    "昭和": 1925,
    "昭": 1925,
    "S": 1925,
    "大正": 1911,
    "T": 1911,
    "明治": 1867,
    "M": 1867,
}
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
    r"(?:(?:(?P<era>令和?|平成?|昭和?|大正|明治|[RHSTM])\.?(?P<of_era>元|\d{1,2})|(?P<year>\d{4}))(?P<after_year>[年/.-]))?"
    r"(?P<month>\d{1,2})(?P<after_month>[月/.-])(?P<day>\d{1,2})日?"
    r"(?:\((?P<weekday>[月火水木金土日])(?:曜日?)?(?:[・/]?[祝休])?\)|(?P<spoken>[月火水木金土日])曜日?)?"
)
_TIME = re.compile(
    r"(?P<half>午前|午後|AM|PM)? ?(?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::00)?|時(?:(?P<minute2>\d{1,2})分?|(?P<is_half>半))?)? ?(?P<half2>AM|PM)?"
)
_LONGEST = 60
"""Characters. No moment is written with more, and a long text would be copied for nothing."""


_NUMERAL = re.compile(r"[〇零一二三四五六七八九十]+(?=[年月日時分])")
_DIGITS = {numeral: number for number, numeral in enumerate("〇一二三四五六七八九")} | {"零": 0}
_DASH = re.compile("(?<=[0-9])[\u2010-\u2015\u2212ー](?=[0-9])")
"""What word processors and Japanese keyboards write for a hyphen."""
_PLAIN = re.compile(r"^((?:19|20)[0-9]{2})(0[1-9]|1[0-2])([0-2][0-9]|3[01])(?![0-9])")


class NoSuchMoment(ValueError):
    """The text is written as a day or a time, and there is none such. The message says why, in Japanese; ``en`` in English."""

    def __init__(self, ja: str, en: str) -> None:
        super().__init__(ja)
        self.en = en


@dataclass(frozen=True)
class WrittenDay:
    """A day as it is written. ``year`` is that of the common era, None where the text has none; ``weekday`` is one kanji or empty.

    ``is_uniform`` tells whether year and month are followed by signs that belong together: ``2016/2.10`` is more likely a slip.
    """

    year: int | None
    month: int
    day: int
    weekday: str = ""
    era: str = ""
    of_era: str = ""
    is_uniform: bool = True

    def date(self) -> dt.date:
        """Return the day. Raises `NoSuchMoment` for one that is in no calendar, lies before its era, or is another day of the week."""
        if self.year is None:
            raise NoSuchMoment(f"{self.month}月{self.day}日の年が分かりません。年を書いてください", "write the year")
        day = self._of_year(self.year)
        if day is None:
            raise NoSuchMoment(
                f"{self.year}年{self.month}月{self.day}日は暦にありません。日を確かめて書き直してください",
                f"there is no day {self.year}-{self.month}-{self.day}: look at the day",
            )
        # One after the era's end is no mistake: 平成31年5月1日 was printed for years before anybody knew the next name.
        if self.era and day < _BEGINS[_ERAS[self.era]]:
            raise NoSuchMoment(
                f"{self.era}{self.of_era}年{self.month}月{self.day}日は、その元号が始まる前です", f"{day} is before that era"
            )
        if self.weekday and _WEEKDAYS[day.weekday()] != self.weekday:
            raise NoSuchMoment(
                f"{self.year}年{self.month}月{self.day}日は{_WEEKDAYS[day.weekday()]}曜日です。日か曜日のどちらかが違います",
                f"{day} is another day of the week",
            )
        return day

    def nearest(self, near: dt.date) -> dt.date:
        """Return the day; one without a year is that nearest to ``near`` with the weekday of the text, if it has one. Raises `NoSuchMoment`."""
        if self.year is not None:
            return self.date()
        days = [day for year in (near.year - 1, near.year, near.year + 1) if (day := self._of_year(year))]
        candidates = [day for day in days if not self.weekday or _WEEKDAYS[day.weekday()] == self.weekday]
        if not candidates:
            raise NoSuchMoment("年が分かりません。年を書いてください", f"no year near {near} fits: write the year")
        return min(candidates, key=lambda day: abs(day - near))

    def _of_year(self, year: int) -> dt.date | None:
        try:
            return dt.date(year, self.month, self.day)
        except ValueError:
            return None


def read_day(text: str) -> tuple[WrittenDay, str] | None:
    """Return the day with which ``text`` begins, and what follows it (half-width, without spaces around signs); None if it begins with none."""
    if len(text) > _LONGEST:
        return None
    compact = _compact(text)
    match = _DAY.match(compact.upper())
    if match is None:
        return None
    era, of_era, year = match["era"] or "", match["of_era"] or "", match["year"]
    if era:
        year = _ERAS[era] + (1 if of_era == "元" else int(of_era))
    written = WrittenDay(
        None if year is None else int(year), int(match["month"]), int(match["day"]), match["weekday"] or match["spoken"] or "", era, of_era,
        match["after_year"] in (None, {"月": "年"}.get(match["after_month"], match["after_month"])),
    )  # fmt: skip
    return written, compact[match.end() :].strip()


def _compact(text: str) -> str:
    """Return ``text`` with digits, hyphens and colons of the keyboard, and without spaces beside them: 二〇二一年三月 and 20210311 too."""
    plain = _DASH.sub("-", unicodedata.normalize("NFKC", text).strip(" \t\u3000\"'“”‘’「」"))
    plain = plain.removeprefix("西暦").replace("正午", "12:00")
    plain = _PLAIN.sub(r"\1-\2-\3 ", _NUMERAL.sub(lambda match: str(_number(match[0])), plain))
    return re.sub(r"\s*([年月日時分./:()-])\s*", r"\1", plain.strip())


def _number(numerals: str) -> int:
    """Return the number that kanji stand for: 二十一 and 二一 are both 21."""
    tens, ten, ones = numerals.rpartition("十")
    if not ten:
        return int("".join(str(_DIGITS[numeral]) for numeral in numerals))
    return (_number(tens) if tens else 1) * 10 + (_number(ones) if ones else 0)


def what_is_missing(text: str) -> tuple[str, str] | None:
    """Return what a text that is no day lacks to be one, in Japanese and English; None if it is nothing like a day."""
    if len(text) > _LONGEST:
        return None
    compact = _compact(text)
    if re.fullmatch("未定|未|なし|無し|無期限|当分の間|随時|[-ー―]+|不明|.*(?:次第|しだい)", compact):
        return (
            "決まっていない日は書けません。この行を消すか、決まるまで draft: true にしてください",
            "what is not settled is no day: delete the line, or write draft: true until it is",
        )
    if re.search(r"[0-9](?:Z|[+-][0-9]{2}:?[0-9]{2})$", compact):
        return "日本時間（+09:00）のほかの時差では書けません。日本の日時に直してください", "only Japan's time is read: convert it"
    if re.match("毎(?:週|月|日|年|朝|夕)|第[0-9一二三四五]+[月火水木金土日]曜", compact):
        return (
            "くり返す日は書けません。はじめの日を書き、くり返しは本文に書いてください",
            "what recurs is no day: write the first, and the rest in the body",
        )
    if _TIME.fullmatch(compact.upper()):
        return "時刻だけです。日も書いてください", "a time alone: write the day too"
    if re.match(r"[0-9]{2}[/.-][0-9]{1,2}[/.-][0-9]{1,2}$", compact):
        return "年が二桁です。2020/5/1 のように四桁で書いてください", "the year has two digits: write four"
    if re.match(r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{4}$", compact):
        return "年があとに書かれています。年、月、日の順に書いてください", "write year, month, day in this order"
    if _SPAN.search(compact):
        return (
            "範囲は書けません。始まりだけを書き、催しの終わりは end に書いてください",
            "a span is not read: write its beginning, and the end of an event in end",
        )
    if re.match(r"[0-9]{1,2}(?:月|[/.-])[0-9]{1,2}(?:日|\b)", compact) and not re.match(r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-]", compact):
        return "年がありません", "the year is missing"
    if re.match(r"(?:[0-9]{4}|\D{1,2}(?:[0-9]{1,2}|元))年(?:[0-9]{1,2}月)?$|[0-9]{4}[/.-][0-9]{1,2}$", compact):
        return "日がありません", "the day is missing"
    return None


def written_otherwise(text: str) -> tuple[str, str] | None:
    """Return what to write, in Japanese and English, for a span of time (two fields) or the end of a month; None for anything else."""
    if len(text) > _LONGEST:
        return None
    compact = _compact(text)
    return _end_of_month(compact) or _two_fields(compact) or _with_words(compact)


def _with_words(compact: str) -> tuple[str, str] | None:
    """Return what to write for a day with a word after it: 2021年5月31日必着."""
    match = _WORDS_AFTER.search(compact)
    written = iso(compact[: match.start()]) if match else None
    if match is None or written is None:
        return None
    return f"「{match[0].strip()}」を付けずに「{written}」と書いてください", f"write {written}, without {match[0].strip()!r}"


def _end_of_month(compact: str) -> tuple[str, str] | None:
    match = _MONTH_END.fullmatch(compact)
    first = iso(f"{match['month']}1日") if match else None
    if first is None:
        return None
    in_next_month = dt.date.fromisoformat(first) + dt.timedelta(days=31)
    last = in_next_month - dt.timedelta(days=in_next_month.day)
    return f"日で「{last}」と書いてください", f"write the day: {last}"


def _two_fields(compact: str) -> tuple[str, str] | None:
    parts = _SPAN.split(compact, maxsplit=1)
    begin = iso(parts[0]) if len(parts) == 3 else None
    if begin is None:
        return None
    words = parts[2].removesuffix("まで").strip()
    end = iso(words) or iso(f"{begin[:10]} {words}")
    if end is None:
        return None
    return (
        f"始まりと終わりは、start と end の二行に分けて、「start: {begin}」「end: {end}」と書いてください",
        f"write two fields: 'start: {begin}' and 'end: {end}'",
    )


_WORDS_AFTER = re.compile(
    r"[ (]*(?:当日)?(?:必着|消印有効|締切|締め切り|〆切|まで|から|より|頃|ごろ|ころ|JST|日本時間|現在|開始|開演|開場|(?<=月)旬)\)?$"
)
_SPAN = re.compile("([~〜～]|から|(?<=[0-9時分])-(?=[0-9]{1,2}[:時]))")
_MONTH_END = re.compile(r"(?P<month>.{1,12}[0-9]月)(?:末日?|の末|の終わり|みそか)")


def read_clock(text: str) -> tuple[int, int] | None:
    """Return hour (0 to 24) and minute of a time of day; None if ``text`` is none. 24:00 is the midnight after the day. Raises `NoSuchMoment`."""
    match = _TIME.fullmatch(unicodedata.normalize("NFKC", text).strip().upper()) if len(text) <= _LONGEST else None
    if match is None or (match["half"] and match["half2"]):
        return None
    hour, half = int(match["hour"]), match["half"] or match["half2"]
    minute = 30 if match["is_half"] else int(match["minute"] or match["minute2"] or 0)
    if half in ("午後", "PM") and hour < 12:
        hour += 12
    if half == "AM" and hour == 12:  # 12:30 AM is half past midnight; 午前12時 is written for noon as often as for midnight
        hour = 0
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        following = (
            f"。次の日の日付で{hour - 24}時{minute}分と書いてください"
            if 24 <= hour < 30 and minute < 60
            else "。24時までの時刻を書いてください"
        )
        raise NoSuchMoment(
            f"{hour}時{minute}分という時刻はありません{following}",
            f"there is no time {hour}:{minute:02}: write one up to 24:00, or the next day",
        )
    return hour, minute


def iso(text: str) -> str | None:
    """Return ``text`` as ``2016-02-10`` or ``2016-02-10 10:30``; None if it is not written as a day with its year. Raises `NoSuchMoment`.

    24:00 is the midnight after the day, and so the next day's 00:00.
    """
    read = read_day(text)
    if read is None or read[0].year is None or not read[0].is_uniform:
        return None
    written, rest = read
    day = written.date()
    if not rest:
        return day.isoformat()
    time = read_clock(rest) if re.search("[:時]", rest) else None
    if time is None:
        return None
    moment = dt.datetime.combine(day, dt.time()) + dt.timedelta(hours=time[0], minutes=time[1])
    return f"{moment:%Y-%m-%d %H:%M}"
