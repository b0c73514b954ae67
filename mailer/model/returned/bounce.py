"""What came back: the classes of bounces, and what a receiver said of one recipient. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mailer.model.outcome import Phase


class BounceClass(StrEnum):
    """Why a message did not reach its reader. Only `UNKNOWN` can end delivery to an address."""

    UNKNOWN = "unknown"
    """The address, or its domain, does not exist (any more)."""

    FILTERED = "filtered"
    """The reader, or the carrier for the reader, refuses mail from us: by domain, by list of senders, by a filter of links."""

    FULL = "full"
    MOVED = "moved"
    TOO_LARGE = "too_large"

    POLICY = "policy"
    """The receiver refuses *us*: reputation, authentication, a block list, a rate. It says nothing of the reader."""

    CONTENT = "content"
    """The receiver refuses this message: taken for spam or a virus, or not well formed."""

    TEMPORARY = "temporary"

    AUTO_REPLY = "auto_reply"
    """No bounce: a holiday notice, a read receipt, a report of success."""

    OTHER = "other"
    """Refused for good, and the reason was not understood. The message lies on the pile for the operator."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a receiver said of one recipient.

    `recipient` as the report names it, or empty; `host`: the server that spoke, or empty; `code`: the SMTP reply (RFC 5321 section 4.2);
    `status`: the enhanced code (RFC 3463), or empty; `phase`: the step of the transaction that was refused, None if the report does not say it.
    """

    text: str
    recipient: str = ""
    host: str = ""
    code: int | None = None
    status: str = ""
    phase: Phase | None = None

    @property
    def domain(self) -> str:
        """The recipient's domain, in lower case."""
        return self.recipient.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The class of a refusal. `receiver`: the row of the table that decided, or empty; `rule`: which part of it, for the operator."""

    bounce_class: BounceClass
    receiver: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Bounce:
    """A returned message that was read: a refusal, and what it means. `way`: which reader understood it (dsn, plain, flufl, reply)."""

    refusal: Refusal
    verdict: Verdict
    way: str


HARD_CODES = frozenset({"5.1.1", "5.1.10"})
"""Bad destination mailbox (RFC 3463 section 3.2); recipient address has a null MX (RFC 7505)."""
