"""Dates and spans as people say them: T106, T107."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from plugins.checks.rules.manuscript import HIDDEN, Manuscript
from plugins.checks.rules.rule import Hit, Rule

# Each begins with what it must begin with, and looks back from there: so the search skips from digit to digit.
_NEAR = rf"0-9A-Za-z{HIDDEN}"
_WHOLE = re.compile(rf"([0-9](?<![{_NEAR}/.\-].)[0-9]{{3}})([/.\-])([0-9]{{1,2}})\2([0-9]{{1,2}})(?![{_NEAR}/.\-])")
_ERA = re.compile(rf"([SHR](?<![{_NEAR}].))\.?([0-9]{{1,2}})([/.\-])([0-9]{{1,2}})\3([0-9]{{1,2}})(?![{_NEAR}/.\-])")
_SHORT = re.compile(rf"([0-9](?<![{_NEAR}/.\-].)[0-9]?)/([0-9]{{1,2}})(?=[ \u3000]*[（(][月火水木金土日])")
_ZERO = re.compile(r"0(?:(?<=年0)[1-9](?=月)|(?<=月0)[1-9](?=日))")
_ERAS = {"S": ("昭和", 1925), "H": ("平成", 1988), "R": ("令和", 2018)}
_WAVE = re.compile("[～〜]")
_SPAN = re.compile(r"(?<=[0-9日月年時分円人度回歳）)])[ \u3000]*[～〜][ \u3000]*(?=[0-9翌])")


def _dates(source: Manuscript) -> Iterator[Hit]:
    for found in _WHOLE.finditer(source.prose):
        yield from _date(found, "", int(found[1]), int(found[3]), int(found[4]))
    for found in _ERA.finditer(source.prose):
        name, before = _ERAS[found[1]]
        yield from _date(found, name, int(found[2]), int(found[4]), int(found[5]), before)
    for found in _SHORT.finditer(source.prose):
        if _is_date(2000, int(found[1]), int(found[2])):
            yield _hit(found, f"{int(found[1])}月{int(found[2])}日")
    for found in _ZERO.finditer(source.prose):
        yield _hit(found, found[0][1])


def _date(found: re.Match[str], name: str, year: int, month: int, day: int, before: int = 0) -> Iterator[Hit]:
    if _is_date(year + before, month, day):
        yield _hit(found, f"{name}{year}年{month}月{day}日")


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return year >= 1900


def _hit(found: re.Match[str], instead: str) -> Hit:
    return Hit(
        *found.span(),
        f"日付「{found[0]}」は、分数や番号として読まれることがあります。「{instead}」と書いてください",
        f"the date {found[0]!r} may be read as a fraction or a number: write {instead!r}",
        instead,
    )


def _spans(source: Manuscript) -> Iterator[Hit]:
    for found in _SPAN.finditer(source.prose) if _WAVE.search(source.prose) else ():
        yield Hit(
            *found.span(),
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
