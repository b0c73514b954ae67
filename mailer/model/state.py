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

from mailer.model.errors import IllegalTransition


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    CLAIMED = "claimed"
    ATTEMPTED = "attempted"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"


TRANSITIONS: dict[DeliveryState, frozenset[DeliveryState]] = {
    DeliveryState.PENDING: frozenset({DeliveryState.CLAIMED, DeliveryState.SUPPRESSED, DeliveryState.EXPIRED}),
    DeliveryState.DEFERRED: frozenset({DeliveryState.CLAIMED, DeliveryState.PENDING, DeliveryState.SUPPRESSED, DeliveryState.EXPIRED}),
    DeliveryState.CLAIMED: frozenset(
        {
            DeliveryState.ATTEMPTED,
            DeliveryState.PENDING,
            DeliveryState.DEFERRED,
            DeliveryState.FAILED,
            DeliveryState.UNKNOWN,
            DeliveryState.SUPPRESSED,
            DeliveryState.EXPIRED,
        }
    ),
    DeliveryState.ATTEMPTED: frozenset({DeliveryState.SENT, DeliveryState.DEFERRED, DeliveryState.FAILED, DeliveryState.UNKNOWN}),
    DeliveryState.UNKNOWN: frozenset({DeliveryState.PENDING, DeliveryState.SENT, DeliveryState.DEFERRED, DeliveryState.FAILED}),
    DeliveryState.FAILED: frozenset({DeliveryState.PENDING}),
    DeliveryState.SENT: frozenset(),
    DeliveryState.SUPPRESSED: frozenset(),
    DeliveryState.EXPIRED: frozenset(),
}


DUE = frozenset({DeliveryState.PENDING, DeliveryState.DEFERRED})


UNDER_WAY = DUE | {DeliveryState.CLAIMED, DeliveryState.ATTEMPTED}


MISSED = frozenset(DeliveryState) - {DeliveryState.SENT}


def check_transition(old: DeliveryState, new: DeliveryState) -> None:
    """Nothing, if the step is allowed.

    :raises IllegalTransition: it is not.
    """
    if new not in TRANSITIONS[old]:
        raise IllegalTransition(f"A delivery cannot go from {old} to {new}.")


def sources(new: DeliveryState) -> frozenset[DeliveryState]:
    """The states from which `new` may be reached."""
    return frozenset(old for old, reachable in TRANSITIONS.items() if new in reachable)
