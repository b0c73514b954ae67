"""Counters after numbers: 3本 さんぼん, 10分 じゅっぷん, 二十日 はつか. What changes with the number stands in ``counters.csv``.

A number in digits stays as it is, and its counter gets the reading (3本 has ぼん over 本); a number in kanji is read with its counter. ひとり, ふつか and the
like belong to the whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from plugins.readings.numbers import ARABIC, DIGITS, KANJI, end_of, kana_of, value_of
from plugins.readings.package_tables import package_rows
from plugins.readings.reading import Reading

_DAYS = dict(enumerate("ついたち ふつか みっか よっか いつか むいか なのか ようか ここのか とおか".split(), 1)) | {
    14: "じゅうよっか",
    20: "はつか",
    24: "にじゅうよっか",
}
"""The days of the month with a reading of their own; all others are read as a number and にち."""
_PEOPLE = {1: "ひとり", 2: "ふたり"}

_SHORTENED = {
    "1": "かきくけこさしすせそたちつてとはひふへほぱぴぷぺぽ",
    "6": "かきくけこぱぴぷぺぽ",
    "8": "かきくけこさしすせそたちつてとぱぴぷぺぽ",
    "10": "かきくけこさしすせそたちつてとぱぴぷぺぽ",
    "100": "かきくけこぱぴぷぺぽ",
}
"""End of the number → the kana with which a counter begins that shortens it: いっかい, ろっぽん, さんびゃっけん."""

_SEPARATE_TWO = re.compile(rf"[{DIGITS}一二三四五六七八九][、,，〜～・]$")
"""2、3日 is にさんにち, and not two dates."""


@dataclass(frozen=True)
class Counter:
    """``changed`` maps the end of a number to the whole kana, ``numbers`` to the number's last kana. ``digits_only``: not after 一 and the other kanji."""

    kana: str
    changed: Mapping[str, str]
    numbers: Mapping[str, str]
    digits_only: bool
    example: str


@cache
def counters() -> dict[str, Counter]:
    """Return the counters of ``counters.csv`` by their writing."""
    return {row["助数詞"]: _counter(row) for row in package_rows("counters.csv")}


def _counter(row: Mapping[str, str]) -> Counter:
    changed = dict[str, str]()
    for part in row["変わる読み"].split():
        first, _, ends = part.partition("=")
        changed |= dict.fromkeys(ends.split("・"), first)
    numbers = dict(pair.split("=") for pair in row["数の読み"].split())
    return Counter(row["読み"], changed, numbers, row["数字"] == "算用数字", row["例"])


@cache
def _pattern() -> re.Pattern[str]:
    names = "|".join(sorted(map(re.escape, counters()), key=len, reverse=True))
    return re.compile(rf"(?:(?P<arabic>(?<![{DIGITS}]){ARABIC})[ 　]?|(?P<kanji>{KANJI}))(?P<counter>{names})")


def counted(text: str, is_end: Callable[[int], bool]) -> Iterator[Reading]:
    """Yield the readings of numbers with their counters. ``is_end``: whether a word may end at a position; if not, 3本店 has no counter."""
    position = 0
    while match := _pattern().search(text, position):
        position = match.end()
        if reading := _reading(text, match, is_end):
            yield reading
        elif match["kanji"]:
            position = match.start() + 1


def _reading(text: str, match: re.Match[str], is_end: Callable[[int], bool]) -> Reading | None:
    number, name, after = match["arabic"] or match["kanji"], match["counter"], text[match.end() : match.end() + 6]
    before = text[max(0, match.start() - 8) : match.start()]
    if not is_end(match.end()) or (match["kanji"] and _is_no_number(number, name, before, after)):
        return None
    if kana := _irregular(number, name, before, after):
        start = match.start("counter") if kana in ("ぶん", "ぶ") and match["arabic"] else match.start()
        return Reading(start, match.end(), (kana_of(number) if match["kanji"] and kana in ("ぶん", "ぶ") else "") + kana)
    counter = counters()[name]
    kana = counter.changed.get(end_of(number), counter.kana)
    if match["arabic"]:
        return Reading(match.start("counter"), match.end(), kana)
    return Reading(match.start(), match.end(), _number_before(number, counter, kana) + kana)


def _is_no_number(number: str, name: str, before: str, after: str) -> bool:
    """Whether 一部, 十分 (enough), 万人, 人数分, 東北六県 and the like have no number that counts."""
    if counters()[name].digits_only or number in ("万", "億", "兆") or (number[0] in "何数幾" and re.search(r"[\u4e00-\u9fff]$", before)):
        return True
    if (number, name) == ("十", "分"):
        return not (re.search(r"(?:[時約]|徒歩|[車歩]で|片道)$", before) or re.match(r"間|後|前|程度|おき|置き|遅|早|ほど(?!の)", after))
    return False


def _irregular(number: str, name: str, before: str, after: str) -> str:
    """Return ひとり, ふつか, ふつかかん or ぶん (三分の一), ぶ (3割5分, 三分咲き); empty if the counter is read by its row."""
    value = value_of(number)
    if name in ("人", "人目"):
        people = _PEOPLE.get(value or 0, "")
        return people and people + name.removeprefix("人").replace("目", "め")
    if (number, name) == ("数", "日"):
        return "すうじつ"
    if name in ("日", "日間", "日目"):
        return _day(value, before, after, name)
    if name == "分" and re.match(rf"の(?:[{DIGITS}一二三四五六七八九十]|数)(?!つ|人|種)", after):
        return "ぶん"
    if name == "分" and (before.endswith("割") or re.match(r"咲|袖|丈|粥|がゆ|搗|づき|立て|刈り", after)):
        return "ぶ"
    return ""


def _day(value: int | None, before: str, after: str, name: str) -> str:
    if value is None or (_SEPARATE_TWO.search(before) and value != 4 and "月" not in before):
        return ""
    kana = _DAYS.get(value, "")
    if value == 1 and not (name == "日" and _is_first_of_month(before, after)):
        kana = "いちにち"
    return kana and kana + name.removeprefix("日").replace("間", "かん").replace("目", "め")


def _is_first_of_month(before: str, after: str) -> bool:
    """Whether 1日 is the first of a month, and not the length of a day."""
    if re.search(r"月[の 　]?$|月[0-9０-９一二三四五六七八九十]+日?[、・〜～と]$", before):
        return True
    return bool(
        re.match(r"[（(][月火水木金土日]|から(?!の)|まで|付|現在|時点|午前|午後|[朝昼夜][、にの]|に(?:始|行|開|あ[りっ]|オープン)", after)
    )


def _number_before(number: str, counter: Counter, counter_kana: str) -> str:
    """Return the kana of a number in kanji before its counter: し before がつ, いっ before かい, ひと before くみ."""
    kana, end = kana_of(number), end_of(number)
    if own := counter.numbers.get(end):
        if own in ("ひと", "ふた"):
            return own if value_of(number) in (1, 2) else kana
        return kana.removesuffix(_LAST[end]) + own
    return f"{kana[:-1]}っ" if counter_kana[0] in _SHORTENED.get(end, "") else kana


_LAST = {"1": "いち", "2": "に", "4": "よん", "7": "なな", "9": "きゅう"}
