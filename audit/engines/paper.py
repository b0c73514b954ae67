"""What a browser prints, read from its PDF: pages that are filled, lines that are whole.

Firefox moves a grid or a flex container whole to the next page, which leaves the first page nearly empty, or cuts a line of it in two.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pypdf import PageObject, PdfReader

MOST_PAGES = 16
"""Sheets of A4 that a page of the site may take."""

_FILLED = 0.5
"""The first page is filled to this part of its height at least, if others follow."""

_EDGE = 15 / 25.4 * 72
"""The margin at the top and the bottom in points, as ``print.css`` sets it."""

_SLACK = 2.0
# Parts of the size of the letters that lie above and below the base line, in all our fonts at least.
_ABOVE, _BELOW = 0.7, 0.05


@dataclass(frozen=True)
class _Line:
    text: str
    y: float
    size: float


def paper_problems(pdf: bytes, heading: str) -> Iterator[str]:
    """Yield what is wrong with a printed page. ``heading`` is text that must stand on the first sheet; spaces do not count."""
    pages = PdfReader(io.BytesIO(pdf)).pages
    sheets = [tuple(_lines(page)) for page in pages]
    height = float(pages[0].mediabox.height)
    if len(sheets) > MOST_PAGES:
        yield f"{len(sheets)} sheets"
    if _joined(heading) not in _joined("".join(line.text for line in sheets[0])):
        yield f"{heading!r} is not on the first sheet"
    yield from (f"sheet {number} has no text" for number, lines in enumerate(sheets, 1) if not lines)
    lowest = min((line.y for line in sheets[0]), default=height)
    if len(sheets) > 1 and 1 - lowest / height < _FILLED:
        yield f"the first of {len(sheets)} sheets is filled to {1 - lowest / height:.0%}"
    for number, lines in enumerate(sheets, 1):
        yield from (f"sheet {number}: a line is cut: {line.text.strip()[:20]!r}" for line in lines if _is_cut(line, height))


def _is_cut(line: _Line, height: float) -> bool:
    return line.y - _BELOW * line.size < _EDGE - _SLACK or line.y + _ABOVE * line.size > height - _EDGE + _SLACK


def _joined(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKC", text) if letter.isalnum())


def _lines(page: PageObject) -> Iterator[_Line]:
    lines: list[_Line] = []

    def note(text: str, page_matrix: list[float], text_matrix: list[float], _font: Any, size: float) -> None:
        if text.strip():
            y = page_matrix[1] * text_matrix[4] + page_matrix[3] * text_matrix[5] + page_matrix[5]
            lines.append(_Line(text, y, abs(size * text_matrix[3] * page_matrix[3])))

    page.extract_text(visitor_text=note)
    return iter(lines)
