"""Finds the telephone numbers in a text, so that a touch dials them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markupsafe import Markup, escape

_HYPHENS = "-‐‑‒–—―−ー－"
_CLASS = re.escape(_HYPHENS)
_DIGITS = str.maketrans("０１２３４５６７８９（）" + _HYPHENS, "0123456789()" + "-" * len(_HYPHENS))

# An area code with its 0, and hyphens or brackets between the parts: a row of digits alone may be any other number. Before and after it stands no letter or
# digit, nor what would make it a part of a longer number or of an address. The look back comes behind the first character: so `re` skips to the next 0.
_NUMBER = re.compile(
    rf"[0０](?<![0-9０-９A-Za-z_./@:+%=?&{_CLASS}][0０])[0-9０-９]{{1,4}}[{_CLASS}(（][0-9０-９]{{1,4}}[{_CLASS})）][0-9０-９]{{3,4}}"
    rf"(?![0-9０-９A-Za-z_/@%=&{_CLASS}])"
)
_IN_LINKS = re.compile(r"(<a\b.*?</a>|<[^>]*>)", re.DOTALL)


def find_telephones(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where each telephone number begins and ends in ``text``, and what a telephone dials.

    A number of Japan has ten digits, or eleven if it begins 050, 070, 080, 090 (総務省 電気通信番号計画); 0120, 0570 and 0800 are among them.
    """
    for match in _NUMBER.finditer(text):
        dialled = re.sub(r"\D", "", match[0].translate(_DIGITS))
        if len(dialled) == (11 if re.match(r"0[5789]0|0800", dialled) else 10):
            yield match.start(), match.end(), dialled


def has_telephone(text: str) -> bool:
    """Tell whether there may be a telephone number in ``text``: quicker than to look at each of its parts."""
    return _NUMBER.search(text) is not None


def link_telephones(text: str) -> Markup:
    """Return ``text`` with a link around each telephone number. In HTML (`markupsafe.Markup`), what stands in tags and links stays as it is."""
    parts = _IN_LINKS.split(text) if isinstance(text, Markup) else [str(escape(text))]
    return Markup("".join(part if part.startswith("<") else _linked(part) for part in map(str, parts)))  # noqa: S704 - escaped, or HTML already


def _linked(text: str) -> str:
    result, end_before = "", 0
    for start, end, dialled in find_telephones(text):
        result += f'{text[end_before:start]}<a href="tel:{dialled}">{text[start:end]}</a>'
        end_before = end
    return result + text[end_before:]
