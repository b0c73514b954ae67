"""Days of the week, which Japanese shortens to one kanji: （月） is げつ there and つき elsewhere, 土日 is どにち. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from plugins.readings.reading import Reading

_KANA = {
    "月": "げつ",
    "火": "か",
    "水": "すい",
    "木": "もく",
    "金": "きん",
    "土": "ど",
    "日": "にち",
    "祝": "しゅく",
    "休": "きゅう",
    "振": "ふり",
}
_LONGER = {"祝日": "しゅくじつ", "休日": "きゅうじつ", "振休": "ふりきゅう", "祭日": "さいじつ", "曜日": "ようび", "曜": "よう"}

_DAY = "[月火水木金土日]"
_ITEM = rf"(?:{_DAY}曜日|{_DAY}曜|祝日|休日|振休|祭日|[月火水木金土日祝休振])"
_BETWEEN = "[・、,，/／〜～~\\-ー－–—→とや 　]?"
_LIST = rf"{_ITEM}(?:{_BETWEEN}{_ITEM})*"

_PATTERNS = (
    # In brackets, alone or before a time of day: （月）, （日・祝）, （月〜金 9時から）, (土日祝).
    rf"(?<=[（(〔［\[])(?:毎週|隔週)?(?P<brackets>{_LIST})(?=[）)〕］\]　 、,]|[0-9０-９]|午|を除|以外|のみ|は|も)",
    # With 曜: 月曜, 土・日曜日, 火、木曜日.
    rf"(?P<named>(?:{_DAY}{_BETWEEN})*{_DAY}曜日?)",
    # After a word that asks for a day: 毎週月・木, 第2土, 毎週 金.
    rf"(?:毎週|隔週|第[0-9０-９一二三四五](?:{_BETWEEN}第?[0-9０-９一二三四五])*)[ 　]?(?P<every>{_LIST})(?![\u4e00-\u9fff])",
    # Ranges, and lists of three: 月〜金, 月・水・金.
    rf"(?<![\u4e00-\u9fff])(?P<range>{_DAY}[〜～]{_DAY})(?![\u4e00-\u9fff])",
    rf"(?<![\u4e00-\u9fff・])(?P<list>{_DAY}(?:・{_DAY}){{2,}}(?:・祝)?)(?![\u4e00-\u9fff・])",
    r"(?P<weekend>土[・、]?日(?:[・、]?(?:祝日|祝|休日))?)(?![\u4e00-\u9fff])",
)
_PATTERN = re.compile("|".join(_PATTERNS))
_PART = re.compile("|".join((*_LONGER, *_KANA)))
_FIRST = re.compile("[月火水木金土日祝休振]")


def weekdays(text: str) -> Iterator[Reading]:
    """Yield the readings of days of the week; neighbours in one run of kanji are one reading: 土日祝 どにちしゅく."""
    if not _FIRST.search(text):
        return
    for match in _PATTERN.finditer(text):
        group = match.lastgroup or 0
        for run in re.finditer(r"[\u4e00-\u9fff]+", match[group]):
            start = match.start(group) + run.start()
            yield Reading(start, start + len(run[0]), "".join(_kana(part[0]) for part in _PART.finditer(run[0])))


def _kana(part: str) -> str:
    return _LONGER.get(part) or _KANA[part]
