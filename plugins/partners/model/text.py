"""Plain text out of whatever a feed has as a title. Pure."""

from __future__ import annotations

import html
import re
import unicodedata

from plugins.control_characters import is_blank

LONGEST_TITLE = 200
"""Characters. A longer title is a body in the wrong element."""

LONGEST_LEAD = 3_000
"""Characters of a body in which a title is looked for."""

UNTITLED = "無題"

_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?-->", re.DOTALL)
# Unicode categories: Cc controls, Cs lone surrogates, Co private use, Cn unassigned. Of Cf only those below go: others join emoji and kana.
_DROPPED = frozenset({"Cc", "Cs", "Co", "Cn"})
_BIDI_AND_BOM = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\ufff9\ufffa\ufffb")


def fold(text: str) -> str:
    """Return ``text`` on one line: white space of every kind becomes one space, characters that do not print go."""
    spaced = " ".join(text.split())
    if is_blank(spaced):
        return ""
    if spaced.isprintable():  # then no character is of a category that goes, and nearly all titles are
        return spaced
    kept = "".join(char for char in spaced if unicodedata.category(char) not in _DROPPED and char not in _BIDI_AND_BOM)
    return " ".join(kept.split())


def plain_text(text: str) -> str:
    """Return ``text`` without tags and with its entities decoded, on one line.

    Tags are removed after decoding too, since many feeds escape twice. ``<お知らせ>`` is no tag and stays.
    """
    once = html.unescape(_TAG.sub("", text))
    return fold(_TAG.sub("", html.unescape(once)))


def shorten(text: str, longest: int) -> str:
    """Cut ``text`` to at most ``longest`` characters, the last of them an ellipsis."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def title(markup: str, body: str) -> str:
    """Return an entry's title: its own, else the beginning of its body, else 「無題」. Never empty."""
    own = shorten(plain_text(markup), LONGEST_TITLE)
    return own or shorten(plain_text(body[:LONGEST_LEAD].replace(">", "> ")), 30) or UNTITLED
