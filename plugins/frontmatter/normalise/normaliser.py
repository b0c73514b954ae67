"""The whole text: notes are taken out, and the blocks are walked."""

from __future__ import annotations

import re
from collections.abc import Collection

from plugins.frontmatter.normalise.notes import EMPTIED, without_notes
from plugins.frontmatter.normalise.remarks import Line, Normalised, Remark, Stash
from plugins.frontmatter.normalise.signs import FENCE
from plugins.frontmatter.normalise.walker import Walker

_GOES_ON = re.compile(r"[ \t]*(?:[|\-+*]|[0-9]{1,9}[.)])")
"""What may stand after a line that held only a note, and belongs to what stood before it: a row, an item."""


def normalise(text: str, stash: Stash | None = None, *, breaks: bool = False) -> Normalised:
    """Return ``text`` in the Markdown that Python-Markdown reads as it was meant.

    ``stash`` takes code and raw HTML, and returns the line that stands for it in the result; without it they stay. With ``breaks`` a line end
    inside a paragraph is one on the page. The time grows with the length of the text. The same text comes back if it is given again.
    """
    lines = _lines(without_notes(text, EMPTIED))
    walker = Walker(lines, stash, breaks)
    made = walker.run() or [Line("", 0)]
    remarks = _told_once((*walker.remarks, *walker.elements.remarks()))
    return Normalised("\n".join(line.text for line in made), tuple(line.number for line in made), remarks)


def _told_once(remarks: Collection[Remark]) -> tuple[Remark, ...]:
    """Return the remarks in the order of lines. A line inside two quotations is walked twice, and one that goes on with an item needs no second word."""
    lazy = {remark.number for remark in remarks if remark.kind == "lazy"}
    once = dict.fromkeys(remark for remark in remarks if remark.kind != "rows" or remark.number not in lazy)
    return tuple(sorted(once, key=lambda remark: remark.number))


_ODD_SPACES = re.compile(r"^[ \t\u3000\xa0]*(?:(?:[-+*]|[0-9]{1,9}[.)])[ \t\u3000\xa0]+(?=\S))?")
"""White space at the beginning of a line, and that around the mark of an item."""


def _with_plain_spaces(lines: list[str]) -> list[str]:
    """Return the lines with the spaces of the keyboard before and after the marks of items: Word and browsers put others there. Code stays as it is."""
    plain, fence = list[str](), ""
    for line in lines:
        match = None if fence else _ODD_SPACES.match(line)
        if (opened := FENCE.match(line)) and (not fence or opened[2].startswith(fence)):
            fence = "" if fence else opened[2]
        if match and not match[0].isascii() and (match[0].strip() or "\xa0" in match[0]):
            plain.append(match[0].replace("\u3000", "  ").replace("\xa0", " ") + line[match.end() :])
        else:
            plain.append(line)
    return plain


def _lines(text: str) -> list[Line]:
    lines = [Line(line, number) for number, line in enumerate(_with_plain_spaces(text.split("\n")))]
    if EMPTIED not in text:
        return lines
    kept = list[Line]()
    for line, following in zip(lines, [*lines[1:], Line("", 0)], strict=True):
        if line.text != EMPTIED:
            kept.append(line)
        elif not _GOES_ON.match(following.text):
            kept.append(Line("", line.number))
    return kept
