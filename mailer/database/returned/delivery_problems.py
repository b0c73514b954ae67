"""What counts against an address: refusals and returned mail, complaints, and what was forgiven."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, and_, bindparam, exists, func, insert, select, update

from mailer.database.engine import Database
from mailer.database.schema import complaint, delivery, delivery_problem, issue, subscriber
from mailer.model.ids import IssueId, SubscriberId
from mailer.model.readers.delivery_problem import DeliveryProblem
from mailer.model.returned.bounce import Bounce, BounceClass
from mailer.model.state import DeliveryState

LONGEST_TEXT = 300  # characters of a receiver's words that are kept
MOST_OF_A_DELIVERY = 20
"""A reader knows the return path of his own mail, and could fill the table by it."""
_CLASS = delivery_problem.c["class"]
_OPEN = delivery_problem.c.forgiven_at.is_(None)
_MINE = delivery_problem.c.subscriber_id == bindparam("subscriber")

# Statements that every bounce executes are built once: building them costs more than executing them.
_DELIVERY = select(delivery.c.issue_id, delivery.c.subscriber_id, delivery.c.address, delivery.c.queue).where(
    delivery.c.issue_id == bindparam("issue"), delivery.c.subscriber_id == bindparam("subscriber")
)
_EVENT = select(delivery_problem.c.id).where(delivery_problem.c.event == bindparam("event"))
_OF_DELIVERY = select(delivery_problem.c.id).where(_MINE, delivery_problem.c.issue_id == bindparam("issue")).limit(MOST_OF_A_DELIVERY)
_ADD = insert(delivery_problem)
_UNKNOWN = (
    select(delivery_problem)
    .where(_MINE, _OPEN, _CLASS == BounceClass.UNKNOWN, delivery_problem.c.at >= bindparam("since"))
    .order_by(delivery_problem.c.at)
    .limit(MOST_OF_A_DELIVERY)
)


@dataclass(frozen=True, slots=True)
class SentDelivery:
    """Where a message went: the address then, and its queue."""

    issue_id: IssueId
    subscriber_id: SubscriberId
    address: str
    queue: str


@dataclass(frozen=True, slots=True)
class RefusedDelivery:
    """A delivery that was refused while it was sent, and of which nothing has been recorded yet."""

    delivery: SentDelivery
    code: int | None
    text: str
    at: datetime


def delivery_within(connection: Connection, issue_id: IssueId, subscriber_id: SubscriberId) -> SentDelivery | None:
    """Was an issue sent to a subscriber, and where?"""
    row = connection.execute(_DELIVERY, {"issue": issue_id, "subscriber": subscriber_id}).one_or_none()
    return None if row is None else SentDelivery(*row)


def add_within(connection: Connection, event: str, sent: SentDelivery, bounce: Bounce, *, text: str, is_hard: bool, at: datetime) -> bool:
    """Add a problem. False: this event was recorded before, or so many of this delivery that one more says nothing."""
    if connection.execute(_EVENT, {"event": event}).first() is not None:
        return False
    if len(connection.execute(_OF_DELIVERY, {"issue": sent.issue_id, "subscriber": sent.subscriber_id}).all()) == MOST_OF_A_DELIVERY:
        return False
    refusal, verdict = bounce.refusal, bounce.verdict
    values = {
        "event": event,
        "subscriber_id": sent.subscriber_id,
        "issue_id": sent.issue_id,
        "queue": sent.queue,
        "class": verdict.bounce_class,
        "way": bounce.way,
        "receiver": verdict.receiver[:64],
        "status": refusal.status[:16],
        "code": refusal.code,
        "phase": refusal.phase or "",
        "is_hard": int(is_hard),
        "text": text[:LONGEST_TEXT],
        "at": at,
    }
    connection.execute(_ADD, values)
    return True


def history_within(connection: Connection, subscriber_id: SubscriberId) -> tuple[DeliveryProblem, ...]:
    """The problems of a subscriber that count, oldest first."""
    query = select(delivery_problem).where(delivery_problem.c.subscriber_id == subscriber_id, _OPEN).order_by(delivery_problem.c.at)
    return tuple(map(_problem, connection.execute(query)))


def unknown_within(connection: Connection, subscriber_id: SubscriberId, since: datetime) -> tuple[DeliveryProblem, ...]:
    """The refusals of a subscriber as unknown that count, from that moment on."""
    return tuple(map(_problem, connection.execute(_UNKNOWN, {"subscriber": subscriber_id, "since": since})))


def problems_of(database: Database, subscriber_id: SubscriberId) -> tuple[DeliveryProblem, ...]:
    """The problems of a subscriber that count, oldest first."""
    with database.reading() as connection:
        return history_within(connection, subscriber_id)


def forgive_within(connection: Connection, subscriber_id: SubscriberId, now: datetime) -> int:
    """The address is good: nothing counts any more that was recorded until now. How many problems were that?"""
    step = update(delivery_problem).where(delivery_problem.c.subscriber_id == subscriber_id, _OPEN)
    return connection.execute(step.values(forgiven_at=now)).rowcount


def forgive_queue_within(connection: Connection, issue_id: IssueId, queue: str, now: datetime) -> tuple[str, ...]:
    """Nothing of an issue counts against the readers of a queue any more. Returns the addresses that were taken for unknown."""
    mine = and_(delivery_problem.c.issue_id == issue_id, delivery_problem.c.queue == queue, _OPEN)
    readers = and_(delivery.c.subscriber_id == delivery_problem.c.subscriber_id, delivery.c.issue_id == issue_id)
    query = select(delivery.c.address).join(delivery_problem, readers).where(mine, _CLASS.in_([BounceClass.UNKNOWN]))
    addresses = tuple(connection.execute(query.distinct()).scalars())
    connection.execute(update(delivery_problem).where(mine).values(forgiven_at=now))
    return addresses


def refused_deliveries(database: Database, *, since: datetime, limit: int = 500) -> tuple[RefusedDelivery, ...]:
    """Which deliveries were refused while they were sent, of issues that were frozen since then, and are not recorded yet? Oldest first."""
    mine = and_(delivery_problem.c.subscriber_id == delivery.c.subscriber_id, delivery_problem.c.issue_id == delivery.c.issue_id)
    is_recorded = exists(select(delivery_problem.c.id).where(mine, delivery_problem.c.way == "reply").correlate(delivery))
    recent = select(issue.c.id).where(issue.c.frozen_at >= since)
    columns = (delivery.c.issue_id, delivery.c.subscriber_id, delivery.c.address, delivery.c.queue, delivery.c.code, delivery.c.text)
    query = select(*columns, delivery.c.changed_at).where(
        delivery.c.issue_id.in_(recent), delivery.c.state == DeliveryState.FAILED, delivery.c.code.is_not(None), ~is_recorded
    )
    with database.reading() as connection:
        rows = connection.execute(query.order_by(delivery.c.changed_at).limit(limit)).all()
    return tuple(RefusedDelivery(SentDelivery(*row[:4]), row.code, row.text, row.changed_at) for row in rows)


def count_within(connection: Connection, issue_id: IssueId, queue: str, bounce_class: BounceClass, *, since: datetime | None) -> int:
    """How many problems of a class has a queue had with an issue, since that moment?"""
    mine = and_(delivery_problem.c.issue_id == issue_id, delivery_problem.c.queue == queue, _CLASS.in_([bounce_class]))
    query = select(func.count(func.distinct(delivery_problem.c.subscriber_id))).where(mine)
    return connection.execute(query if since is None else query.where(delivery_problem.c.at > since)).scalar_one()


def tried_within(connection: Connection, issue_id: IssueId, queue: str, *, limit: int, since: datetime | None) -> int:
    """How many deliveries of an issue has a queue tried, since that moment? Counted up to `limit`."""
    states = (DeliveryState.SENT, DeliveryState.FAILED)
    rows = select(delivery.c.subscriber_id).where(delivery.c.issue_id == issue_id, delivery.c.state.in_(states), delivery.c.queue == queue)
    rows = rows if since is None else rows.where(delivery.c.changed_at > since)
    return connection.execute(select(func.count()).select_from(rows.limit(limit).subquery())).scalar_one()


def add_complaint_within(
    connection: Connection,
    event: str,
    subscriber_id: SubscriberId,
    key: str,
    issue_id: IssueId | None,
    kind: str,
    reporter: str,
    at: datetime,
) -> bool:
    """Add a complaint. False: this event was recorded before."""
    if connection.execute(select(complaint.c.id).where(complaint.c.event == event)).first() is not None:
        return False
    values = {"event": event, "subscriber_id": subscriber_id, "list": key, "issue_id": issue_id, "at": at}
    connection.execute(insert(complaint).values(values | {"feedback_type": kind[:32], "reporter": reporter[:100]}))
    return True


def complaints_by_list(database: Database, *, since: datetime) -> dict[str, int]:
    """How many readers have complained about each list since then?"""
    query = (
        select(complaint.c.list, func.count(func.distinct(complaint.c.subscriber_id)))
        .where(complaint.c.at >= since)
        .group_by(complaint.c.list)
    )
    with database.reading() as connection:
        return {str(key): int(number) for key, number in connection.execute(query)}


def problems_by_class(database: Database, *, since: datetime) -> dict[tuple[str, BounceClass], int]:
    """How many problems of each receiver and class were there since then?"""
    columns = (delivery_problem.c.receiver, _CLASS)
    query = select(*columns, func.count()).where(delivery_problem.c.at >= since).group_by(*columns)
    with database.reading() as connection:
        return {(str(receiver), BounceClass(kind)): int(number) for receiver, kind, number in connection.execute(query)}


def returned_of_issue(database: Database, issue_id: IssueId) -> tuple[dict[BounceClass, int], int]:
    """What came back of an issue: readers by class, and how many complained."""
    number = func.count(func.distinct(delivery_problem.c.subscriber_id))
    problems = select(_CLASS, number).where(delivery_problem.c.issue_id == issue_id).group_by(_CLASS).order_by(_CLASS)
    complaints = select(func.count(func.distinct(complaint.c.subscriber_id))).where(complaint.c.issue_id == issue_id)
    with database.reading() as connection:
        counted = {BounceClass(kind): int(readers) for kind, readers in connection.execute(problems)}
        return counted, connection.execute(complaints).scalar_one()


def address_within(connection: Connection, subscriber_id: SubscriberId) -> str | None:
    """The subscriber's address now. None: there is no such subscriber."""
    return connection.execute(select(subscriber.c.email).where(subscriber.c.id == subscriber_id)).scalar_one_or_none()


def issue_of_message(database: Database, message_id: str, subscriber_id: SubscriberId) -> IssueId | None:
    """With which issue did a subscriber get a message of this Message-ID?"""
    query = select(delivery.c.issue_id).where(delivery.c.subscriber_id == subscriber_id, delivery.c.message_id == message_id)
    with database.reading() as connection:
        return connection.execute(query.limit(1)).scalar_one_or_none()


def _problem(row: Row[tuple[object, ...]]) -> DeliveryProblem:
    kind = BounceClass(row._mapping["class"])
    return DeliveryProblem(kind, row.at, row.issue_id, row.receiver, row.text, row.status, row.code, bool(row.is_hard))
