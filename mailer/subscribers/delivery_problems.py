"""What becomes of refusals and returned mail: they are recorded, end delivery to an address that is unknown, or stop a queue; and can be forgiven.

Refusals at sending time are read here too (`read_refusals`), from the ledger and not while they come: sending loses no time by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from mailer import log
from mailer.bounces import taught
from mailer.bounces.classify import classify
from mailer.bounces.receivers import Receiver
from mailer.bounces.reply_parts import complete
from mailer.bounces.taught import RulesUnreadable
from mailer.config.settings import Config
from mailer.database.engine import Database
from mailer.database.returned import bounce_effects, delivery_problems
from mailer.database.returned.bounce_effects import ReadBounce
from mailer.database.returned.delivery_problems import RefusedDelivery
from mailer.model.ids import SubscriberId
from mailer.model.readers.delivery_problem import DeliveryProblem, score
from mailer.model.readers.suppression import Suppression
from mailer.model.returned.bounce import Bounce, BounceClass, Refusal

RECENT = timedelta(days=35)
"""Refusals of issues that were frozen since are read; no retry policy takes as long."""
PORTION = 500
TOGETHER = 25
"""Refusals in one transaction: on SQLite no other process writes meanwhile."""


def read_refusals(database: Database, *, now: datetime, rules: Sequence[Receiver] = ()) -> int:
    """Record every refusal at sending time that is not recorded yet. How many were there?"""
    number = 0
    while refused := delivery_problems.refused_deliveries(database, since=now - RECENT, limit=PORTION):
        for start in range(0, len(refused), TOGETHER):
            bounce_effects.apply(database, [_read_refusal(each, rules) for each in refused[start : start + TOGETHER]])
        number += len(refused)
    if number:
        log.event("refusals read", number=number)
    return number


def read_refusals_by_settings(config: Config, database: Database, now: datetime) -> int:
    """As `read_refusals`, by the rules that the operator has taught too. Damaged rules are left out: the reader of the spool says so."""
    try:
        rules = taught.read_rules(config.bounce_rules)
    except RulesUnreadable:
        rules = ()
    return read_refusals(database, now=now, rules=rules)


def delivery_problems_of(database: Database, subscriber_id: SubscriberId, now: datetime) -> tuple[tuple[DeliveryProblem, ...], float]:
    """What counts against a subscriber's address now, oldest first, and the score of the soft problems. For the reader's own page and the operator."""
    problems = delivery_problems.problems_of(database, subscriber_id)
    shown = tuple(each for each in problems if each.bounce_class is not BounceClass.AUTO_REPLY)
    return shown, score(shown, now)


def forgive(database: Database, subscriber_id: SubscriberId, *, by: str, why: str, now: datetime) -> bool:
    """The address is good after all: nothing that was recorded counts, and mail goes there again. False: there was nothing to undo.

    :param by: `reader`, or the operator's account.
    """
    return bounce_effects.forgive(database, subscriber_id, by=by, why=why, now=now)


def suppressions_of_problems(database: Database, subscriber_id: SubscriberId) -> tuple[Suppression, ...]:
    """The suppressions that problems have begun and that still hold: what `forgive` would end."""
    return bounce_effects.ended_by_problems(database, subscriber_id)


def _read_refusal(refused: RefusedDelivery, rules: Sequence[Receiver]) -> ReadBounce:
    sent = refused.delivery
    refusal = complete(Refusal(refused.text, sent.address, "", refused.code))
    verdict = classify(refusal, rules)
    event = f"refused {sent.issue_id}-{sent.subscriber_id}"
    return ReadBounce(event, sent.issue_id, sent.subscriber_id, Bounce(refusal, verdict, "reply"), refused.at)


def release_queue(database: Database, queue: str, *, by: str, why: str, now: datetime) -> bool:
    """Send newsletters from a stopped queue again. What was refused until now counts no more against the issue. False: it is not stopped."""
    return bounce_effects.release_queue(database, queue, by=by, why=why, now=now)
