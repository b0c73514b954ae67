"""Tables: rows right after a line, alignment, what Excel puts on the clipboard (GFM 4.10)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from plugins.frontmatter.normalise.code_spans import CodeSpans
from plugins.frontmatter.normalise.remarks import Line, Remark
from plugins.frontmatter.normalise.signs import indentation

_PART = re.compile(r":?-+:?")
_DRAWN = re.compile(r"^[ \t\u3000]*[|｜][-:ー―－：─|｜ \t\u3000]+$")
"""A line that was meant to be a divider."""

_SIGN = re.compile(r"\\.|`+|\|")
_DIVIDER_SIGNS = frozenset("|:- \t")
_MARKED = re.compile(r"[ \t]*(?:[-+*o•·]|[0-9]{1,9}[.)])\t")
"""The row of a list, as Word pastes it."""

_ROW = re.compile(r"^ {0,3}[|｜].*[|｜][ \t\u3000]*$")


def cells(row: str) -> list[str]:
    """Return the cells of a row; a pipe after a backslash is text, and so is one inside code, as Python-Markdown reads it."""
    row = row.strip(" \t").removeprefix("|")
    code = dict(CodeSpans(row)) if "`" in row else {}
    parts, start, at = list[str](), 0, 0
    while match := _SIGN.search(row, at):
        at = code.get(match.start(), match.end())
        if match[0] == "|":
            parts.append(row[start : match.start()])
            start = at
    return [*parts, row[start:]] if row[start:].strip() or not parts else parts


def is_divider(text: str) -> bool:
    """Tell whether ``text`` is a line such as ``|:--|--:|``."""
    return (
        "-" in text
        and set(text) <= _DIVIDER_SIGNS
        and indentation(text) < 4
        and all(_PART.fullmatch(cell.strip(" \t")) for cell in cells(text))
    )


def begins_table(lines: Sequence[Line], at: int) -> bool:
    """Tell whether a header and a divider with as many cells stand at ``at``."""
    if at + 1 >= len(lines) or not is_divider(lines[at + 1].text):
        return False
    header, divider = lines[at].text, lines[at + 1].text
    return ("|" in header or "|" in divider) and len(cells(header)) == len(cells(divider)) and indentation(header) < 4


def table_remarks(rows: Sequence[Line], width: int) -> list[Remark]:
    """Return a remark for each row that has more cells than the header: what is too much is in no table, on GitHub neither."""
    long = [row for row in rows if row.text.count("|") > width - 1 and len(cells(row.text)) > width]
    return [Remark(row.number, "cells", cells(row.text)[width].strip()) for row in long]


def broken_table(lines: Sequence[Line], at: int) -> Remark | None:
    """Return a remark if rows stand at ``at`` that are no table: their divider is missing, drawn with other signs, or has another number of cells."""
    if not _ROW.match(lines[at].text):
        return None
    following = lines[at + 1].text if at + 1 < len(lines) else ""
    if _DRAWN.match(following) or _ROW.match(following):
        return Remark(lines[at].number, "divider", lines[at].text.strip()[:40])
    return None


def begins_pasted(lines: Sequence[Line], at: int) -> bool:
    """Tell whether two rows stand at ``at`` that a spreadsheet put on the clipboard: with the same number of tabs."""
    if "\t" not in lines[at].text or at + 1 >= len(lines):
        return False
    pair = [lines[at].text, lines[at + 1].text]
    if pair[0].count("\t") != pair[1].count("\t") or all(text.startswith((" ", "\t")) for text in pair):
        return False
    return not any(_MARKED.match(text) or not text.strip() for text in pair)


def pasted_rows(lines: Sequence[Line], at: int) -> int:
    """Return how many rows that a spreadsheet put on the clipboard stand at ``at``."""
    end, tabs = at + 2, lines[at].text.count("\t")
    while end < len(lines) and lines[end].text.count("\t") == tabs and lines[end].text.strip():
        end += 1
    return end - at


def pasted_table(rows: Sequence[Line]) -> list[Line]:
    """Return a table whose header is the first of the pasted rows."""
    texts = [[cell.strip().replace("|", "\\|") for cell in row.text.split("\t")] for row in rows]
    lines = [Line(f"| {' | '.join(row)} |", line.number) for row, line in zip(texts, rows, strict=True)]
    return [lines[0], Line("|" + "---|" * len(texts[0]), rows[0].number), *lines[1:]]
