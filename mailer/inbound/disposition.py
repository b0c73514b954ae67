"""What is to be done with a message when it has been read: mails to send, and whether it leaves the spool or is put aside."""

from __future__ import annotations

from dataclasses import dataclass

from mailer.smtp.direct import DirectMessage


@dataclass(frozen=True, slots=True)
class Disposition:
    """`event`: what happened, in a few words for the log; `pile`: why the message is put aside for the operator, empty if it is not."""

    event: str
    pile: str = ""
    mails: tuple[DirectMessage, ...] = ()


def put_aside(reason: str) -> Disposition:
    """The operator must look at the message."""
    return Disposition("put aside", reason)
