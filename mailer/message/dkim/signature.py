"""One DKIM-Signature (RFC 6376 section 3.5) for a message in canonical form. Pure but for the time that its caller gives.

RSA takes a quarter of a millisecond, in which OpenSSL holds no lock of the interpreter: `mailer.delivery.signing` lets threads do it.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from mailer.message.dkim import canonical
from mailer.message.dkim.keys import DkimKey

SIGNED = (
    *("From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"),
    *("List-Archive", "Archived-At", "Auto-Submitted", "CFBL-Address", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"),
)
"""Headers that are signed where they are there (RFC 6376 section 5.4.1; RFC 8058 section 4 for the two of unsubscribing)."""

OVERSIGNED = ("From", "To", "Cc", "Reply-To", "Subject", "Date", "List-Unsubscribe", "List-Unsubscribe-Post", "Content-Type")
"""Named once more than they are there: nobody on the way can add another one that a mail program would show (section 8.15)."""

LONGEST = 1200  # octets of the header, for whoever must know a message's size before it is signed
_LINE = 72  # characters of base64 in a line
_PADDING, _HASH = PKCS1v15(), SHA256()


class SignatureHeader:
    """The header for messages whose signed headers have these names.

    :param names: of the headers in the signed text, in its order.
    """

    def __init__(self, key: DkimKey, names: Iterable[str]) -> None:
        self._private = key.private
        self._before = f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={key.domain}; s={key.selector};\r\n t="
        self._between = f";\r\n h={_folded([*names, *OVERSIGNED])};\r\n bh="

    def sign(self, headers: bytes, body_hash: bytes, at: datetime) -> bytes:
        """The whole header with its line end, to be put before all others.

        :param headers: in canonical form, as `canonical.select` gives them.
        :param body_hash: SHA-256 of the body in canonical form.
        :param at: aware; the time of signing (``t=``).
        """
        tags = f"{self._before}{int(at.timestamp())}{self._between}{b64encode(body_hash).decode()};\r\n b="
        text = headers + canonical.header(tags.encode("ascii"))[:-2]  # section 3.7: without its own value and line end
        value = b64encode(self._private.sign(text, _PADDING, _HASH)).decode()
        lines = "\r\n ".join(value[begin : begin + _LINE] for begin in range(0, len(value), _LINE))
        return f"{tags}{lines}\r\n".encode("ascii")


def sign_message(content: bytes, key: DkimKey | None, at: datetime) -> bytes:
    """A whole message with its signature before it; unchanged without a key. For few messages: it blocks for the time of one signature.

    :param content: CRLF line ends, not dot-stuffed.
    """
    if key is None:
        return content
    block, _, body = content.partition(b"\r\n\r\n")
    names, headers = canonical.select(block, SIGNED)
    return SignatureHeader(key, names).sign(headers, hash_of(body), at) + content


def hash_of(body: bytes) -> bytes:
    """SHA-256 of a body in canonical form."""
    return hashlib.sha256(canonical.body(body)).digest()


def new_hash(data: bytes) -> Any:
    """A hash that has begun with what many bodies share."""
    return hashlib.sha256(data)


def _folded(names: Iterable[str]) -> str:
    """The names with colons between them, in lines of 72 characters at most. White space may stand around a colon (section 3.5)."""
    lines, line = list[str](), ""
    for name in names:
        if len(line) + len(name) > _LINE:
            lines.append(line)
            line = ""
        line += f"{name}:"
    return "\r\n ".join([*lines, line]).removesuffix(":")
