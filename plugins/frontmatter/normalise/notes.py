"""What editors write for each other: ``<!-- … -->`` and ``%% … %%``. It never leaves the checkout."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from plugins.frontmatter.normalise.code_spans import CodeSpans

_SIGN = re.compile(r"`+|<!--(?! -->)|(?<!%)%%(?!%)")
# ``<!-- -->`` is no note: the normaliser keeps two lists apart with it.
_FENCE = re.compile(r"^[ \t>]*(?:[-+*][ \t]+)?(`{3,}|~{3,})[^\n]*$", re.MULTILINE)
_ENDS = {"<!--": "-->", "%%": "%%"}

EMPTIED = "\x01"
"""Stands for a line of which nothing is left. No source holds it (F103)."""


@dataclass(frozen=True)
class Note:
    """A note from ``start`` to ``end`` in the text; ``end`` is None if it is never closed."""

    start: int
    end: int | None


def find_notes(text: str) -> list[Note]:
    """Return the notes outside of code, in order. The last of them may be open. The time grows with the length of the text."""
    if "<!--" not in text and "%%" not in text:
        return []
    notes, at, fences, code = list[Note](), 0, list(_fences(text)), CodeSpans(text)
    starts = [start for start, _ in fences]
    while match := _SIGN.search(text, at):
        index = bisect_right(starts, match.start()) - 1
        if index >= 0 and match.start() < fences[index][1]:
            at = fences[index][1]
        elif match[0][0] == "`":
            at = code.after(match) or match.end()
        else:
            end = text.find(_ENDS[match[0]], match.end())
            if end < 0:
                return [*notes, Note(match.start(), None)]
            at = end + len(_ENDS[match[0]])
            notes.append(Note(match.start(), at))
    return notes


def without_notes(text: str, empty: str = "") -> str:
    """Return ``text`` without the notes, with as many lines as before. A line of which nothing is left becomes ``empty``."""
    notes = find_notes(text)
    if not notes:
        return text
    parts, at = list[str](), 0
    for note in notes:
        end = len(text) if note.end is None else note.end
        parts += [text[at : note.start], EMPTIED, f"\n{EMPTIED}" * text.count("\n", note.start, end)]
        at = end
    lines = "".join((*parts, text[at:])).split("\n")
    return "\n".join(_line(line, empty) for line in lines)


def _line(line: str, empty: str) -> str:
    if EMPTIED not in line:
        return line
    rest = line.replace(EMPTIED, "")
    return rest if rest.strip() else empty


def _fences(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of fenced code; the last may be open."""
    opened: tuple[int, str] | None = None
    for match in _FENCE.finditer(text):
        if opened is None:
            if match[1][0] == "~" or "`" not in match[0][match.end(1) - match.start() :]:
                opened = match.start(), match[1]
        elif match[1].startswith(opened[1]) and not match[0][match.end(1) - match.start() :].strip():
            yield opened[0], match.end()
            opened = None
    if opened:
        yield opened[0], len(text)
