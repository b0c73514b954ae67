"""Signatures for the messages of a compiled issue: the canonical form of what all share is made, and hashed, once.

Bodies are equal up to the first personal place, so the hash of that part is copied. The rest is in canonical form already; only the places are
filled. A message is signed from the very pieces that are sent (`Chunks`), not from a second rendering of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from mailer.message.dkim import canonical
from mailer.message.dkim.keys import DkimKey
from mailer.message.dkim.signature import SIGNED, SignatureHeader, new_hash

Chunks = list[bytes]
TO, UNSUBSCRIBE, DATE, MESSAGE_ID, FIRST_PLACE = 1, 3, 5, 7, 9
"""Where a rendered message has what is the reader's own (`mailer.message.compiled`): from `FIRST_PLACE` on, every second piece but the last."""
Split = Callable[[bytes, Sequence[bytes]], list[bytes]]


class SignedPattern:
    """What is signed of a pattern's messages, but for their personal pieces.

    :param headers: of the sample, as `compose` made them, with the empty line after them.
    :param marks: the personal pieces of the sample's headers, in their order.
    :param body: the parts of the body between the places, dot-stuffed as they are sent.
    """

    def __init__(self, key: DkimKey, headers: bytes, marks: Sequence[bytes], body: Sequence[bytes], split: Split) -> None:
        names, text = canonical.select(headers.removesuffix(canonical.CRLF), SIGNED)
        to, unsubscribe, date, message_id = marks
        self._between = split(text, (canonical.header(to), _unfolded(unsubscribe), date, message_id))
        self._header = SignatureHeader(key, names)
        first, *following = canonical.body_parts(_unstuffed(body))
        self._begun: Any = new_hash(first)
        self._following = following

    def sign(self, chunks: Chunks, at: datetime) -> bytes:
        """The DKIM-Signature of one rendered message, with its line end. Changes nothing: any thread may call it."""
        between = self._between
        parts = (
            *(between[0], _to(chunks[TO]), between[1], _unfolded(chunks[UNSUBSCRIBE]), between[2], chunks[DATE]),
            *(between[3], chunks[MESSAGE_ID], between[4]),
        )
        body_hash = self._begun
        if self._following:
            body_hash = body_hash.copy()
            filled = chunks[FIRST_PLACE:-1:2]
            body_hash.update(b"".join([piece for pair in zip(filled, self._following, strict=True) for piece in pair]))
        return self._header.sign(b"".join(parts), body_hash.digest(), at)


def _to(line: bytes) -> bytes:
    """The To header in canonical form. The usual one has neither fold nor double space."""
    if b"\r\n " in line or b"  " in line:
        return canonical.header(line[:-2])
    return b"to:" + line[4:]


def _unfolded(text: bytes) -> bytes:
    return text.replace(b"\r\n ", b" ")


def _unstuffed(parts: Sequence[bytes]) -> list[bytes]:
    """The parts without the dots that SMTP doubles (RFC 5321 section 4.5.2). The first begins a line; each other one goes on after a place."""
    first, *following = parts
    return [re.sub(rb"(?m)^\.\.", b".", first), *(re.sub(rb"(?<=\n)\.\.", b".", part) for part in following)]
