"""The states of one delivery, every legal step between them, and what an SMTP reply means. Pure: values and `now` in, a decision out.

pending ──► claimed ──► attempted ──► sent | deferred | failed | unknown
claimed ──► pending                                  (given back: nothing had left)
claimed ──► deferred | failed                        (refused before the message left)
pending, deferred, claimed ──► suppressed | expired  (unsubscribed or cancelled; too late)
claimed ──► unknown                                  (its holder vanished, and with it the journal)
unknown ──► sent | deferred | failed | pending       (the journal or the operator knows; an emergency issue is sent again)
deferred, failed ──► pending                         (the operator asks for another try)

`claimed` is a lease: the row carries the number of its claim, the fencing token, and only results with that number count.
"""

from __future__ import annotations

from enum import StrEnum
from json.encoder import encode_basestring_ascii as quoted
from typing import NamedTuple

from mailer.model.ids import SubscriberId


class DeliveryResult(NamedTuple):
    """What became of one delivery of a slice, in plain values as the ledger takes them: `state` is one of `rules.State`, moments are
    texts (`written`), `not_before` is empty if there is none. `attempts` counts this one too.
    """

    subscriber_id: SubscriberId
    state: str
    attempts: int
    code: int | None
    text: str
    first_tried: str
    not_before: str
    at: str
    message_id: str

    def line(self) -> str:
        """As JSON, an array: how it stands in the journal."""
        number, state, attempts, code, text, first_tried, not_before, at, message_id = self
        known = "null" if code is None else code
        return f'[{number},"{state}",{attempts},{known},{quoted(text)},"{first_tried}","{not_before}","{at}","{message_id}"]'


class Phase(StrEnum):
    """How far a message came. DATA is before its first byte left, BODY after: only BODY can end in `unknown`."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BODY = "BODY"


LOST_LINE = "connection lost after the message was handed over: it may or may not have arrived (RFC 1047)"


class Outcome(NamedTuple):
    """What the relay answered, and at which step. `code` is None when the line was lost instead."""

    phase: Phase
    code: int | None
    text: str
