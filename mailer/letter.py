"""A message on its way over a connection, and who gives it and hears what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol

from mailer.mould import Pieces
from mailer.rules import Outcome


class Ended(Enum):
    """Why a pipe stopped."""

    IDLE = auto()  # nothing to send now; the connection is good
    SPENT = auto()  # its share of messages is sent; the connection is good
    LOST = auto()  # the connection is gone


@dataclass(slots=True, eq=False)
class Letter:
    """One message on its way: `envelope` is MAIL, RCPT and DATA as bytes, `key` whatever its giver needs to know it by.

    `identity` is its Message-ID, for the giver's own account.
    """

    key: object
    envelope: bytes
    body: Pieces
    refusal: Outcome | None = field(default=None)
    is_answered: bool = field(default=False)
    identity: bytes = b""


class Work(Protocol):
    """Gives messages and hears what became of them. Each letter ends in exactly one of `done` and `give_back`."""

    def next(self) -> Letter | None:
        """The next message, or None if there is none now."""

    def leave(self, letter: Letter, go: Callable[[bool], None]) -> None:
        """The body is about to leave: write that down, then call `go`, now or later. False: it must not leave."""

    def done(self, letter: Letter, outcome: Outcome) -> None:
        """The relay has answered, or the connection was lost while it was this message's turn."""

    def give_back(self, letter: Letter) -> None:
        """The connection was lost before the relay said a word about this message."""
