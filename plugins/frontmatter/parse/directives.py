"""What an editor may write in a mail issue besides Markdown.

A line ``::記事 file`` becomes ``<div data-teaser="file">``, which the magazine fills; ``{和暦 2021-03-11}`` inside a line becomes the words
that a person would otherwise count out by hand. A word that is none of these is a fault, never text that goes out.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from html import escape

from plugins.diagnostics import Diagnostic
from plugins.frontmatter.parse.source import Source
from plugins.typography.dates import era_year, japanese_date, japanese_day, number

NAMES = {
    "記事": "teaser",
    "article": "teaser",
    "前号から": "since",
    "since-last": "since",
    "催し": "events",
    "events": "events",
    "数字": "figures",
    "figures": "figures",
    "協力ブログ": "partners",
    "partners": "partners",
}
KINDS = tuple(dict.fromkeys(NAMES.values()))

_LINE = re.compile(r"^(?:::|：：)[ \u3000]*([^\s]+)(?:[ \u3000]+(\S.*?))??(?:[ \u3000]+(もう一度|again))?[ \u3000]*$", re.MULTILINE)
_VALUES = {
    "teaser": r"\S.*",
    "figures": r"\S.*",
    "since": r"\S.*",
    "events": r"(\d{1,2}) ?(?:週間|weeks?)",
    "partners": r"(\d{1,2}) ?(?:件|entries|entry)",
}
_EXAMPLES = {
    "teaser": "::記事 ../../press/2021/name.md",
    "figures": "::数字 ../../fukko-dayori/2021/name.md",
    "since": "::前号から kouryu",
    "events": "::催し 4週間",
    "partners": "::協力ブログ 3件",
}
_INLINE = re.compile(r"\{([^\s{}]+)[ \u3000]+([^{}\n]+?)[ \u3000]*\}")


def expand_directives(text: str) -> str:
    """Return Markdown in which every directive has become HTML and every computed word stands written out."""
    return _INLINE.sub(_written, _LINE.sub(_element, text))


def amount(value: str) -> int:
    """Return the number at the head of ``4週間`` or ``3件``."""
    found = re.match(r"\d+", value)
    return int(found[0]) if found else 0


def check_directives(source: Source) -> list[Diagnostic]:
    """Return what is wrong with the directives of ``source``: unknown words, values that cannot be read."""
    lines = enumerate(source.body.split("\n"), source.body_line)
    return [
        Diagnostic(source.path, number_, ja, en, "F601")
        for number_, line in lines
        for ja, en in (*_line_faults(line), *_inline_faults(line))
    ]


def _element(found: re.Match[str]) -> str:
    name = NAMES.get(found[1])
    if name is None:
        return found[0]
    again = ' data-again="again"' if found[3] else ""
    return f'\n<div data-{name}="{escape(found[2] or "")}"{again}></div>\n'


def _line_faults(line: str) -> Iterator[tuple[str, str]]:
    if not (found := _LINE.match(line)):
        return
    name = NAMES.get(found[1])
    if name is None:
        known = "、".join(word for word in NAMES if not word.isascii())
        yield (
            f"「::{found[1]}」という書き方はありません。使えるのは {known} です",
            f"no directive {found[1]!r}: use one of {', '.join(NAMES)}",
        )
    elif not re.fullmatch(_VALUES[name], found[2] or ""):
        yield f"「{line.strip()}」が読めません。「{_EXAMPLES[name]}」の形で書いてください", f"write it as {_EXAMPLES[name]!r}"


def _inline_faults(line: str) -> Iterator[tuple[str, str]]:
    for found in _INLINE.finditer(line):
        if found[1] in _WRITERS and _write(found) is None:
            example = _INLINE_EXAMPLES[_WRITERS[found[1]]]
            yield f"「{found[0]}」が読めません。「{example}」の形で書いてください", f"cannot read {found[0]!r}: write it as {example!r}"


def _written(found: re.Match[str]) -> str:
    return _write(found) or found[0]


def _write(found: re.Match[str]) -> str | None:
    writer = _WRITERS.get(found[1])
    try:
        return writer(found[2]) if writer else None
    except (ValueError, ZeroDivisionError):
        return None


def _day(text: str) -> str:
    return japanese_day(dt.date.fromisoformat(text))


def _era(text: str) -> str:
    """``2021`` is a year, which is named as it ended; ``2021-03-11`` a day."""
    if re.fullmatch(r"\d{4}", text):
        return era_year(dt.date(int(text), 12, 31))
    day = dt.date.fromisoformat(text)
    return era_year(day) + japanese_date(day).partition("年")[2]


def _amount(text: str) -> str:
    return number(float(text.replace(",", "")))


def _share(text: str) -> str:
    """``15361/16000`` in whole percent, rounded down: 100 means finished."""
    done, total = (float(part.replace(",", "")) for part in text.split("/"))
    return f"{int(done * 100 // total)}％"


_WRITERS: dict[str, Callable[[str], str]] = {
    "日付": _day,
    "date": _day,
    "和暦": _era,
    "era": _era,
    "数": _amount,
    "number": _amount,
    "割合": _share,
    "share": _share,
}
_INLINE_EXAMPLES: dict[Callable[[str], str], str] = {
    _day: "{日付 2021-03-11}",
    _era: "{和暦 2021-03-11}",
    _amount: "{数 15361}",
    _share: "{割合 15361/16000}",
}
