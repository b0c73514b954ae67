"""A message on its way over a connection, and who gives it and hears what became of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol

from mailer.message.compiled import Chunks
from mailer.model.outcome import Outcome
from mailer.model.recipient import Envelope


def envelope_commands(found: Envelope) -> bytes:
    """MAIL, RCPT and DATA as one write (RFC 2920). Both addresses have been through `message.mailbox` or `addresses.parse`."""
    return f"MAIL FROM:<{found.return_path}>\r\nRCPT TO:<{found.recipient}>\r\nDATA\r\n".encode("ascii")


def dot_stuff(content: bytes) -> bytes:
    """The body as it goes over the line: dots doubled at line starts, ended by a lone dot (RFC 5321 section 4.5.2).

    :param content: lines ended by CRLF, as `message.compose` makes them.
    """
    ended = content if content.endswith(b"\r\n") else content + b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", ended) + b".\r\n"


class StopReason(Enum):
    """Why a pipe stopped."""

    IDLE = auto()  # nothing to send now; the connection is good
    SPENT = auto()  # its share of messages is sent; the connection is good
    LOST = auto()  # the connection is gone


@dataclass(slots=True, eq=False)
class Transaction:
    """One message on its way: `envelope_commands` is MAIL, RCPT and DATA as bytes, `key` whatever its giver needs to know it by.

    `identity` is its Message-ID, for the giver's own account.
    """

    key: object
    envelope: bytes
    body: Chunks
    refusal: Outcome | None = field(default=None)
    is_answered: bool = field(default=False)
    message_id: bytes = b""


class MessageSource(Protocol):
    """Gives messages and hears what became of them. Each letter ends in exactly one of `done` and `give_back`."""

    def next(self) -> Transaction | None:
        """The next message, or None if there is none now."""

    def before_body(self, letter: Transaction, go: Callable[[bool], None]) -> None:
        """The body is about to leave: write that down, then call `go`, now or later. False: it must not leave."""

    def done(self, letter: Transaction, outcome: Outcome) -> None:
        """The relay has answered, or the connection was lost while it was this message's turn."""

    def give_back(self, letter: Transaction) -> None:
        """The connection was lost before the relay said a word about this message."""
