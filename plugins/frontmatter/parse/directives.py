"""The directives that an editor may write in a mail issue besides Markdown.

A line ``::記事 file`` becomes ``<div data-teaser="file">``, which the magazine fills. ``{和暦 2021-03-11}`` inside a line becomes the date in words,
which a person would otherwise have to work out. An unknown directive is a diagnostic: it must not go out as text.
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
"""The words of directive lines, in Japanese and English, and the directive that each means."""

DIRECTIVES = tuple(dict.fromkeys(NAMES.values()))

# Editors type with a Japanese input method: full-width colons and the wide space U+3000 count as well.
_LINE = re.compile(r"^(?:::|：：)[ \u3000]*([^\s]+)(?:[ \u3000]+(\S.*?))??(?:[ \u3000]+(もう一度|again))?[ \u3000]*$", re.MULTILINE)
_ARGUMENTS = {
    "teaser": r"\S.*",
    "figures": r"\S.*",
    "since": r"\S.*",
    "events": r"([0-9]{1,2}) ?(?:週間|weeks?)",
    "partners": r"([0-9]{1,2}) ?(?:件|entries|entry)",
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
    """Return Markdown in which every directive line has become an element, and every inline directive its words. Unknown ones stay as they are."""
    return _INLINE.sub(_inline_text, _LINE.sub(_element, text))


def amount(value: str) -> int:
    """Return the number, of at most two digits, at the beginning of ``4週間`` or ``3件``; 0 if there is none."""
    match = re.match(r"[0-9]{1,2}", value)
    return int(match[0]) if match else 0


def check_directives(source: Source) -> list[Diagnostic]:
    """Return the diagnostics of the directives in ``source``: unknown words, and values that cannot be read."""
    lines = enumerate(source.body.split("\n"), source.body_line)
    return [
        Diagnostic(source.path, line_number, ja, en, "F601")
        for line_number, line in lines
        for ja, en in (*_check_line(line), *_check_inline(line))
    ]


def _element(match: re.Match[str]) -> str:
    name = NAMES.get(match[1])
    if name is None:
        return match[0]
    repeat = ' data-again="again"' if match[3] else ""
    # The line breaks leave an empty line on both sides: only then Python-Markdown takes the element as a block of its own.
    return f'\n<div data-{name}="{escape(match[2] or "")}"{repeat}></div>\n'


def _check_line(line: str) -> Iterator[tuple[str, str]]:
    """Yield the messages, in Japanese and English, about a line that looks like a directive."""
    if not (match := _LINE.match(line)):
        return
    name = NAMES.get(match[1])
    if name is None:
        known = "、".join(word for word in NAMES if not word.isascii())
        yield (
            f"「::{match[1]}」という書き方はありません。使えるのは {known} です",
            f"no directive {match[1]!r}: use one of {', '.join(NAMES)}",
        )
    elif not re.fullmatch(_ARGUMENTS[name], match[2] or ""):
        yield f"「{line.strip()}」が読めません。「{_EXAMPLES[name]}」の形で書いてください", f"write it as {_EXAMPLES[name]!r}"


def _check_inline(line: str) -> Iterator[tuple[str, str]]:
    """Yield the messages about inline directives. Braces with any other word in front are text."""
    for match in _INLINE.finditer(line):
        if match[1] in _FORMATTERS and _format(match) is None:
            example = _INLINE_EXAMPLES[_FORMATTERS[match[1]]]
            yield f"「{match[0]}」が読めません。「{example}」の形で書いてください", f"cannot read {match[0]!r}: write it as {example!r}"


def _inline_text(match: re.Match[str]) -> str:
    return _format(match) or match[0]


def _format(match: re.Match[str]) -> str | None:
    """Return the words of an inline directive; None if it is none, or if its value cannot be read."""
    formatter = _FORMATTERS.get(match[1])
    try:
        return formatter(match[2]) if formatter else None
    except (ValueError, ArithmeticError):  # no number, infinity, a division by zero
        return None


def _day(text: str) -> str:
    return japanese_day(dt.date.fromisoformat(text))


def _era(text: str) -> str:
    """Read a year (``2021``) or a day (``2021-03-11``). A year in which the era changed gets the name that it had at its end: 2019 is 令和元年."""
    if re.fullmatch(r"[0-9]{4}", text):
        return era_year(dt.date(int(text), 12, 31))
    day = dt.date.fromisoformat(text)
    return era_year(day) + japanese_date(day).partition("年")[2]


def _amount(text: str) -> str:
    return number(float(text.replace(",", "")))


def _share(text: str) -> str:
    """Return ``15361/16000`` in whole percent, rounded down, so that 100 means finished."""
    done, total = (float(part.replace(",", "")) for part in text.split("/"))
    return f"{int(done * 100 // total)}％"


_FORMATTERS: dict[str, Callable[[str], str]] = {
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
