"""Marks of Markdown that are left in a rendered text: whoever reads the page or the mail would see them as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from plugins.checks.dialects import dialect_of, find_foreign

_INSIDE = re.compile(
    r"\*\*|＊＊|~~|\]\((?=[^\s)])|[\]］][(（](?=https?:|\.{0,2}/)|\[\^|［[\^＾]|`{3}|%%|\|[ \t]*:?-{2,}:?[ \t]*\||!\[|！［"
)
_AT_START = re.compile(
    r"(?:\A|\n)[ \t]*(#{1,6}(?=[ \u3000])|#{2,6}(?=[^#\s])|＃{2,6}|[-+*](?= \S)|>(?= ?\S)|\|(?=[^|\n]*\|)|:(?= {1,3}\S))"
)
_CODE = frozenset({"code", "pre", "kbd", "samp", "script", "style", "textarea", "template", "svg"})
_BLOCKS = frozenset("p li td th dd dt div blockquote section figcaption summary h2 h3 h4 h5 h6 body".split())


@dataclass(frozen=True)
class RawMark:
    """A mark, and the text around it as readers see it. ``advice`` says what to write, in Japanese and English, where the mark is another program's."""

    mark: str
    context: str
    advice: tuple[str, str] | None = None


def find_raw_marks(root: Any) -> Iterator[RawMark]:
    """Yield every mark in the texts of a tree of lxml that is not in code."""
    if not isinstance(root.tag, str) or root.tag in _CODE:
        return
    yield from _in_text(root.text, begins=root.tag in _BLOCKS)
    for child in root:
        yield from find_raw_marks(child)
        yield from _in_text(child.tail, begins=child.tag in (*_BLOCKS, "br"))


def marks_in_text(text: str) -> Iterator[RawMark]:
    """Yield every mark in a plain text, such as that of a mail. What begins a line there, 「1. 」 or a sign, is layout."""
    for match in _INSIDE.finditer(text):
        yield RawMark(match[0], _context(text, match.start(), match.end()))
    for match in find_foreign(text):
        dialect = dialect_of(match)
        yield RawMark(match[0].strip()[:40], _context(text, match.start(), match.end()), (dialect.ja, dialect.en))


def _in_text(text: str | None, *, begins: bool) -> Iterator[RawMark]:
    if not text or text.isspace():
        return
    yield from marks_in_text(text)
    for match in _AT_START.finditer(text):
        if begins or match[0].startswith("\n"):
            yield RawMark(match[1], _context(text, match.start(1), match.end(1)))


def _context(text: str, start: int, end: int) -> str:
    line = text.rfind("\n", 0, start) + 1
    stop = text.find("\n", end)
    return text[max(line, start - 10) : min(stop if stop >= 0 else len(text), end + 10)].strip()
