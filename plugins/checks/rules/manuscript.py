"""A source as the rules see it: the file, and copies of the same length in which all else is hidden.

Offsets mean the same place in every copy, so that a rule may search one and a repair write into another.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

HIDDEN = "\x00"
"""Stands for a hidden character. No source holds it: front matter refuses control characters."""

LINK = re.compile(
    r'(?<!!)\[(?P<text>(?:[^\[\]\n]|\n(?!\n)|\[[^\[\]]*\](?:\([^()]*\))?)*)\]\(\s*<?(?P<to>[^)\s>]*)>?(?:\s+"(?P<title>[^"]*)")?\s*\)'
)
IMAGE = re.compile(r'!\[(?P<alt>[^\[\]]*)\]\(\s*<?(?P<to>[^)\s>]*)>?(?:\s+"(?P<title>[^"]*)")?\s*\)')
ANCHOR = re.compile(r"<a\s[^<>]*?href=[\"']?(?P<to>[^\"'\s<>]*)[^<>]*>(?P<text>.*?)</a>", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class _Mark:
    """What a pattern finds always holds one of ``signs``: a text without them need not be searched."""

    signs: tuple[str, ...]
    pattern: re.Pattern[str]

    def within(self, text: str) -> bool:
        """Tell whether a search is worth it."""
        return any(sign in text for sign in self.signs)


_HEAD = re.compile(r"\A---[ \t]*\n(?:.*\n)*?---[ \t]*(?:\n|\Z)")
_CODE = (
    _Mark(("```", "~~~"), re.compile(r"^ {0,3}(```+|~~~+)[^\n]*\n.*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)),
    _Mark(("<!--",), re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)),
    _Mark(("</",), re.compile(r"<(pre|code)\b[^<>]*>.*?</\1>", re.DOTALL | re.IGNORECASE)),
    _Mark(("`",), re.compile(r"(?<!`)(`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)\1(?!`)", re.DOTALL)),
)
_BLOCK = re.compile(r"(?:^(?: {4}|\t).*(?:\n|\Z)|^[ \t]*\n)+", re.MULTILINE)
_LIST = re.compile(r"^ {0,3}(?:[-*+]|[0-9]+\.|\[\^[^\]]+\]:|:)[ \t]")
_NO_PROSE = (
    _Mark(("<",), re.compile(r"<(?:https?|mailto):[^<>\s]*>")),
    _Mark(("<",), re.compile(r"</?[A-Za-z][^<>]*>")),
    _Mark(("](",), re.compile(r"(?<=\]\()\s*(?:<[^<>\n]*>|[^\s)]*)")),
    _Mark(("]:",), re.compile(r"^ {0,3}\[[^\]\n]+\]:[ \t]*\S+", re.MULTILINE)),
    _Mark(("][",), re.compile(r"(?<=\])\[[^\]\n]*\]")),
    _Mark(("[^",), re.compile(r"\[\^[^\]\n]+\]:?")),
    _Mark(("::", "：："), re.compile(r"^(?:::|：：).*$", re.MULTILINE)),
    _Mark(("{",), re.compile(r"\{[^\s{}]+[ \u3000]+[^{}\n]+\}")),  # {日付 2018-03-11} is written out by the build
    _Mark(("://", "mailto:"), re.compile(r"(?:https?://|mailto:)[^\s\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef)>\]]+")),
)
_NO_VALUE = (
    _Mark(("---", "#"), re.compile(r"^---[ \t]*$|^[ \t]*#.*$", re.MULTILINE)),
    _Mark((":",), re.compile(r"^[ \t]*(?:-[ \t]+)?[\"']?[^\s:\"'{}\[\],]+[\"']?:(?=[ \t]|$)", re.MULTILINE)),
    _Mark((":",), re.compile(r"[{,][ \t]*[A-Za-z_][\w-]*:(?=[ \t])")),
    _Mark(("/", "mailto:"), re.compile(r"(?:https?://|mailto:|\.\.?/)[^\s,}\]\"']+")),
    _Mark(("/",), re.compile(r"(?<![^\s\[,\"'])/[\w./~-]*")),
    _Mark(("-",), re.compile(r"(?<![0-9])[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)?(?![0-9])")),
)
_LINKS = (
    _Mark(("](",), LINK),
    _Mark(("![",), IMAGE),
    _Mark(("<",), ANCHOR),
    _Mark(("][",), re.compile(r"\[[^\[\]\n]*\]\[[^\[\]\n]*\]")),
)


@dataclass(frozen=True)
class Manuscript:
    """One source. ``path`` is what faults name; ``text`` has line feeds and no byte-order mark; ``body`` is where its body begins.

    ``marked``: the body without code, for headings, tables, links. ``prose``: what readers read, front matter values included, without code, markup
    and addresses. ``loose``: prose without links and images, where a repair may write. ``size_of`` gives the bytes of a file named in the source, or None.
    """

    path: PurePosixPath
    text: str
    body: int
    marked: str
    prose: str
    loose: str
    size_of: Callable[[str], int | None]

    def line(self, at: int) -> int:
        """Return the line, from 1, of an offset."""
        return self.text.count("\n", 0, at) + 1

    def column(self, at: int) -> int:
        """Return the column, from 1, of an offset."""
        return at - self.text.rfind("\n", 0, at)


def read_manuscript(content: Path, path: PurePosixPath) -> Manuscript | None:
    """Read ``content / path``; None if it is not UTF-8, which front matter reports already."""
    try:
        with open(f"{content}/{path}", "rb") as file:  # noqa: PTH123 - thousands of sources: no object for each
            text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    below = PurePosixPath(f"{content.name}/{path}")
    return manuscript(below, text.replace("\r\n", "\n"), lambda name: file_size((content / path).parent / name))


def manuscript(path: PurePosixPath, text: str, size_of: Callable[[str], int | None] = lambda _name: None) -> Manuscript:
    """Cut ``text`` into front matter and body, and hide in each what is not to be judged."""
    found = _HEAD.match(text)
    at = found.end() if found else 0
    head, body = text[:at], text[at:]
    marked = _without_code(body)
    values = _hide(head, *_NO_VALUE)
    prose = _hide(marked, *_NO_PROSE)
    loose = _without_links(prose, marked)
    return Manuscript(path, text, at, _blank(head) + marked, values + prose, values + loose, size_of)


def visible(text: str) -> str:
    """Return the words of a link's text: of an image its description, no tags, no emphasis, no space around."""
    words = IMAGE.sub(lambda found: found["alt"], text)
    return re.sub(r"<[^<>]*>|[*_`\x00]", "", words).strip()


def file_size(path: Path) -> int | None:
    """Return the bytes of a file, None if there is none."""
    return path.stat().st_size if path.is_file() else None


def _without_code(body: str) -> str:
    hidden = _hide(body, *_CODE)
    if not any(sign in f"\n{hidden}" for sign in ("\n ", "\n\t")):
        return hidden
    return _BLOCK.sub(lambda found: _indented(found, hidden), hidden)


def _indented(found: re.Match[str], body: str) -> str:
    """Four spaces are code, unless they continue a list, a footnote or a definition."""
    before = body[: found.start()].rstrip("\n")
    last = before.rpartition("\n")[2]
    begins = found.start() == 0 or found[0].startswith("\n") or body[: found.start()].endswith("\n\n")
    paragraph = before.rpartition("\n\n")[2].lstrip("\n")
    continues = _LIST.match(last) or _LIST.match(paragraph)
    return found[0] if continues or not begins else _blank(found[0])


def _hide(text: str, *marks: _Mark) -> str:
    for mark in marks:
        if mark.within(text):
            text = mark.pattern.sub(lambda found: _blank(found[0]), text)
    return text


def _blank(text: str) -> str:
    return "\n".join(HIDDEN * len(line) for line in text.split("\n"))


def _without_links(prose: str, marked: str) -> str:
    for mark in _LINKS:
        for found in mark.pattern.finditer(marked) if mark.within(marked) else ():
            prose = prose[: found.start()] + _blank(found[0]) + prose[found.end() :]
    return prose
