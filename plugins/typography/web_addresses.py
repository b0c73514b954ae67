"""Addresses that stand in a text as they are: ``https://…``, ``www.…`` and mail addresses (GFM 6.9).

Only what a Japanese text does not hold belongs to an address: ASCII. What follows it without a space, 「をご覧ください」 or a full-width bracket, does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

WEB = r"(?<![A-Za-z0-9./@:_-])(?P<web>https?://(?=[A-Za-z0-9\[])|www\.(?=[A-Za-z0-9-]+\.))[!-;=?-~]{1,2000}"
"""What may be a web address; `trimmed` takes away what stands behind it."""

_ADDRESS = re.compile(
    rf"{WEB}"
    r"|(?<![A-Za-z0-9./@:_-])(?P<mail>[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})"
)
_SIGNS = ("://", "www.", "@")
_ENDINGS = "?!.,:;*_~'\"]>"


def has_address(text: str) -> bool:
    """Tell whether ``text`` may hold an address."""
    return any(sign in text for sign in _SIGNS)


def find_addresses(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and link target of each address. Punctuation at its end, and a bracket that it does not open, belong to the sentence."""
    for match in _ADDRESS.finditer(text):
        shown = match[0].rstrip("-_.") if match["mail"] else trimmed(match[0])
        if shown:
            scheme = "mailto:" if match["mail"] else "" if "://" in shown else "http://"
            yield match.start(), match.start() + len(shown), f"{scheme}{shown}"


def trimmed(address: str) -> str:
    """Return ``address`` without the punctuation at its end, and without closing brackets that it does not open."""
    end, opened, closed = len(address), address.count("("), address.count(")")
    while end:
        if address[end - 1] == ")" and closed > opened:
            closed -= 1
        elif address[end - 1] not in _ENDINGS:
            break
        end -= 1
    return address[:end]
