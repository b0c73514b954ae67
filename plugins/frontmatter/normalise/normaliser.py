"""The whole text: notes are taken out, and the blocks are walked."""

from __future__ import annotations

import re

from plugins.frontmatter.normalise.notes import EMPTIED, without_notes
from plugins.frontmatter.normalise.remarks import Line, Normalised, Stash
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
    remarks = sorted((*walker.remarks, *walker.elements.remarks()), key=lambda remark: remark.number)
    return Normalised("\n".join(line.text for line in made), tuple(line.number for line in made), tuple(remarks))


def _lines(text: str) -> list[Line]:
    lines = [Line(line, number) for number, line in enumerate(text.split("\n"))]
    if EMPTIED not in text:
        return lines
    kept = list[Line]()
    for line, following in zip(lines, [*lines[1:], Line("", 0)], strict=True):
        if line.text != EMPTIED:
            kept.append(line)
        elif not _GOES_ON.match(following.text):
            kept.append(Line("", line.number))
    return kept
