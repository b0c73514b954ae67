"""Reply lines of SMTP (RFC 5321 section 4.2): a code, then a space and text or nothing."""

from __future__ import annotations

CLOSING = 421  # section 3.8: the relay closes the connection after this
START_INPUT = 354  # section 4.3.2: the intermediate reply to DATA
LONGEST_REPLY = 16_384  # bytes; section 4.5.3.1.5 allows 512 a line, and a reply may have several
ENDLESS = "the relay's reply has no end"

# All beginnings of a reply of one line, or of the last line of several; a dictionary finds the code faster than `int` does.
LAST_LINE = {b"%d%s" % (code, mark): code for code in range(200, 600) for mark in (b" ", b"", b"\r")}
CONTINUED_LINE = {b"%d-" % code: code for code in range(200, 600)}


def decode(text: bytes) -> str:
    """The text of a reply."""
    return text.decode("utf-8", "replace").strip()
