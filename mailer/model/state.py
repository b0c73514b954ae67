"""The states of one delivery and every step between them. Pure.

`TRANSITIONS` is the one table. Every SQL statement that writes a state is built from it (`database.transitions`), so that a step
that is not in the table cannot be executed, and a test checks that every step of the table happens somewhere.

pending  ──► claimed                         (a sender takes the row into a batch)
deferred ──► claimed | pending               (its time has come; the operator asks for another try at once)
pending, deferred ──► suppressed | expired   (unsubscribed or cancelled; too late)
claimed  ──► sent | deferred | failed | unknown   (what the relay answered, or did not)
claimed  ──► pending                         (given back: the body has not left)
unknown  ──► sent | deferred | failed | unknown   (a journal that comes back knows the answer, or knows that there was none)
unknown  ──► pending                         (it had not left after all; the operator or the policy of an emergency sends it again)
failed   ──► pending                         (the operator asks for another try)
suppressed ──► pending                       (a cancelled issue is opened again; an unsubscribed reader stays suppressed)

There is no state between `claimed` and a result: which bodies may be on the wire is in the journal, because a write to the
database for each message would cost more than the message. `claimed` is a lease: the row carries the number of its claim, the
fencing token, and only results with that number count.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

from mailer.model.errors import IllegalTransition


class DeliveryState(StrEnum):
    """The state of one delivery, as the database and the journal store it."""

    PENDING = "pending"
    CLAIMED = "claimed"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    HELD = "held"
    MERGED = "merged"


INITIAL = DeliveryState.PENDING
FIRST_STATES = frozenset({INITIAL, DeliveryState.HELD})
"""In which a delivery may begin: `held` for a reader who wants the list in a digest."""

TRANSITIONS: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    DeliveryState.PENDING: frozenset({DeliveryState.CLAIMED, DeliveryState.SUPPRESSED, DeliveryState.EXPIRED}),
    DeliveryState.DEFERRED: frozenset({DeliveryState.CLAIMED, DeliveryState.PENDING, DeliveryState.SUPPRESSED, DeliveryState.EXPIRED}),
    DeliveryState.CLAIMED: frozenset(
        {DeliveryState.SENT, DeliveryState.DEFERRED, DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.PENDING}
    ),
    # unknown to unknown: the holder's own journal replaces the guess of whoever took the batch over by its reply and its attempts.
    DeliveryState.UNKNOWN: frozenset(
        {DeliveryState.SENT, DeliveryState.DEFERRED, DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.PENDING}
    ),
    DeliveryState.FAILED: frozenset({DeliveryState.PENDING}),
    DeliveryState.SENT: frozenset(),
    # held: waits for the reader's digest. pending: the reader wants each issue again, or no digest can be made of it.
    DeliveryState.HELD: frozenset({DeliveryState.PENDING, DeliveryState.MERGED, DeliveryState.SUPPRESSED, DeliveryState.EXPIRED}),
    # merged: a part of another delivery, the digest's, whose state says what became of it. held: that one was given up before it left.
    DeliveryState.MERGED: frozenset({DeliveryState.HELD, DeliveryState.SUPPRESSED}),
    # to pending or held: called off, and the issue was opened again; never one who unsubscribed
    DeliveryState.SUPPRESSED: frozenset({DeliveryState.PENDING, DeliveryState.HELD}),
    DeliveryState.EXPIRED: frozenset(),
}

RESULTS = frozenset({DeliveryState.SENT, DeliveryState.DEFERRED, DeliveryState.FAILED, DeliveryState.UNKNOWN})
"""What one try may end in."""

DUE = frozenset({DeliveryState.PENDING, DeliveryState.DEFERRED})
"""May be claimed; `deferred` not before its time."""

UNTRIED = frozenset({DeliveryState.PENDING, DeliveryState.CLAIMED})
"""Not tried yet, or being sent now."""

UNDER_WAY = DUE | {DeliveryState.CLAIMED}
"""Will still be tried without anybody's order."""

MISSED = frozenset(DeliveryState) - {DeliveryState.SENT, DeliveryState.MERGED}
"""The reader has not got the issue, as far as is known. Of what is merged the digest's delivery says it."""

CALLABLE_OFF = DUE | {DeliveryState.HELD}
"""What is held back when an issue is called off."""


def check_transition(old: DeliveryState, new: DeliveryState) -> None:
    """Check one step against the table.

    :raises IllegalTransition: the step is not in it.
    """
    if new not in TRANSITIONS[old]:
        raise IllegalTransition(f"A delivery cannot go from {old} to {new}.")


def common_sources(results: Collection[DeliveryState]) -> frozenset[DeliveryState]:
    """The states from which a delivery may go to each of `results`."""
    return frozenset(old for old, reachable in TRANSITIONS.items() if reachable.issuperset(results))
