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

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.model.issue import ListClass
from mailer.model.outcome import Outcome, Phase
from mailer.model.state import DeliveryState

SUSPICIOUS = 50  # permanent refusals in a row; real lists lose people one by one, a relay that denies us refuses all


SLOW_DOWN = frozenset({421, 454})  # RFC 5321 section 3.8, RFC 3207 section 4: this way is overloaded, others need not be


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How an issue of some class is retried. `resend_unknown`: a second copy is the smaller harm."""

    first_wait: timedelta
    longest_wait: timedelta
    give_up_after: timedelta
    resend_unknown: bool


# RFC 5321 section 4.5.4.1: give up after "at least 4-5 days". A warning is stale after hours, so it is tried more often.
NEWSLETTER = RetryPolicy(timedelta(minutes=15), timedelta(days=1), timedelta(days=5), resend_unknown=False)


EMERGENCY = RetryPolicy(timedelta(minutes=1), timedelta(minutes=15), timedelta(days=1), resend_unknown=True)


JITTER = 0.25  # at most this part more, so that a relay that refused a thousand at once does not see them again at once


@dataclass(frozen=True, slots=True)
class Decision:
    """The next state. `not_before` is the time of the next attempt and set only for `deferred`."""

    state: DeliveryState
    not_before: datetime | None = None


SENT = Decision(DeliveryState.SENT)


UNKNOWN = Decision(DeliveryState.UNKNOWN)


FAILED = Decision(DeliveryState.FAILED)


def retry_policy(list_class: ListClass) -> RetryPolicy:
    """The rules for an issue's class."""
    return EMERGENCY if list_class is ListClass.EMERGENCY else NEWSLETTER


def decide(
    outcome: Outcome, *, attempt: int, first_tried: datetime, now: datetime, patience: RetryPolicy = NEWSLETTER, jitter: float = 0.0
) -> Decision:
    """What follows from the outcome of the `attempt`-th try (counted from 1).

    :param jitter: 0 to 1, drawn by the caller.
    """
    code = outcome.code
    if outcome.phase is Phase.BODY:
        if code is not None and 200 <= code < 300:
            return SENT
        if not _is_refusal(code):
            return UNKNOWN
    if _is_permanent(code) and not is_sender_refused(outcome):
        return FAILED
    if now - first_tried >= patience.give_up_after:
        return FAILED
    return Decision(DeliveryState.DEFERRED, now + retry_delay(attempt, patience) * (1 + JITTER * jitter))


def retry_delay(attempt: int, patience: RetryPolicy = NEWSLETTER) -> timedelta:
    """How long to wait after the `attempt`-th try: doubled each time, with an upper bound."""
    return min(patience.first_wait * (1 << min(attempt - 1, 10)), patience.longest_wait)


def random_jitter() -> float:
    """Jitter for `decide`."""
    return random.random()  # noqa: S311 - spreads load, guards nothing


def is_sender_refused(outcome: Outcome) -> bool:
    """Whether a refusal is about the sender and would hit everybody: nobody's address is to blame for it."""
    return outcome.phase is Phase.MAIL and _is_permanent(outcome.code)


def is_slow_down(outcome: Outcome) -> bool:
    """Whether the reply asks for less on this way (421, 454): not this recipient's fault alone."""
    return outcome.code in SLOW_DOWN


def _is_permanent(code: int | None) -> bool:
    return code is not None and 500 <= code < 600


def _is_refusal(code: int | None) -> bool:
    return code is not None and 400 <= code < 600
