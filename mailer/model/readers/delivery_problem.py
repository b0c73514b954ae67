"""What counts against an address, and what follows from it. Pure: a history and a moment in, a decision out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.model.ids import IssueId
from mailer.model.returned.bounce import BounceClass

A_DAY = timedelta(days=1)
"""Two refusals as unknown count only this far apart: a broken directory of the receiver is mended by then."""
STALE = timedelta(days=90)
"""An older refusal as unknown is no first one: carriers and firms give addresses back."""
HALF_LIFE = timedelta(days=30)
WEIGHTS: Mapping[BounceClass, float] = {
    BounceClass.FULL: 1.0,
    BounceClass.MOVED: 1.0,
    BounceClass.FILTERED: 1.0,
    BounceClass.OTHER: 0.5,
    BounceClass.TEMPORARY: 0.25,
}
"""How much a soft class weighs. `policy`, `content` and `too_large` are about us or the issue, and weigh nothing for the reader."""
TROUBLED = 3.0
"""From this score on the operator sees the address among those in trouble. Nobody is ended by it."""
FEWEST_TRIED, FEWEST_REFUSED = 50, 5
"""Below them a share says nothing: one mistyped address of ten is no spoilt list."""
MOST_UNKNOWN, MOST_POLICY = 0.02, 0.05
"""Shares of a queue's deliveries of one issue. Japanese carriers block senders with many unknown recipients."""


@dataclass(frozen=True, slots=True)
class DeliveryProblem:
    """One refusal or returned message of a subscriber. `is_hard`: unknown by an enhanced code that says so, for the very address we wrote to."""

    bounce_class: BounceClass
    at: datetime
    issue_id: IssueId | None = None
    receiver: str = ""
    text: str = ""
    status: str = ""
    code: int | None = None
    is_hard: bool = False


def ends_delivery(problem: DeliveryProblem, history: Iterable[DeliveryProblem]) -> bool:
    """Whether nothing more is sent to the address: unknown by a hard code, or unknown twice, a day or more apart.

    :param history: earlier problems that were not forgiven.
    """
    if problem.bounce_class is not BounceClass.UNKNOWN:
        return False
    if problem.is_hard:
        return True
    return any(each.bounce_class is BounceClass.UNKNOWN and A_DAY <= abs(problem.at - each.at) <= STALE for each in history)


def score(history: Iterable[DeliveryProblem], now: datetime) -> float:
    """The sum of the soft problems, each with half its weight after every `HALF_LIFE`."""
    return sum(WEIGHTS.get(each.bounce_class, 0.0) * math.exp2(-(max(now - each.at, timedelta(0)) / HALF_LIFE)) for each in history)


def most_tried(bounce_class: BounceClass, refused: int) -> int | None:
    """How many deliveries a queue may have tried for that many refusals to be too large a share. None: they never are."""
    share = {BounceClass.UNKNOWN: MOST_UNKNOWN, BounceClass.POLICY: MOST_POLICY}.get(bounce_class)
    return None if share is None or refused < FEWEST_REFUSED else int(refused / share)
