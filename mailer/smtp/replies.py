"""Reply lines of SMTP (RFC 5321 section 4.2): a code, then a space and text or nothing."""

from __future__ import annotations

CLOSING = 421  # section 3.8: the relay closes the connection after this
START_INPUT = 354  # section 4.3.2: the intermediate reply to DATA
LONGEST_REPLY = 16_384  # bytes; section 4.5.3.1.5 allows 512 a line, and a reply may have several
ENDLESS = f"the relay's reply is longer than {LONGEST_REPLY:,} bytes, which nobody reads to its end"

# All beginnings of a reply of one line, or of the last line of several; a dictionary finds the code faster than `int` does.
LAST_LINE = {b"%d%s" % (code, mark): code for code in range(200, 600) for mark in (b" ", b"", b"\r")}
CONTINUED_LINE = {b"%d-" % code: code for code in range(200, 600)}


LONGEST_ELSEWHERE = 32_768  # bytes; aiosmtplib's bound for the replies that it reads (`MAX_RESPONSE_LENGTH`)


def unreadable(text: str) -> str:
    """What was wrong with a reply that aiosmtplib gave up reading: it is too long, or no SMTP reply."""
    if text == "Response too long":
        return (
            f"a reply of more than {LONGEST_ELSEWHERE:,} bytes, or with a line of more than 8,192 (RFC 5321 section 4.5.3.1.5 allows 512)"
        )
    return f"not an SMTP reply: {text.strip()[:80]!r}"


def decode(text: bytes) -> str:
    """The text of a reply."""
    return text.decode("utf-8", "replace").strip()
