"""Where a Japanese line may break: after a phrase (文節), found by BudouX."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

import budoux
from markupsafe import Markup, escape

_NUMERAL = re.compile(r"[0-9０-９,.〇一二三四五六七八九十百千万億]")

# The end of a municipality's name, seen from inside it: 三陸町, 市立, 城市; but 宮城県|名取市 are two names.
_NAME_BEFORE = re.compile(r"[\u4e00-\u9fff々ヶ](?<![県郡市町村])$")
_NAME_AFTER = re.compile(r"[\u4e00-\u9fff々ヶ]{0,3}[市町村]")

_SUFFIX = re.compile(r"[版型式風用製](?![\u4e00-\u9fff])")


@cache
def _parser() -> Any:
    return budoux.load_default_japanese_parser()


@lru_cache(maxsize=1_000)
def phrases(text: str) -> tuple[str, ...]:
    """Cut ``text`` into phrases. Joined, they are the text again.

    Numbers and names of municipalities stay whole; a wide space ends a phrase.
    """
    found: list[str] = []
    for phrase in _parser().parse(text) if text else ():
        for piece in re.findall(r"[^\u3000]*\u3000+|[^\u3000]+", phrase):
            if found and _belong_together(found[-1], piece):
                found[-1] += piece
            else:
                found.append(piece)
    return tuple(found)


def _belong_together(left: str, right: str) -> bool:
    """BudouX cuts 南|三陸町, 仙台|市 and 二|十年; a first character alone (と|どけ, 「笑|顔) is never a phrase."""
    if left.endswith("\u3000"):
        return False
    number = _NUMERAL.match(left[-1]) and _NUMERAL.match(right[0])
    name = _NAME_BEFORE.search(left) and _NAME_AFTER.match(right)
    suffix = "\u30a1" <= left[-1] <= "\u30fc" and _SUFFIX.match(right)  # メールマガジン|版
    return bool(number or name or suffix or (len(first := left.lstrip("「『（")) == 1 and first.isalpha()))


@lru_cache(maxsize=20_000, typed=True)
def breakable(text: str) -> Markup:
    """Return ``text``, escaped, with ``<wbr>`` between phrases. Meant for ``word-break: keep-all``."""
    return Markup("<wbr>").join(escape(phrase) for phrase in phrases(text))


def wrap(text: str, width: int) -> list[str]:
    """Break ``text`` into lines of at most ``width`` columns, at phrases where that is possible.

    A wide character counts two columns. An address (``https://…``) is never cut.
    """
    lines = [""]
    for phrase in phrases(text):
        for piece in _pieces(phrase, width):
            if lines[-1] and columns(lines[-1] + piece) > width:
                lines.append("")
            lines[-1] += piece if lines[-1] else piece.lstrip()
    return [line.rstrip() for line in lines if line.strip()]


def columns(text: str) -> int:
    """Count columns: two for a wide character, one for others."""
    return sum(2 if ord(character) > 0x2000 else 1 for character in text)


def _pieces(phrase: str, width: int) -> list[str]:
    if columns(phrase) <= width or "://" in phrase:
        return [phrase]
    words = re.findall(r"\S*\s+|\S+", phrase)
    if len(words) > 1:
        return [piece for word in words for piece in _pieces(word, width)]
    half = max(1, width // 2)
    return [phrase[at : at + half] for at in range(0, len(phrase), half)]
