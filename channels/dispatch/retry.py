"""What follows from an answer: the state of the post, when it is tried again, and whether the channel is left alone for a while. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.dispatch.attempt import Attempt
from channels.model import Deferred, Posted, Refused, Uncertain
from channels.outbox.outbox import PostState, Result

FIRST, LONGEST = timedelta(seconds=30), timedelta(hours=1)
FIRST_URGENT, LONGEST_URGENT = timedelta(seconds=2), timedelta(minutes=1)
MOST_WAIT = timedelta(hours=24)
"""A network that asks for more is asked again after a day: the words of one broken answer must not stop a channel for good."""
MOST_FAILURES = 5
"""Tries one after the other without an answer, after which the circuit breaker opens."""
SHORTEST_OPEN, LONGEST_OPEN = timedelta(seconds=30), timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Decision:
    """``failures`` and ``open_until`` are those of the channel. ``pauses``: why a person must look at the channel first; empty: nobody must."""

    result: Result
    failures: int = 0
    open_until: datetime | None = None
    pauses: str = ""


def decide(attempt: Attempt, *, attempts: int, failures: int, is_urgent: bool, now: datetime) -> Decision:
    """Decide what follows.

    :param attempts: how often this post was tried, with this time.
    :param failures: tries of the channel before, one after the other, that got no answer.
    """
    answer, again = attempt.answer, now + backoff(attempts, is_urgent=is_urgent)
    match answer:
        case Posted():
            return Decision(Result(PostState.SENT, remote=answer.remote, address=answer.address))
        case Uncertain():
            return _without_answer(Result(PostState.UNKNOWN, answer.reason, not_before=again), failures, now)
        case Deferred() if answer.wait is None:
            return _without_answer(_not_there(attempt, PostState.DEFERRED, answer.reason, again), failures, now)
        case Deferred():
            moment = now + min(max(answer.wait or timedelta(0), timedelta(0)), MOST_WAIT)
            return Decision(_not_there(attempt, PostState.DEFERRED, answer.reason, moment), 0, moment)
        case Refused(is_channel_broken=True):
            return Decision(_not_there(attempt, PostState.DEFERRED, answer.reason, None), 0, None, answer.reason)
        case Refused():
            return Decision(_not_there(attempt, PostState.FAILED, answer.reason, now + LONGEST))


def _not_there(attempt: Attempt, state: PostState, reason: str, moment: datetime | None) -> Result:
    """The network has not taken this try. If an earlier one may have arrived, that is as uncertain as before."""
    if not attempt.is_certain:
        return Result(PostState.UNKNOWN, reason, not_before=moment)
    return Result(state, reason, not_before=moment if state is PostState.DEFERRED else None, gives_back=True)


def _without_answer(result: Result, failures: int, now: datetime) -> Decision:
    failures += 1
    if failures < MOST_FAILURES:
        return Decision(result, failures)
    return Decision(result, failures, now + min(LONGEST_OPEN, SHORTEST_OPEN * (1 << min(failures - MOST_FAILURES, 10))))


def backoff(attempts: int, *, is_urgent: bool) -> timedelta:
    """How long to wait after so many tries."""
    first, longest = (FIRST_URGENT, LONGEST_URGENT) if is_urgent else (FIRST, LONGEST)
    doublings = min(max(attempts - 1, 0), 20)
    return min(longest, first * (1 << doublings))
