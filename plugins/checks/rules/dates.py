"""Dates and spans written as they are spoken: T106, T107."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from plugins.checks.rules.manuscript import HIDDEN, Manuscript
from plugins.checks.rules.rule import Hit, Rule
from plugins.frontmatter.model.content.date_keys import date_keys
from plugins.frontmatter.model.fields import is_moment
from plugins.typography import written_dates
from plugins.typography.written_dates import NoSuchMoment

# Each pattern begins with a digit or letter, and looks back from there: a search skips to the next one, which a lookbehind in front would prevent.
_NEAR = rf"0-9A-Za-z{HIDDEN}"
_WHOLE = re.compile(rf"([0-9](?<![{_NEAR}/.\-].)[0-9]{{3}})([/.\-])([0-9]{{1,2}})\2([0-9]{{1,2}})(?![{_NEAR}/.\-])")
_ERA = re.compile(rf"([SHR](?<![{_NEAR}].))\.?([0-9]{{1,2}})([/.\-])([0-9]{{1,2}})\3([0-9]{{1,2}})(?![{_NEAR}/.\-])")
_SHORT = re.compile(rf"([0-9](?<![{_NEAR}/.\-].)[0-9]?)/([0-9]{{1,2}})(?=[ \u3000]*[（(][月火水木金土日])")
_ZERO = re.compile(r"0(?:(?<=年0)[1-9](?=月)|(?<=月0)[1-9](?=日))")
# Letter of an era → its name, and the year before its first
_ERAS = {"S": ("昭和", 1925), "H": ("平成", 1988), "R": ("令和", 2018)}
_KEYED = re.compile(r"^(?P<key>[a-z_]+)[ \t]*(?::[ \t]+|：[ \t\u3000]*)[\"']?(?P<value>[^\s\"'#](?:[^\n\"'#]*[^\s\"'#])?)", re.MULTILINE)
_WAVE = re.compile("[～〜]")
_SPAN = re.compile(r"(?<=[0-9日月年時分円人度回歳）)])[ \u3000]*[～〜][ \u3000]*(?=[0-9翌])")


def _dates(source: Manuscript) -> Iterator[Hit]:
    keyed = list(date_values(source))
    yield from (hit for value in keyed if (hit := _keyed(source, *value)))
    yield from (hit for hit in _spoken_dates(source) if not any(start <= hit.start < end for start, end in keyed))


def date_values(source: Manuscript) -> Iterator[tuple[int, int]]:
    """Yield where the values of keys that hold a date begin and end: the build reads these, no reader does."""
    for match in _KEYED.finditer(source.text, 0, source.body):
        if match["key"] in date_keys():
            yield match.span("value")


def _keyed(source: Manuscript, start: int, end: int) -> Hit | None:
    value = source.text[start:end]
    try:
        written = written_dates.iso(value)
    except NoSuchMoment:
        return None  # the reader of front matter says so
    if written is None or is_moment(value):
        return None
    ja, en = f"日付「{value}」は「{written}」と書いてください", f"write {value!r} as {written}"
    return Hit(start, end, ja, en, written)


def _spoken_dates(source: Manuscript) -> Iterator[Hit]:
    for match in _WHOLE.finditer(source.prose):
        yield from _date(match, "", int(match[1]), int(match[3]), int(match[4]))
    for match in _ERA.finditer(source.prose):
        era, year_before = _ERAS[match[1]]
        yield from _date(match, era, int(match[2]), int(match[4]), int(match[5]), year_before)
    for match in _SHORT.finditer(source.prose):
        if _is_date(2000, int(match[1]), int(match[2])):
            yield _hit(match, f"{int(match[1])}月{int(match[2])}日")
    for match in _ZERO.finditer(source.prose):
        yield _hit(match, match[0][1])


def _date(match: re.Match[str], era: str, year: int, month: int, day: int, year_before_era: int = 0) -> Iterator[Hit]:
    if _is_date(year + year_before_era, month, day):
        yield _hit(match, f"{era}{year}年{month}月{day}日")


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return year >= 1900


def _hit(match: re.Match[str], replacement: str) -> Hit:
    return Hit(
        *match.span(),
        f"日付「{match[0]}」は、分数や番号として読まれることがあります。「{replacement}」と書いてください",
        f"the date {match[0]!r} may be read as a fraction or a number: write {replacement!r}",
        replacement,
    )


def _spans(source: Manuscript) -> Iterator[Hit]:
    for match in _SPAN.finditer(source.prose) if _WAVE.search(source.prose) else ():
        yield Hit(
            *match.span(),
            "「～」は読み上げソフトが読まないことがあります。「10時から12時まで」のように書いてください",
            "the sign ～ may be silent: write から and まで (10時から12時まで)",
        )


RULES = (
    Rule(
        "T106", "warn", "日付の書き方", "the way dates are written",
        "「2015/3/21」は「2015分の3…」、「H27.3.21」は「エイチ27点3点21」と読まれることがあります。「03月」の0もいりません",
        "2015/3/21 may be read as a fraction, H27.3.21 as a decimal; 03月 needs no zero",
        "公用文作成の考え方（2022）", "2015/3/21に開きます。", "2015年3月21日に開きます。", _dates, fixes=True,
    ),
    Rule(
        "T107", "warn", "「～」で書いた範囲", "spans written with ～",
        "「10時～12時」の「～」は、読まれないか「から」以外に読まれることがあります",
        "the sign in 10時～12時 is silent or misread by some screen readers",
        "JIS X 8341-3 3.1.5", "受付は10時～12時です。", "受付は10時から12時までです。", _spans,
    ),
)  # fmt: skip
