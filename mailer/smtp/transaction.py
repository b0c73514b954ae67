"""A mail transaction (RFC 5321 section 3.3) and the source that connections take transactions from."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol

from mailer.message.compiled import Chunks
from mailer.model.outcome import Outcome
from mailer.model.recipient import Envelope


def envelope_commands(envelope: Envelope) -> bytes:
    """MAIL, RCPT and DATA as one write (RFC 2920 section 3.1). Both addresses have been through `addresses.parse`."""
    return f"MAIL FROM:<{envelope.return_path}>\r\nRCPT TO:<{envelope.recipient}>\r\nDATA\r\n".encode("ascii")


def dot_stuff(content: bytes) -> bytes:
    """The body as it is sent: dots doubled at line starts, ended by a lone dot (RFC 5321 section 4.5.2).

    :param content: lines ended by CRLF, as `message.compose` makes them.
    """
    ended = content if content.endswith(b"\r\n") else content + b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", ended) + b".\r\n"


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds, after RFC 5321 section 4.5.3.2: the reply to MAIL or RCPT, to DATA, one block of the body, the reply after the body.

    Giving up earlier after the body would turn mail that arrives into `unknown`.
    """

    command: float = 300.0
    data: float = 120.0
    block: float = 180.0
    end: float = 600.0


class StopReason(Enum):
    """Why a connection has stopped sending."""

    IDLE = auto()  # nothing to send now; the connection is good
    SPENT = auto()  # its share of messages is sent; the connection is good
    LOST = auto()  # the connection is gone


@dataclass(slots=True, eq=False)
class Transaction:
    """One message on its way. `envelope` is MAIL, RCPT and DATA as bytes (`envelope_commands`), `body` ends with the lone dot.

    `key` is whatever the source knows the message by; `message_id` is for its own account. The connection sets `is_answered` when
    the relay has answered to MAIL, and `refusal` when a command of the envelope was refused.
    """

    key: object
    envelope: bytes
    body: Chunks
    refusal: Outcome | None = field(default=None)
    is_answered: bool = field(default=False)
    message_id: bytes = b""


class MessageSource(Protocol):
    """Gives messages and is told what became of them. Each transaction ends in exactly one of `done` and `give_back`.

    All calls come from the event loop. A connection of another kind must pass tests/mailer/smtp/test_connection.py with it.
    """

    def next(self) -> Transaction | None:
        """The next message, or None if there is none now."""

    def before_body(self, transaction: Transaction, allow: Callable[[bool], None]) -> None:
        """The body is about to leave: record that, then call `allow`, now or later. False: the body must not leave."""

    def done(self, transaction: Transaction, outcome: Outcome) -> None:
        """The relay has answered, or the connection was lost while it was this message's turn."""

    def give_back(self, transaction: Transaction) -> None:
        """The connection was lost before the relay had said anything about this message."""
