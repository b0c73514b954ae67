"""Did it arrive? An issue by receiver: for the screen, `/metrics` and the operator's report."""

from __future__ import annotations

from collections import Counter

from mailer.bounces.classify import classify
from mailer.database.engine import Database
from mailer.database.returned import arrivals
from mailer.database.returned.arrivals import DomainResult
from mailer.model.ids import IssueId
from mailer.model.returned.arrival import Arrival, ReceiverArrivals, arrival
from mailer.model.returned.bounce import BounceClass, Refusal
from mailer.model.returned.receivers import Receiver, receiver_of

BAR = 20
"""Characters of a bar for the whole."""
BLOCKS = " ▏▎▍▌▋▊▉█"
"""Eighths of a character."""


def by_receiver(database: Database, issue_id: IssueId) -> tuple[ReceiverArrivals, ...]:
    """How the issue fared at each receiver that has a reader of it, in the order of the table of receivers.

    :raises DatabaseError: the database cannot answer.
    """
    counts: dict[Receiver, Counter[Arrival]] = {}
    for result in arrivals.by_domain(database, issue_id):
        kind = arrival(result.state, result.bounce_class or _class_of(result), has_complained=result.has_complained)
        counts.setdefault(receiver_of(result.domain), Counter())[kind] += result.number
    return tuple(ReceiverArrivals(receiver, counts[receiver]) for receiver in Receiver if receiver in counts)


def _class_of(result: DomainResult) -> BounceClass | None:
    """The class of a refusal at sending time that `todoke receive` has not recorded yet, or never will because it does not run."""
    if not result.text and result.code is None:
        return None
    return classify(Refusal(result.text, recipient=f"a@{result.domain}", code=result.code)).bounce_class


def bar(share: float, width: int = BAR) -> str:
    """A bar of block characters; something is drawn for everything above nothing.

    :param share: 0 to 1.
    """
    eighths = max(round(min(max(share, 0.0), 1.0) * width * 8), 1 if share > 0 else 0)
    return ("█" * (eighths // 8) + BLOCKS[eighths % 8]).rstrip(" ")
