"""What follows from a bounce, in one transaction with its record (`apply`): delivery to an address ends, or a queue stops; and how that is undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from mailer.database import audit_log
from mailer.database.engine import Database
from mailer.database.readers import suppressions
from mailer.database.returned import delivery_problems, queue_stops
from mailer.database.returned.delivery_problems import SentDelivery
from mailer.log import ADDRESS
from mailer.model.audit_log import AuditEvent
from mailer.model.errors import AddressError
from mailer.model.ids import IssueId, SubscriberId
from mailer.model.readers import addresses
from mailer.model.readers.delivery_problem import FEWEST_TRIED, STALE, DeliveryProblem, ends_delivery, most_tried
from mailer.model.readers.suppression import Suppression, SuppressionReason
from mailer.model.returned.bounce import HARD_CODES, Bounce, BounceClass

BY_PROBLEMS = frozenset({SuppressionReason.UNKNOWN_RECIPIENT})
EVERY = 5
"""A queue's share is computed at every fifth refusal: it costs a count of deliveries."""


MASS = 0.2
"""More than this share of a queue is no spoilt list: a relay or a receiver refuses everybody."""


class Effect(StrEnum):
    """What a bounce has done."""

    RECORDED = "recorded"
    ENDED = "ended"
    STOPPED = "stopped"
    KNOWN = "known"  # it was recorded before
    NOT_OURS = "not ours"  # nothing was sent there: the issue or the reader was erased
    NO_PROBLEM = "no problem"  # an automatic reply


@dataclass(frozen=True, slots=True)
class ReadBounce:
    """A bounce that was read, of a delivery. `event` names the message or refusal, so that it counts once however often it comes."""

    event: str
    issue_id: IssueId
    subscriber_id: SubscriberId
    bounce: Bounce
    at: datetime


def apply(database: Database, bounces: Sequence[ReadBounce]) -> tuple[frozenset[Effect], ...]:
    """Record bounces and do what follows from each, all in one transaction: one sync of the disk for all of them.

    :raises SecretMissing: delivery must end, and there is no key to hash the address with. Nothing was recorded.
    """
    with database.writing() as connection:
        return tuple(_apply(connection, database, each) for each in bounces)


def _apply(connection: Connection, database: Database, read: ReadBounce) -> frozenset[Effect]:
    bounce, issue_id, now = read.bounce, read.issue_id, read.at
    if bounce.verdict.bounce_class is BounceClass.AUTO_REPLY:
        return frozenset({Effect.NO_PROBLEM})
    sent = delivery_problems.delivery_within(connection, issue_id, read.subscriber_id)
    if sent is None:
        return frozenset({Effect.NOT_OURS})
    history = delivery_problems.unknown_within(connection, read.subscriber_id, now - STALE)
    hard = is_hard(bounce, sent.address)
    text = _redacted(bounce.refusal.text)
    if not delivery_problems.add_within(connection, read.event, sent, bounce, text=text, is_hard=hard, at=now):
        return frozenset({Effect.KNOWN})
    effects = {Effect.RECORDED}
    problem = DeliveryProblem(bounce.verdict.bounce_class, now, issue_id, is_hard=hard)
    if _stop(connection, database, sent, bounce, now):
        effects.add(Effect.STOPPED)
    # Where a whole queue is refused, the fault is a relay's or a receiver's: no reader pays for it.
    is_single = not queue_stops.is_stopped_within(connection, sent.queue, issue_id)
    if is_single and ends_delivery(problem, history) and _end(connection, database, sent, now):
        effects.add(Effect.ENDED)
    return frozenset(effects)


def is_hard(bounce: Bounce, address: str) -> bool:
    """Whether once is enough: unknown by an enhanced code that says so (RFC 3463), and for this very address, not one that it is forwarded to."""
    if bounce.verdict.bounce_class is not BounceClass.UNKNOWN or bounce.refusal.status not in HARD_CODES:
        return False
    return not bounce.refusal.recipient or _key(bounce.refusal.recipient) == addresses.address_key(address)


def forgive(database: Database, subscriber_id: SubscriberId, *, by: str, why: str, now: datetime) -> bool:
    """Nothing counts any more that was recorded, and what it has ended goes on. False: there was nothing."""
    with database.writing() as connection:
        forgiven = delivery_problems.forgive_within(connection, subscriber_id, now)
        address = delivery_problems.address_within(connection, subscriber_id)
        if address is None:
            return False
        lifted = suppressions.lift_within(connection, database.address_keys, address, by=by, why=why, now=now, reasons=BY_PROBLEMS)
    return bool(forgiven or lifted)


def ended_by_problems(database: Database, subscriber_id: SubscriberId) -> tuple[Suppression, ...]:
    """The suppressions that `forgive` would lift."""
    with database.reading() as connection:
        address = delivery_problems.address_within(connection, subscriber_id)
        held = () if address is None else suppressions.suppressions_within(connection, database.address_keys, address)
    return tuple(each for each in held if each.lifted_at is None and each.reason in BY_PROBLEMS)


def release_queue(database: Database, queue: str, *, by: str, why: str, now: datetime) -> bool:
    """Release a stopped queue, with an entry in the audit log. False: it is not stopped.

    :raises SecretMissing: there is no key to seal the log with.
    """
    with database.writing() as connection:
        if not queue_stops.release_within(connection, queue, by=by, why=why, now=now):
            return False
        event = AuditEvent(by, "queue released", "", {"queue": queue or "others", "why": why})
        entry = audit_log.append_within(connection, database.seal, event, now)
    database.seal.on_append(entry)
    return True


def _end(connection: Connection, database: Database, sent: SentDelivery, now: datetime) -> bool:
    """End delivery to the address. One that the reader has changed since then is not the one that was refused."""
    current = delivery_problems.address_within(connection, sent.subscriber_id)
    if current is None or addresses.address_key(current) != addresses.address_key(sent.address):
        return False
    reason, source = SuppressionReason.UNKNOWN_RECIPIENT, f"returned mail of issue {sent.issue_id}"
    return suppressions.suppress_within(connection, database.address_keys, sent.address, reason, source=source, now=now)


def _stop(connection: Connection, database: Database, sent: SentDelivery, bounce: Bounce, now: datetime) -> bool:
    """Stop the queue if too large a share of the issue was refused there: as unknown, or for something about us."""
    kind, queue, issue_id = bounce.verdict.bounce_class, sent.queue, sent.issue_id
    if kind not in (BounceClass.UNKNOWN, BounceClass.POLICY):
        return False
    since = queue_stops.released_within(connection, queue, issue_id)
    refused = delivery_problems.count_within(connection, issue_id, queue, kind, since=since)
    limit = most_tried(kind, refused)
    if limit is None or refused % EVERY:
        return False
    tried = delivery_problems.tried_within(connection, issue_id, queue, limit=limit + 1, since=since)
    if tried > limit or tried < FEWEST_TRIED:
        return False
    what = "as unknown" if kind is BounceClass.UNKNOWN else "for something about us"
    reason = f"{refused} of {tried} messages were refused {what} ({100 * refused / tried:.1f} %). The last: {_redacted(bounce.refusal.text)[:200]}"
    is_new = queue_stops.stop_within(connection, queue, issue_id, kind, reason, now)
    if kind is BounceClass.UNKNOWN and refused > tried * MASS:
        _undo_all(connection, database, issue_id, queue, now)
    return is_new


def _undo_all(connection: Connection, database: Database, issue_id: IssueId, queue: str, now: datetime) -> None:
    """So many at once are not unknown: nothing of this issue counts against the readers of the queue."""
    for address in delivery_problems.forgive_queue_within(connection, issue_id, queue, now):
        suppressions.lift_within(
            connection, database.address_keys, address, by="todoke", why="too many refused at once", now=now, reasons=BY_PROBLEMS
        )


def _key(address: str) -> str:
    try:
        return addresses.address_key(addresses.parse(address))
    except AddressError:
        return address.lower()


def _redacted(text: str) -> str:
    """The receiver's words without addresses: they are shown to operators, and outlive the subscriber's address."""
    return ADDRESS.sub("(address)", text)
