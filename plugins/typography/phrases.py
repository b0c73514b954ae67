"""Finds where a Japanese line may break: after a phrase (文節), as BudouX cuts them.

Japanese has no spaces, and a browser may break a line after nearly every character (UAX #14, class ID). Between phrases it reads better, in headings
above all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Any

import budoux
from markupsafe import Markup, escape

from plugins.context import Key

_NUMERAL = re.compile(r"[0-9０-９,.〇一二三四五六七八九十百千万億]")

# BudouX breaks inside the names of some municipalities: 三陸町, 市立, 城市. But 宮城県|名取市 are two names.
_NAME_BEFORE = re.compile(r"[\u4e00-\u9fff々ヶ](?<![県郡市町村])$")
_NAME_AFTER = re.compile(r"[\u4e00-\u9fff々ヶ]{0,3}[市町村]")

BREAK = Markup('<wbr aria-hidden="true">')
"""Where a line may break. Chromium reads a plain ``<wbr>`` as a space in the names of links and headings; hidden from assistive technology, the break
leaves the name whole. ``aria-hidden`` is the one attribute of ARIA that ``wbr`` may have (ARIA in HTML, section 4)."""

_SUFFIX = re.compile(r"[版型式風用製](?![\u4e00-\u9fff])")


class WholeNames:
    """Names that no line may break: those of the editors' table of readings. Joins phrases that BudouX cuts inside of one: 仙石東北|ライン, 千賀の|浦. Two of them are never equal: a filter's cache holds the names of its build."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        longest_first = sorted((name for name in names if len(name) > 1), key=lambda name: (-len(name), name))
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def join(self, phrases: Sequence[str]) -> list[str]:
        """Return ``phrases`` without the cuts that lie in a name. Joined, they are the same text."""
        text = "".join(phrases)
        spans = [match.span() for match in self._pattern.finditer(text)] if self._pattern else []
        joined, position = list[str](), 0
        for phrase in phrases:
            if any(start < position < end for start, end in spans):
                joined[-1] += phrase
            else:
                joined.append(phrase)
            position += len(phrase)
        return joined


NO_NAMES = WholeNames()
WHOLE_NAMES = Key[WholeNames]("names that no line may break", __name__)


@cache
def _parser() -> Any:
    return budoux.load_default_japanese_parser()


@lru_cache(maxsize=1_000)
def phrases(text: str, names: WholeNames = NO_NAMES) -> tuple[str, ...]:
    """Cut ``text`` into phrases. Joined, they are the text again.

    Numbers, names of municipalities and ``names`` stay whole; a wide space (U+3000) ends a phrase.
    """
    joined: list[str] = []
    for phrase in _parser().parse(text) if text else ():
        for part in re.findall(r"[^\u3000]*\u3000+|[^\u3000]+", phrase):
            if joined and _belong_together(joined[-1], part):
                joined[-1] += part
            else:
                joined.append(part)
    return tuple(names.join(joined))


def _belong_together(left: str, right: str) -> bool:
    """Correct BudouX, which cuts 南|三陸町, 仙台|市 and 二|十年. A first character alone (と|どけ, 「笑|顔) is never a phrase either."""
    if left.endswith("\u3000"):
        return False
    number = _NUMERAL.match(left[-1]) and _NUMERAL.match(right[0])
    name = _NAME_BEFORE.search(left) and _NAME_AFTER.match(right)
    suffix = "\u30a1" <= left[-1] <= "\u30fc" and _SUFFIX.match(right)  # メールマガジン|版
    return bool(number or name or suffix or (len(first := left.lstrip("「『（")) == 1 and first.isalpha()))


@lru_cache(maxsize=20_000, typed=True)
def breakable(text: str, names: WholeNames = NO_NAMES) -> Markup:
    """Return ``text``, escaped, with `BREAK` between phrases, for ``word-break: keep-all`` (CSS Text 3, 5.2)."""
    return BREAK.join(escape(phrase) for phrase in phrases(text, names))


def link_mailbox(address: str) -> Markup:
    """Return a link that writes to ``address`` and shows it. A narrow page may break it after the ``@``."""
    name, at, host = address.partition("@")
    return Markup('<a href="mailto:{}">{}{}{}</a>').format(address, name + at, BREAK if at else "", host)


def shorten(text: str, longest: int) -> str:
    """Return ``text`` with at most ``longest`` characters: cut after a phrase, with ``…`` for what is left out. A first phrase that is too long is cut itself."""
    if len(text) <= longest:
        return text
    kept = ""
    for phrase in phrases(text):
        if len(kept) + len(phrase) > longest - 1:
            break
        kept += phrase
    return f"{(kept or text[: longest - 1]).rstrip('、　 ')}…"


def wrap(text: str, max_columns: int) -> list[str]:
    """Break ``text`` into lines of at most ``max_columns`` columns, at phrases where that is possible.

    An address (``https://…``) is never cut, so a line with one may be longer.
    """
    lines = [""]
    for phrase in phrases(text):
        for part in _split_to_fit(phrase, max_columns):
            if lines[-1] and columns(lines[-1] + part) > max_columns:
                lines.append("")
            lines[-1] += part if lines[-1] else part.lstrip()
    return [line.rstrip() for line in lines if line.strip()]


def columns(text: str) -> int:
    """Count columns as a mail program with a Japanese font shows them: two for a wide character, one for a half-width kana.

    Characters of ambiguous width (UAX #11), such as ※ and …, are wide in Japanese fonts. Combining characters take no column.
    """
    from wcwidth import width  # only mails are measured, and to load it takes 1 % of the build of one edited article

    return width(text, control_codes="ignore", ambiguous_width=2)


def _split_to_fit(phrase: str, max_columns: int) -> list[str]:
    """Cut a phrase that is longer than a line: at spaces, or else after every half line of characters, which are two columns wide at most."""
    if columns(phrase) <= max_columns or "://" in phrase:
        return [phrase]
    words = re.findall(r"\S*\s+|\S+", phrase)
    if len(words) > 1:
        return [part for word in words for part in _split_to_fit(word, max_columns)]
    half = max(1, max_columns // 2)
    return [phrase[start : start + half] for start in range(0, len(phrase), half)]
