"""Words of a header as encoded words (RFC 2047). Python's `email` loses a space where it folds between two of them; this does not. Pure."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator

LONGEST = 45
"""Bytes of UTF-8 in one encoded word: 60 of base64 and 12 around them, below the 75 of RFC 2047 section 2."""


def folded(name: str, text: str, after: str = "") -> str:
    """A whole header line with its line ends; ``after`` is plain and follows the text, such as `` <a@example.jp>``."""
    if text.isascii() and len(name) + len(text) + len(after) < 76:
        return f"{name}: {text}{after}\r\n"
    words = "\r\n ".join(f"=?utf-8?b?{b64encode(piece).decode('ascii')}?=" for piece in _pieces(text))
    return f"{name}: {words}" + (f"\r\n {after.strip()}" if after else "") + "\r\n"


def _pieces(text: str) -> Iterator[bytes]:
    """UTF-8 in pieces that each hold whole characters (RFC 2047 section 5)."""
    piece = b""
    for sign in text:
        raw = sign.encode("utf-8")
        if len(piece) + len(raw) > LONGEST:
            yield piece
            piece = b""
        piece += raw
    yield piece
