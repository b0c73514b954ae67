"""What a link or a picture may lead to: pages of this site, and addresses of a few schemes (RFC 3986). All else is refused, never mended.

Bodies and fields ask here. The allow-list is short because a browser runs some schemes (``javascript:``, ``data:``) as a program of the page.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

SCHEMES = ("https", "http", "mailto", "tel", "geo")
"""Web pages, mail (RFC 6068), telephone numbers (RFC 3966), and places on a map (RFC 5870)."""

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)

# A browser takes a backslash for a slash, and drops tabs and line breaks inside an address (WHATWG URL, 4.4), so "/\host" leads to another host.
_TWO_SLASHES = re.compile(r"[\s\x00-\x1f]*[/\\][\t\r\n]*[/\\]")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f]")


def is_outside(address: str) -> bool:
    """Tell whether ``address`` has one of the schemes, and so leads out of the site."""
    scheme = _SCHEME.match(address)
    return scheme is not None and scheme[1].lower() in SCHEMES


def is_allowed(address: str) -> bool:
    """Tell whether ``address`` is relative, or has one of the schemes; one that begins with two slashes takes its scheme from the page and is refused.

    A colon before the first slash would end a scheme, whatever stands before it.
    """
    if _TWO_SLASHES.match(address) or _FORBIDDEN.search(address):
        return False
    return is_outside(address) or ":" not in re.split(r"[/?#\\]", address, maxsplit=1)[0]


def path_of(address: str) -> str:
    """Return the part of a relative address before query and fragment. Unlike `urlsplit`, it takes any text."""
    return re.split(r"[?#]", address, maxsplit=1)[0]


def is_web_address(address: str) -> bool:
    """Tell whether ``address`` is a whole address of the web, without spaces, quotes and angle brackets, as a field holds it."""
    return re.fullmatch(r"https?://[^\s<>\"\\]+", address) is not None and not _FORBIDDEN.search(address) and has_host(address)


def has_host(address: str) -> bool:
    """Tell whether an ``http`` address has a host and, if any, a port that can be."""
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # brackets that hold no IPv6 address, a port that is no number
        return False
