"""What an SMTP reply means for a delivery. Pure: values and `now` in, a decision out.

pending ──► attempted ──► sent | deferred | failed | unknown
pending, deferred ──► deferred | failed   (refused before the message left)
pending, deferred ──► suppressed          (unsubscribed after the freeze)
unknown ──► pending                       (only when an operator says so)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mailer.errors import IllegalTransition


class State(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    ATTEMPTED = "attempted"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"


class Phase(StrEnum):
    """How far a message came. DATA is before its first byte left, BODY after: only BODY can end in `unknown`."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BODY = "BODY"


TRANSITIONS: dict[State, frozenset[State]] = {
    State.PENDING: frozenset({State.ATTEMPTED, State.DEFERRED, State.FAILED, State.SUPPRESSED}),
    State.DEFERRED: frozenset({State.ATTEMPTED, State.DEFERRED, State.FAILED, State.SUPPRESSED}),
    State.ATTEMPTED: frozenset({State.SENT, State.DEFERRED, State.FAILED, State.UNKNOWN}),
    State.UNKNOWN: frozenset({State.PENDING}),
    State.SENT: frozenset(),
    State.FAILED: frozenset(),
    State.SUPPRESSED: frozenset(),
}
DUE = frozenset({State.PENDING, State.DEFERRED})
MISSED = frozenset(State) - {State.SENT}

FIRST_WAIT = timedelta(minutes=15)
LONGEST_WAIT = timedelta(days=1)
SUSPICIOUS = 50  # permanent refusals in a row; real lists lose people one by one, a relay that denies us refuses all
GIVE_UP_AFTER = timedelta(days=5)  # RFC 5321 section 4.5.4.1: "at least 4-5 days"
LOST_LINE = "connection lost after the message was handed over: it may or may not have arrived (RFC 1047)"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the relay answered, and at which step. `code` is None when the line was lost instead."""

    phase: Phase
    code: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The next state. `not_before` is the time of the next attempt and set only for `deferred`."""

    state: State
    not_before: datetime | None = None


def decide(outcome: Outcome, *, attempt: int, first_tried: datetime, now: datetime) -> Decision:
    """What follows from the outcome of the `attempt`-th try (counted from 1)."""
    if outcome.phase is Phase.BODY and outcome.code is not None and 200 <= outcome.code < 300:
        return Decision(State.SENT)
    if outcome.phase is Phase.BODY and not _is_refusal(outcome.code):
        return Decision(State.UNKNOWN)
    if _is_permanent(outcome.code) and not is_about_us(outcome):
        return Decision(State.FAILED)
    if now - first_tried >= GIVE_UP_AFTER:
        return Decision(State.FAILED)
    return Decision(State.DEFERRED, now + wait(attempt))


def wait(attempt: int) -> timedelta:
    """How long to wait after the `attempt`-th try: 15 minutes, doubled each time, at most a day."""
    return min(FIRST_WAIT * (1 << min(attempt - 1, 10)), LONGEST_WAIT)


def is_about_us(outcome: Outcome) -> bool:
    """Whether a refusal is about the sender and would hit everybody: nobody's address is to blame for it."""
    return outcome.phase is Phase.MAIL and _is_permanent(outcome.code)


def check(old: State, new: State) -> None:
    """Nothing, if the step is allowed.

    :raises IllegalTransition: it is not.
    """
    if new not in TRANSITIONS[old]:
        raise IllegalTransition(f"A delivery cannot go from {old} to {new}.")


def sources(new: State) -> frozenset[State]:
    """The states from which `new` may be reached."""
    return frozenset(old for old, reachable in TRANSITIONS.items() if new in reachable)


def _is_permanent(code: int | None) -> bool:
    return code is not None and 500 <= code < 600


def _is_refusal(code: int | None) -> bool:
    return code is not None and 400 <= code < 600
