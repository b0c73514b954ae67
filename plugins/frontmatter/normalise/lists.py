"""Lists: items with marks of Markdown, and lines with the bullets and numbers of a word processor."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from plugins.frontmatter.normalise import signs
from plugins.frontmatter.normalise.inline import task
from plugins.frontmatter.normalise.remarks import Line, Remark

MARKS = 4
"""Columns of the mark of an item, as Python-Markdown counts them."""

_CONTAINERS = re.compile(r"^(?: {0,3}(?:> ?|(?:[-+*]|[0-9]{1,9}[.)]) +)){1,40}")
_NO_TEXT = re.compile(r"^ {0,3}(?:#{1,6}(?=[ \t]|$)|(?:[-*_][ \t]*){3,}$|`{3}|~{3})")


@dataclass
class Item:
    """One item: its lines without the indentation, and the index of the line after it."""

    inside: list[Line]
    following: int = 0
    loose: bool = False


def begins_item(text: str) -> bool:
    """Tell whether ``text`` begins a list although a paragraph is open: with words, and with 1 if it has a number (CommonMark 5.2)."""
    match = signs.ITEM.match(text)
    return bool(match and (match[4] or "").strip() and (not match[2][0].isdigit() or int(match[2][:-1]) == 1))


def kind_of(text: str) -> str:
    """Return the sign that makes two items siblings: the bullet, or what follows the number; empty if ``text`` is no item."""
    match = signs.ITEM.match(text)
    return match[2][-1] if match and not signs.RULE.match(text) else ""


@dataclass
class ItemReader:
    """Reads one item of ``lines``. ``interrupts`` tells whether another block begins at a line; remarks go into ``remarks``."""

    lines: Sequence[Line]
    interrupts: Callable[[int], bool]
    remarks: list[Remark]
    fence: str = field(default="", init=False)

    def read(self, at: int) -> Item:
        """Return the item at ``at``."""
        match = signs.ITEM.match(self.lines[at].text)
        if match is None:
            raise ValueError(self.lines[at].text)
        base, width = len(match[1]), len(match[1]) + len(match[2])
        gap = signs.indentation(" " * width + (match[3] or "")) - width if match[3] else 1
        item = Item([Line(task(match[4] or ""), self.lines[at].number)])
        self.fence = ""
        self._note_fence(match[4] or "")
        self._continue(item, at + 1, base, width + (gap if gap <= MARKS else 1), ordered=match[2][0].isdigit())
        return item

    def _continue(self, item: Item, at: int, base: int, offset: int, *, ordered: bool) -> None:
        shift = 0  # columns that are missing before an inner list of bullets
        while at < len(self.lines):
            text = self.lines[at].text
            columns = signs.indentation(text)
            if not text.strip():
                if len(item.inside) == 1 and not item.inside[0].text:
                    break  # an item may begin with at most one empty line
                item.inside.append(Line("", self.lines[at].number))
            elif columns >= offset - shift:
                self._add(item, signs.spaced(text)[offset - shift :], at, shift)
            elif ordered and not shift and columns >= base + 2 and _is_inner_bullet(text):
                shift = offset - columns
                self._add(item, signs.spaced(text)[columns:], at, shift)
            elif self._goes_on(item, at):
                self.remarks.append(Remark(self.lines[at].number, "lazy", text.strip()[:20]))
                self._add(item, text.lstrip(" \t"), at)
            else:
                break
            at += 1
        while len(item.inside) > 1 and not item.inside[-1].text:
            item.inside.pop()
            at -= 1
        item.following = at
        item.loose = any(not line.text for line in item.inside[1:])

    def _add(self, item: Item, text: str, at: int, shift: int = 0) -> None:
        if shift:
            whole = self.lines[at].text
            self.remarks.append(Remark(self.lines[at].number, "nesting", whole.strip()[:20], " " * shift + whole))
        item.inside.append(Line(text, self.lines[at].number))
        self._note_fence(text)

    def _note_fence(self, text: str) -> None:
        """Keep whether code is open: a line of it is never a continuation."""
        stripped = text.strip()
        if self.fence:
            self.fence = "" if stripped.startswith(self.fence) and not stripped.strip(self.fence[0]) else self.fence
        elif match := signs.FENCE.match(text):
            self.fence = match[2]

    def _goes_on(self, item: Item, at: int) -> bool:
        """Tell whether the line at ``at`` continues the paragraph of the item although it is not indented (CommonMark 5.2, laziness)."""
        if self.fence or not is_running(item.inside[-1].text):
            return False
        return not signs.ITEM.match(self.lines[at].text) and not self.interrupts(at)


def _is_inner_bullet(text: str) -> bool:
    match = signs.INDENTED_ITEM.match(signs.spaced(text))
    return match is not None and not match[2][0].isdigit()


def is_running(line: str) -> bool:
    """Tell whether ``line`` is text that may go on in the next line without its mark or indentation (CommonMark 5.1, laziness)."""
    words = _CONTAINERS.sub("", line)
    return bool(words.strip()) and not _NO_TEXT.match(words) and "|" not in words


def word_list(lines: Sequence[Line], at: int) -> bool:
    """Tell whether two lines stand at ``at`` that a word processor made a list of: with the same bullet, or with numbers that count on from 1."""
    if at + 1 >= len(lines):
        return False
    first, second = lines[at].text, lines[at + 1].text
    if (one := signs.bullet(first)) and (two := signs.bullet(second)):
        return one[1] == two[1] or two[0] > one[0]
    if (number := signs.ordinal(first)) and (following := signs.ordinal(second)) and number[0] == 1:
        return following[0] == 2 and number[1] == following[1] and not signs.ITEM.match(first)
    return False


def word_items(lines: Sequence[Line], at: int) -> tuple[list[Line], int]:
    """Return the list that a word processor made, in Markdown, and the index of the line after it."""
    numbered, end, made, depths = signs.bullet(lines[at].text) is None, at, list[Line](), list[int]()
    while end < len(lines):
        text = lines[end].text
        item = signs.ordinal(text) if numbered else signs.bullet(text)
        if item is None or (numbered and item[0] != end - at + 1):
            break
        while depths and not numbered and item[0] < depths[-1]:
            depths.pop()
        if not depths or (not numbered and item[0] > depths[-1]):
            depths.append(item[0])
        mark = f"{item[0]}." if numbered else "-"
        made.append(Line(" " * MARKS * (len(depths) - 1) + mark.ljust(MARKS) + task(item[2].rstrip()), lines[end].number))
        end += 1
    return made, end
