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


class State(StrEnum):
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


TRANSITIONS: dict[State, frozenset[State]] = {
    State.PENDING: frozenset({State.CLAIMED, State.SUPPRESSED, State.EXPIRED}),
    State.DEFERRED: frozenset({State.CLAIMED, State.PENDING, State.SUPPRESSED, State.EXPIRED}),
    State.CLAIMED: frozenset(
        {State.ATTEMPTED, State.PENDING, State.DEFERRED, State.FAILED, State.UNKNOWN, State.SUPPRESSED, State.EXPIRED}
    ),
    State.ATTEMPTED: frozenset({State.SENT, State.DEFERRED, State.FAILED, State.UNKNOWN}),
    State.UNKNOWN: frozenset({State.PENDING, State.SENT, State.DEFERRED, State.FAILED}),
    State.FAILED: frozenset({State.PENDING}),
    State.SENT: frozenset(),
    State.SUPPRESSED: frozenset(),
    State.EXPIRED: frozenset(),
}


DUE = frozenset({State.PENDING, State.DEFERRED})


UNDER_WAY = DUE | {State.CLAIMED, State.ATTEMPTED}


MISSED = frozenset(State) - {State.SENT}


def check(old: State, new: State) -> None:
    """Nothing, if the step is allowed.

    :raises IllegalTransition: it is not.
    """
    if new not in TRANSITIONS[old]:
        raise IllegalTransition(f"A delivery cannot go from {old} to {new}.")


def sources(new: State) -> frozenset[State]:
    """The states from which `new` may be reached."""
    return frozenset(old for old, reachable in TRANSITIONS.items() if new in reachable)
