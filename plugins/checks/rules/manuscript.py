"""A source as the rules see it: the text, and copies of the same length in which some parts are hidden.

An offset means the same place in every copy, so that a rule may search in one copy and a repair may write into another.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from plugins.control_characters import words
from plugins.frontmatter.header.fences import header_end
from plugins.frontmatter.header.leftovers import find_second_header
from plugins.frontmatter.parse.source import LARGEST
from plugins.inputs import InputFolder, UnreadableInput

HIDDEN = "\x00"
"""Stands for a hidden character. No source holds it: front matter refuses control characters (F103)."""

LINK = re.compile(
    r'(?<!!)\[(?P<text>(?:[^\[\]\n]|\n(?!\n)|\[[^\[\]]*\](?:\([^()]*\))?)*)\]\(\s*<?(?P<to>[^)\s>]*)>?(?:\s+"(?P<title>[^"]*)")?\s*\)'
)
IMAGE = re.compile(r'!\[(?P<alt>[^\[\]]*)\]\(\s*<?(?P<to>[^)\s>]*)>?(?:\s+"(?P<title>[^"]*)")?\s*\)')
ANCHOR = re.compile(r"<a\s[^<>]*?href=[\"']?(?P<to>[^\"'\s<>]*)[^<>]*>(?P<text>.*?)</a>", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class _Pattern:
    """A pattern, and the ``signs`` of which each of its matches holds one: a text without them need not be searched."""

    signs: tuple[str, ...]
    pattern: re.Pattern[str]

    def within(self, text: str) -> bool:
        """Tell whether ``text`` may have a match."""
        return any(sign in text for sign in self.signs)


_HEADER = re.compile(r"\A---[ \t]*\n(?:.*\n)*?---[ \t]*(?:\n|\Z)")
_EMPTY_HEADER = len("---\n---\n")
_CODE = (
    _Pattern(("```", "~~~"), re.compile(r"^ {0,3}(```+|~~~+)[^\n]*\n.*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)),
    _Pattern(("<!--",), re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)),
    _Pattern(("%%",), re.compile(r"(?<!%)%%(?!%).*?(?:%%|\Z)", re.DOTALL)),
    _Pattern(("</",), re.compile(r"<(pre|code)\b[^<>]*>.*?</\1>", re.DOTALL | re.IGNORECASE)),
    _Pattern(("`",), re.compile(r"(?<!`)(`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)\1(?!`)", re.DOTALL)),
)
_BLOCK = re.compile(r"(?:^(?: {4}|\t).*(?:\n|\Z)|^[ \t]*\n)+", re.MULTILINE)
_LIST = re.compile(r"^ {0,3}(?:[-*+]|[0-9]+\.|\[\^[^\]]+\]:|:)[ \t]")
_NO_PROSE = (
    _Pattern(("<",), re.compile(r"<(?:https?|mailto):[^<>\s]*>")),
    _Pattern(("<",), re.compile(r"</?[A-Za-z][^<>]*>")),
    _Pattern(("](",), re.compile(r"(?<=\]\()\s*(?:<[^<>\n]*>|[^\s)]*)")),
    _Pattern(("]:",), re.compile(r"^ {0,3}\[[^\]\n]+\]:[ \t]*\S+", re.MULTILINE)),
    _Pattern(("][",), re.compile(r"(?<=\])\[[^\]\n]*\]")),
    _Pattern(("[^",), re.compile(r"\[\^[^\]\n]+\]:?")),
    _Pattern(("::", "：："), re.compile(r"^(?:::|：：).*$", re.MULTILINE)),
    _Pattern(("{",), re.compile(r"\{[^\s{}]+[ \u3000]+[^{}\n]+\}")),  # {日付 2018-03-11} is written out by the build
    _Pattern(("://", "mailto:"), re.compile(r"(?:https?://|mailto:)[^\s\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef)>\]]+")),
)
_NO_VALUE = (
    _Pattern(("---", "#"), re.compile(r"^---[ \t]*$|^[ \t]*#.*$", re.MULTILINE)),
    _Pattern((":",), re.compile(r"^[ \t]*(?:-[ \t]+)?[\"']?[^\s:\"'{}\[\],]+[\"']?:(?=[ \t]|$)", re.MULTILINE)),
    _Pattern((":",), re.compile(r"[{,][ \t]*[A-Za-z_][\w-]*:(?=[ \t])")),
    _Pattern(("/", "mailto:"), re.compile(r"(?:https?://|mailto:|\.\.?/)[^\s,}\]\"']+")),
    _Pattern(("/",), re.compile(r"(?<![^\s\[,\"'])/[\w./~-]*")),
    _Pattern(("-",), re.compile(r"(?<![0-9])[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)?(?![0-9])")),
)
_LINKS = (
    _Pattern(("](",), LINK),
    _Pattern(("![",), IMAGE),
    _Pattern(("<",), ANCHOR),
    _Pattern(("][",), re.compile(r"\[[^\[\]\n]*\]\[[^\[\]\n]*\]")),
)


@dataclass(frozen=True)
class Manuscript:
    """One source. ``path`` is what diagnostics name; ``text`` has line feeds and no byte-order mark; ``body`` is the offset of its body.

    ``marked`` is the body without code, for headings, tables and links. ``prose`` is the text for readers, values of front matter included, without
    code, markup and addresses. ``loose`` is the prose without links and images, where a repair may write. ``size_of`` gives the bytes of a file named in the source, or None.
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
    """Read ``content / path``; None if it cannot be read, is too large or not UTF-8, which front matter reports (F101, F102, F111 …)."""
    files = InputFolder(content)
    try:
        data = files.read(str(path), LARGEST + 1)
        text = data.decode("utf-8-sig")
    except (UnreadableInput, UnicodeDecodeError):
        return None
    if len(data) > LARGEST or b"\x1b$" in data:  # ISO-2022-JP is ASCII too
        return None
    below = PurePosixPath(f"{content.name}/{path}")
    return manuscript(below, text.replace("\r\n", "\n").replace("\r", "\n"), lambda name: file_size(files, path, name))


def manuscript(path: PurePosixPath, text: str, size_of: Callable[[str], int | None] = lambda _name: None) -> Manuscript:
    """Split ``text`` into front matter and body, and hide in each what no rule looks at."""
    header = _HEADER.match(text)
    at = header.end() if header and header.end() > _EMPTY_HEADER else header_end(text)
    if second := find_second_header(text[at:]):
        at += second.end
    front_matter, body = text[:at], text[at:]
    marked = _without_code(body)
    visible_values = _hide(front_matter, *_NO_VALUE)
    prose = _hide(marked, *_NO_PROSE)
    loose = _without_links(prose, marked)
    return Manuscript(path, text, at, _blank(front_matter) + marked, visible_values + prose, visible_values + loose, size_of)


def visible(text: str) -> str:
    """Return the words of a link's text: of an image its description, no tags, no emphasis, no space around."""
    shown = IMAGE.sub(lambda image: image["alt"], text)
    return words(re.sub(r"<[^<>]*>|[*_`\x00]", "", shown))


def file_size(files: InputFolder, path: PurePosixPath, name: str) -> int | None:
    """Return the bytes of the file that the source at ``path`` calls ``name``; None if there is none below ``content``."""
    status = files.stat(posixpath.normpath(f"{path.parent}/{name}"))
    return status.size if status else None


def _without_code(body: str) -> str:
    hidden = _hide(body, *_CODE)
    if not any(sign in f"\n{hidden}" for sign in ("\n ", "\n\t")):
        return hidden
    return _BLOCK.sub(lambda block: _without_indented(block, hidden), hidden)


def _without_indented(block: re.Match[str], body: str) -> str:
    """Hide a block of lines with four spaces, which is code unless it continues a list, a footnote or a definition."""
    before = body[: block.start()].rstrip("\n")
    last = before.rpartition("\n")[2]
    begins = block.start() == 0 or block[0].startswith("\n") or body[: block.start()].endswith("\n\n")
    paragraph = before.rpartition("\n\n")[2].lstrip("\n")
    continues = _LIST.match(last) or _LIST.match(paragraph)
    return block[0] if continues or not begins else _blank(block[0])


def _hide(text: str, *marks: _Pattern) -> str:
    for mark in marks:
        if mark.within(text):
            text = mark.pattern.sub(lambda match: _blank(match[0]), text)
    return text


def _blank(text: str) -> str:
    return "\n".join(HIDDEN * len(line) for line in text.split("\n"))


def _without_links(prose: str, marked: str) -> str:
    for mark in _LINKS:
        for match in mark.pattern.finditer(marked) if mark.within(marked) else ():
            prose = prose[: match.start()] + _blank(match[0]) + prose[match.end() :]
    return prose
