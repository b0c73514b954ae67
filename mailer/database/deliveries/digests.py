"""Issues that wait for a reader's digest, and the digests that carry them.

A delivery that waits is `held`. A digest is frozen as an issue of its own, with a delivery for each reader of its combination of issues; in the same
transaction their held deliveries become `merged`. So a kill leaves each delivery either held or merged, and nobody gets an issue twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, literal, or_, select, update

from mailer.database import audit_log, restoration
from mailer.database.deliveries import claim_statements, frozen_content, issues
from mailer.database.deliveries.audience import not_suppressed, wants_digest
from mailer.database.deliveries.transitions import insert_initial, transition
from mailer.database.engine import Database
from mailer.database.schema import delivery, digest_member, issue, ledger, subscriber, subscription
from mailer.model.audit_log import AuditEvent
from mailer.model.ids import IssueId, SubscriberId
from mailer.model.issue import CALLED_OFF, UNSUBSCRIBED_LATER, FrozenIssue, Issue, IssueRef, IssueStatus, MailList
from mailer.model.readers.subscription import SUBSCRIBED, Frequency
from mailer.model.state import DUE, UNDER_WAY, DeliveryState

LEFT = "unsubscribed before the digest was made"
RESTED = "the reader took a rest when the digest was made"
TOO_LATE = "too late to be sent"


@dataclass(frozen=True, slots=True)
class Combination:
    """Issues that some readers wait for together, in the order of the digest."""

    issues: tuple[IssueId, ...]
    readers: tuple[SubscriberId, ...]


@dataclass(frozen=True, slots=True)
class Tidied:
    """What became of deliveries that wait no longer: how many readers have left or rest, want each issue again, or are too late; and how many wait again."""

    gone: int = 0
    separate: int = 0
    expired: int = 0
    again: int = 0


def tidy(database: Database, now: datetime) -> Tidied:
    """Settle what waits and will not be in a digest: of readers who have left, rest, or want each issue again, and of issues that have expired.

    What was in a digest that a reader cannot get, because one of its other lists was left before it went out, waits again.
    """
    with database.writing() as connection:
        again = _wait_again(connection, now)
        held = transition({DeliveryState.HELD}, DeliveryState.EXPIRED).where(
            delivery.c.issue_id.in_(select(issue.c.id).where(issue.c.expires <= now))
        )
        expired = connection.execute(held.values(text=TOO_LATE, changed_at=now)).rowcount
        separate = _release(connection, _own_subscription(subscription.c.frequency == Frequency.ISSUE), now)
        gone = _suppress(connection, ~_own_subscription(not_suppressed_of_issue()), LEFT, now)
        gone += _suppress(connection, exists(_reader(subscriber.c.paused_until > now)), RESTED, now)
    return Tidied(gone, separate, expired, again)


def combinations(database: Database, due: Mapping[Frequency, datetime], now: datetime) -> tuple[Combination, ...]:
    """Who waits for which issues and may have them now?

    :param due: of each frequency the last moment; issues that may leave since a later moment wait for the next one.
    """
    since = func.coalesce(issue.c.send_at, issue.c.frozen_at, type_=issue.c.frozen_at.type)
    is_due = or_(
        *(and_(subscription.c.frequency == frequency, since <= moment, issue.c.frozen_at <= moment) for frequency, moment in due.items())
    )
    own = and_(
        subscription.c.subscriber_id == delivery.c.subscriber_id, subscription.c.list == issue.c.list, subscription.c.state == SUBSCRIBED
    )
    query = select(delivery.c.subscriber_id, delivery.c.issue_id).join_from(delivery, issue).join(subscription, own)
    query = query.where(delivery.c.state == DeliveryState.HELD, issue.c.status == IssueStatus.SENDING, is_due)
    query = query.where(or_(issue.c.expires.is_(None), issue.c.expires > now)).order_by(delivery.c.subscriber_id, delivery.c.issue_id)
    waiting: dict[SubscriberId, list[IssueId]] = defaultdict(list)
    with database.reading() as connection:
        for reader, issue_id in connection.execute(query):
            waiting[reader].append(issue_id)
    readers: dict[tuple[IssueId, ...], list[SubscriberId]] = defaultdict(list)
    for reader, ids in waiting.items():
        readers[tuple(ids)].append(reader)
    return tuple(Combination(ids, tuple(those)) for ids, those in sorted(readers.items()))


def count_held(database: Database, issue_id: IssueId | None = None) -> int:
    """How many deliveries wait for a digest, of an issue or of all?"""
    query = select(func.count()).select_from(delivery).where(delivery.c.state == DeliveryState.HELD)
    with database.reading() as connection:
        return connection.execute(query if issue_id is None else query.where(delivery.c.issue_id == issue_id)).scalar_one()


def is_on_its_way(database: Database, issue_id: IssueId) -> bool:
    """Whether a digest that carries the issue still has to leave, for some reader."""
    carriers = select(digest_member.c.digest_id).where(digest_member.c.issue_id == issue_id)
    query = select(delivery.c.issue_id).where(delivery.c.issue_id.in_(carriers), delivery.c.state.in_([*UNDER_WAY])).limit(1)
    with database.reading() as connection:
        return connection.execute(query).first() is not None


def carried_refs(database: Database, digest_id: IssueId) -> tuple[IssueRef, ...]:
    """Which issues does the digest carry, in their order?"""
    query = select(issue.c.list, issue.c.number).join(digest_member, digest_member.c.issue_id == issue.c.id)
    query = query.where(digest_member.c.digest_id == digest_id).order_by(digest_member.c.position)
    with database.reading() as connection:
        return tuple(IssueRef(row.list, row.number) for row in connection.execute(query))


def freeze(
    database: Database,
    content: Issue,
    mail_list: MailList,
    carried: Sequence[FrozenIssue],
    readers: Sequence[SubscriberId],
    *,
    now: datetime,
    actor: str = "",
) -> FrozenIssue | None:
    """Freeze a digest for those of `readers` who still wait for all of its issues, and enter it into the audit log.

    None: nobody does any more. An issue of it that was paused or called off meanwhile, or whose words were changed, goes into no digest.

    :raises ContentChanged: the words of one of them in the database are no longer those that were composed.
    """
    ids = [each.issue_id for each in carried]
    with database.writing() as connection:
        connection.execute(select(ledger.c.name).with_for_update())  # one at a time, also on a server
        for each in carried:
            issues.require_content(connection, each)
        waiting = _still_waiting(connection, ids, readers, now)
        if not waiting:
            return None
        row = frozen_content.columns_of(content, mail_list) | {"frozen_at": now}
        digest_id = connection.execute(insert(issue).values(row).returning(issue.c.id)).scalar_one()
        places = [{"digest_id": digest_id, "issue_id": each, "position": place} for place, each in enumerate(ids)]
        connection.execute(insert(digest_member), places)
        _merge(connection, digest_id, ids, waiting, now)
        restoration.mark_sent_before(connection, digest_id, content.ref, now)
        frozen = FrozenIssue(digest_id, content, mail_list, now)
        event = frozen_content.frozen_event(frozen, len(waiting), actor)
        carries = ", ".join(f"{each.issue.ref} {each.issue.digest}" for each in carried)
        event = AuditEvent(event.actor, event.what, event.issue, {**event.details, "carries": carries})
        entry = audit_log.append_within(connection, database.seal, event, now)
    database.seal.on_append(entry)
    return frozen


def separate(database: Database, issue_id: IssueId, readers: Iterable[SubscriberId], now: datetime) -> int:
    """These readers get the issue by itself: no digest can be made of it. How many?"""
    with database.writing() as connection:
        among = claim_statements.numbered(connection.dialect.name).bindparams(numbers=claim_statements.join_numbers(readers))
        return _release(connection, and_(delivery.c.issue_id == issue_id, among), now)


def release_within(connection: Connection, subscriber_id: SubscriberId, key: str, now: datetime) -> int:
    """The reader wants each issue of the list again: what waits is due, in the caller's transaction. How many?"""
    mine = delivery.c.issue_id.in_(select(issue.c.id).where(issue.c.list == key))
    return _release(connection, and_(delivery.c.subscriber_id == subscriber_id, mine), now)


def take_out(connection: Connection, issue_id: IssueId, now: datetime) -> int:
    """An issue is called off: digests that carry it and have not left are given up, and all that they carry waits again. How many readers?"""
    carriers = select(digest_member.c.digest_id).where(digest_member.c.issue_id == issue_id)
    given_up = transition(DUE, DeliveryState.SUPPRESSED).where(delivery.c.issue_id.in_(carriers))
    count = connection.execute(given_up.values(text=GIVEN_UP, not_before=None, changed_at=now)).rowcount
    _wait_again(connection, now)
    return count


def call_off_members(connection: Connection, digest_id: IssueId, now: datetime) -> None:
    """A digest itself is called off: what it carried is not sent by itself either, as far as the digest has not left."""
    rows = delivery.alias("carrier")
    off = select(rows.c.subscriber_id).where(
        rows.c.issue_id == digest_id, rows.c.state == DeliveryState.SUPPRESSED, rows.c.text == CALLED_OFF
    )
    step = transition({DeliveryState.MERGED}, DeliveryState.SUPPRESSED).where(delivery.c.merged_into == digest_id)
    connection.execute(step.where(delivery.c.subscriber_id.in_(off)).values(text=CALLED_OFF, changed_at=now))


GIVEN_UP = "one of its issues was called off"


def _wait_again(connection: Connection, now: datetime) -> int:
    """What a digest carried for readers who do not get it waits again: it was given up, or has expired because one of its issues has."""
    carrier, its_issue = delivery.alias("carrier"), issue.alias("carrier_issue")
    mine = and_(carrier.c.issue_id == delivery.c.merged_into, carrier.c.subscriber_id == delivery.c.subscriber_id)
    is_given_up = and_(carrier.c.state == DeliveryState.SUPPRESSED, carrier.c.text.in_([GIVEN_UP, UNSUBSCRIBED_LATER]))
    is_over = and_(carrier.c.state == DeliveryState.EXPIRED, its_issue.c.expires <= now)
    found = select(carrier.c.issue_id).join(its_issue, its_issue.c.id == carrier.c.issue_id).where(mine, or_(is_given_up, is_over))
    merged = and_(delivery.c.merged_into.is_not(None), exists(found.correlate(delivery)))
    step = transition({DeliveryState.MERGED}, DeliveryState.HELD).where(merged)
    return connection.execute(step.values(merged_into=None, changed_at=now)).rowcount


def _still_waiting(connection: Connection, ids: Sequence[IssueId], readers: Sequence[SubscriberId], now: datetime) -> list[SubscriberId]:
    """Those of the readers for whom each of the issues still waits and may go. On PostgreSQL their rows are locked."""
    among = claim_statements.numbered(connection.dialect.name).bindparams(numbers=claim_statements.join_numbers(readers))
    may = and_(
        delivery.c.state == DeliveryState.HELD,
        exists(select(issue.c.id).where(issue.c.id == delivery.c.issue_id, issue.c.status == IssueStatus.SENDING).correlate(delivery)),
        _own_subscription(and_(wants_digest(), not_suppressed_of_issue())),
        ~exists(_reader(subscriber.c.paused_until > now)),
    )
    query = select(delivery.c.subscriber_id, delivery.c.issue_id).where(delivery.c.issue_id.in_(ids), among, may)
    waiting: dict[SubscriberId, int] = defaultdict(int)
    for reader, _ in connection.execute(query.with_for_update(of=delivery)):
        waiting[reader] += 1
    return sorted(reader for reader, number in waiting.items() if number == len(ids))


def _merge(connection: Connection, digest_id: IssueId, ids: Sequence[IssueId], readers: Sequence[SubscriberId], now: datetime) -> None:
    among = claim_statements.numbered(connection.dialect.name).bindparams(numbers=claim_statements.join_numbers(readers))
    columns: dict[str, ColumnElement[Any]] = {
        "issue_id": literal(digest_id),
        "subscriber_id": subscriber.c.id,
        "address": subscriber.c.email,
        "attempts": literal(0),
        "text": literal(""),
        "changed_at": literal(now, delivery.c.changed_at.type),
    }
    waits = select(delivery.c.subscriber_id).where(delivery.c.issue_id == ids[0], among)
    connection.execute(insert_initial(tuple(columns), select(*columns.values()).where(subscriber.c.id.in_(waits))))
    step = transition({DeliveryState.HELD}, DeliveryState.MERGED).where(delivery.c.issue_id.in_(ids), among)
    connection.execute(step.values(merged_into=digest_id, changed_at=now))


def _release(connection: Connection, condition: ColumnElement[bool], now: datetime) -> int:
    which = select(delivery.c.issue_id).where(delivery.c.state == DeliveryState.HELD, condition).distinct()
    opened = list(connection.execute(which).scalars())
    step = transition({DeliveryState.HELD}, DeliveryState.PENDING).where(condition)
    count = connection.execute(step.values(changed_at=now)).rowcount
    connection.execute(update(issue).where(issue.c.id.in_(opened)).values(reported_at=None, settled_at=None))
    return count


def _suppress(connection: Connection, condition: ColumnElement[bool], why: str, now: datetime) -> int:
    step = transition({DeliveryState.HELD}, DeliveryState.SUPPRESSED).where(condition)
    return connection.execute(step.values(text=why, changed_at=now)).rowcount


def _own_subscription(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition that the reader of a delivery has a standing subscription to its list that meets the condition."""
    mine = and_(subscription.c.subscriber_id == delivery.c.subscriber_id, subscription.c.state == SUBSCRIBED)
    found = (
        select(subscription.c.list)
        .join(issue, issue.c.list == subscription.c.list)
        .join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
    )
    return exists(found.where(issue.c.id == delivery.c.issue_id, mine, condition).correlate(delivery))


def not_suppressed_of_issue() -> ColumnElement[bool]:
    """The condition that a subscriber may be written to with the list of the issue that is joined."""
    return not_suppressed(issue.c.list)


def _reader(condition: ColumnElement[bool]) -> Any:
    return select(subscriber.c.id).where(subscriber.c.id == delivery.c.subscriber_id, condition).correlate(delivery)
