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
_MARKED = re.compile(r"[ \t]*(?:[-+*o•·§Øü]|[0-9]{1,9}[.)])\t")
"""The row of a list, as Word pastes it."""
_LETTERED = re.compile(r"([²lnuvq])\t[^\t]*\Z")
"""The same with a symbol font's letter, which may be a cell too: two rows with one letter are a list."""

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
    following = lines[at + 1].text if at + 1 < len(lines) else ""
    if "|" in lines[at].text and "|" in following and is_divider(following):
        return Remark(lines[at].number, "divider", lines[at].text.strip()[:40])
    if not _ROW.match(lines[at].text):
        return None
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
    letters = [match[1] for text in pair if (match := _LETTERED.match(text))]
    if len(letters) == 2 and letters[0] == letters[1]:
        return False
    return not any(_MARKED.match(text) or not text.strip() for text in pair)


def pasted_rows(lines: Sequence[Line], at: int) -> tuple[list[Line], int]:
    """Return the rows that a spreadsheet put on the clipboard at ``at``, each on one line, and the index of the line after them."""
    rows, tabs = list[Line](), lines[at].text.count("\t")
    while at < len(lines) and lines[at].text.strip():
        row, end = _pasted_row(lines, at)
        if row.text.count("\t") != tabs:
            break
        rows.append(row)
        at = end
    return rows, at


def _pasted_row(lines: Sequence[Line], at: int) -> tuple[Line, int]:
    """Return the row at ``at``. A spreadsheet puts quotes around a cell of several lines, and writes each quote in it twice."""
    if not _opens_quote(lines[at].text):
        return lines[at], at + 1
    end = next((index for index in range(at + 1, min(at + _TALLEST, len(lines))) if _CLOSES.search(lines[index].text)), None)
    if end is None:
        return lines[at], at + 1
    whole = "<br>".join(line.text for line in lines[at : end + 1])
    text = re.sub(r'(?:(?<=\t)|^)"((?:[^"]|"")*)"(?=\t|$)', lambda cell: cell[1].replace('""', '"'), whole)
    return Line(text, lines[at].number), end + 1


def _opens_quote(row: str) -> bool:
    last = row.rpartition("\t")[2]
    return last.startswith('"') and last.count('"') % 2 == 1


_CLOSES = re.compile(r'^[^"\t]*(?:""[^"\t]*)*"(?=\t|$)')
_TALLEST = 20
"""Lines of one cell: a quote that is never closed takes no more."""


def pasted_table(rows: Sequence[Line]) -> list[Line]:
    """Return a table whose header is the first of the pasted rows."""
    texts = [[cell.strip().replace("|", "\\|") for cell in row.text.split("\t")] for row in rows]
    lines = [Line(f"| {' | '.join(row)} |", line.number) for row, line in zip(texts, rows, strict=True)]
    return [lines[0], Line("|" + "---|" * len(texts[0]), rows[0].number), *lines[1:]]


def with_code(row: str) -> str:
    """Return a row in which a pipe after a backslash is a pipe inside code too (GFM 4.10): Python-Markdown would show the backslash."""
    if "\\|" not in row or "`" not in row:
        return row
    parts, at = list[str](), 0
    for start, end in CodeSpans(row):
        parts += [row[at:start], row[start:end].replace("\\|", "|")]
        at = end
    return "".join((*parts, row[at:]))
