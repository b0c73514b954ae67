"""Raw HTML as a block: where it begins and ends (CommonMark 0.31.2, 4.6). Between two such blocks Markdown is read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from plugins.frontmatter.normalise.remarks import Line, Remark

_NAMES = (
    "address article aside base basefont blockquote body caption center col colgroup dd details dialog dir div dl dt fieldset figcaption figure footer form frame "
    "frameset h1 h2 h3 h4 h5 h6 head header hr html iframe legend li link main menu menuitem nav noframes ol optgroup option p param search section summary table "
    "tbody td tfoot th thead title tr track ul"
).replace(" ", "|")
_VERBATIM = re.compile(r"^ {0,3}<(script|pre|style|textarea)(?=[\s>]|$)", re.IGNORECASE)
_ENDS = (("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>"), ("<!", ">"))
_BLOCK = re.compile(rf"^ {{0,3}}</?(?:{_NAMES})(?=[\s>]|/>|$)", re.IGNORECASE)
_ATTRIBUTE = r"""(?:\s+[A-Za-z_:][\w.:-]*(?:\s*=\s*(?:[^\s"'=<>`]+|'[^']*'|"[^"]*"))?)"""
_ALONE = re.compile(rf"^ {{0,3}}(?:<[A-Za-z][A-Za-z0-9-]*{_ATTRIBUTE}*\s*/?>|</[A-Za-z][A-Za-z0-9-]*\s*>)[ \t]*$")
_TAG = re.compile(r"""<(/?)([A-Za-z][A-Za-z0-9-]*)(?:[^<>"']|"[^"]{0,500}"|'[^']{0,500}'){0,500}?(/?)>""")
_LONGEST = 2_000
"""Characters of a line that may be one tag."""

_CLOSED = frozenset(
    "article aside blockquote center details div dl fieldset figure footer form header main nav ol section summary table ul".split()
)
"""Elements that need their end tag, and hold others: an open one swallows the rest of the page."""


def html_end(text: str, *, in_paragraph: bool = False) -> str | None:
    """Return what ends the HTML block that ``text`` begins; the empty text for an empty line, None if it begins none."""
    start = text.lstrip(" ")
    if not start.startswith("<") or len(text) - len(start) > 3:
        return None
    if match := _VERBATIM.match(text):
        return f"</{match[1].lower()}>"
    for begin, end in _ENDS:
        if start.startswith(begin) and (begin != "<!" or start[2:3].isalpha()):
            return end
    if _BLOCK.match(text):
        return ""
    return "" if not in_paragraph and text.endswith((">", " ")) and len(text) < _LONGEST and _ALONE.match(text) else None


def last_line(lines: Sequence[Line], at: int, end: str) -> int:
    """Return the index after the last line of the HTML block at ``at``."""
    if not end:
        return next((index for index in range(at, len(lines)) if not lines[index].text.strip()), len(lines))
    return next((index + 1 for index in range(at, len(lines)) if end in lines[index].text.lower()), len(lines))


class OpenElements:
    """Keeps which elements of the raw HTML are open."""

    def __init__(self) -> None:
        self._open: list[tuple[str, int]] = []
        self._counts: Counter[str] = Counter()
        self._stray: list[tuple[str, int]] = []

    def read(self, lines: Sequence[Line]) -> None:
        """Read the tags of one HTML block. A tag that goes over several lines is looked at as one."""
        text, number, at = "\n".join(line.text for line in lines), lines[0].number, 0
        for match in _TAG.finditer(text):
            number, at = number + text.count("\n", at, match.start()), match.start()
            name = match[2].lower()
            if name in _CLOSED and not match[3]:
                self._note(name, number, closes=bool(match[1]))

    def _note(self, name: str, number: int, *, closes: bool) -> None:
        if not closes:
            self._open.append((name, number))
            self._counts[name] += 1
            return
        if not self._counts[name]:
            self._stray.append((f"/{name}", number))
            return
        closed = ""
        while closed != name:
            closed, _ = self._open.pop()
            self._counts[closed] -= 1

    def remarks(self) -> list[Remark]:
        """Return a remark for each element that is not closed, and each end without a beginning."""
        return [Remark(number, "open html", f"<{name}>") for name, number in (*self._open, *self._stray)]
