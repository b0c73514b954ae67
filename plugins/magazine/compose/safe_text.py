"""Characters that must not leave in a mail, whoever wrote them: an editor, or a partner's blog. Pure."""

from __future__ import annotations

import re

# Controls of the reading direction can make one word look like another (Unicode TR 36, 2.6).
_DIRECTION = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# What Python and some mail programs take for the end of a line. In a header it would begin another header.
_LINE_ENDS = re.compile(r"[\x0b\x0c\r\x1c-\x1e\x85\u2028\u2029]")
# Other controls, noncharacters (Unicode, 23.7) and lone surrogates, which UTF-8 cannot encode.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")


def strip_controls(text: str) -> str:
    """Return ``text`` without control characters; what would end a line, except a line feed, becomes a space."""
    return _CONTROL.sub("", _LINE_ENDS.sub(" ", _DIRECTION.sub("", text)))


def heading(text: str) -> str:
    """Return ``text`` fit for a title: no control characters, and no wide space, which would stay at the end of a wrapped line."""
    return strip_controls(text).replace("\u3000", " ")


def one_line(text: str) -> str:
    """Return ``text`` fit for one header line: no control characters, no line end, nothing that a mail program would decode (RFC 2047, section 2)."""
    return re.sub(r"\s+", " ", strip_controls(text)).strip().replace("=?", "= ?")
