"""What an SMTP reply means for one delivery, and when it is tried again. Pure: an outcome and a time in, a decision out."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.model.outcome import Outcome, Phase
from mailer.model.retry_policy import JITTER, NEWSLETTER, RetryPolicy
from mailer.model.state import DeliveryState

# 421: the server closes the connection (RFC 5321 section 3.8). 454: temporarily not available (RFC 3207 section 4). Large providers
# send both to whoever sends them too much. They concern the way to this domain, not one recipient.
SLOW_DOWN = frozenset({421, 454})


@dataclass(frozen=True, slots=True)
class Decision:
    """The next state. `not_before` is the time of the next try and set only for `deferred`."""

    state: DeliveryState
    not_before: datetime | None = None


SENT = Decision(DeliveryState.SENT)
UNKNOWN = Decision(DeliveryState.UNKNOWN)
FAILED = Decision(DeliveryState.FAILED)


def decide(
    outcome: Outcome, *, attempt: int, first_tried: datetime, now: datetime, policy: RetryPolicy = NEWSLETTER, jitter: float = 0.0
) -> Decision:
    """What follows from the outcome of the `attempt`-th try (counted from 1). Reply classes: RFC 5321 section 4.2.1.

    :param jitter: 0 to 1, drawn by the caller (`random_jitter`).
    """
    code = outcome.code
    if outcome.is_accepted:
        return SENT
    if outcome.phase is Phase.BODY and not _is_refusal(code):
        return UNKNOWN  # no reply, or one that is neither yes nor no: RFC 1047 describes how such a message arrives twice
    if _is_permanent(code) and not is_sender_refused(outcome):
        return FAILED
    if attempt >= policy.least_tries and now - first_tried >= policy.give_up_after:
        return FAILED
    return Decision(DeliveryState.DEFERRED, now + retry_delay(attempt, policy) * (1 + JITTER * jitter))


def retry_delay(attempt: int, policy: RetryPolicy = NEWSLETTER) -> timedelta:
    """How long to wait after the `attempt`-th try: doubled each time, with an upper bound."""
    return min(policy.first_wait * (1 << min(max(attempt - 1, 0), 10)), policy.longest_wait)  # 10: a timedelta must not overflow


def random_jitter() -> float:
    """Jitter for `decide`."""
    return random.random()  # noqa: S311 - spreads load, guards nothing


def is_sender_refused(outcome: Outcome) -> bool:
    """Whether MAIL was refused for good. That is about our sender address and would hit every recipient: none of them has failed."""
    return outcome.phase is Phase.MAIL and _is_permanent(outcome.code)


def is_slow_down(outcome: Outcome) -> bool:
    """Whether the reply asks for less mail to this domain (421, 454)."""
    return outcome.code in SLOW_DOWN


def _is_permanent(code: int | None) -> bool:
    return code is not None and 500 <= code < 600


def _is_refusal(code: int | None) -> bool:
    return code is not None and 400 <= code < 600
