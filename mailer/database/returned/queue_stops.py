"""Domain queues from which no newsletter is sent for the time being, because a receiver refuses too much. Emergencies are never stopped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, bindparam, insert, or_, select, update

from mailer.database.engine import Database
from mailer.database.schema import delivery, issue, queue_stop
from mailer.model.ids import IssueId
from mailer.model.issue import IssueRef, ListClass
from mailer.model.returned.bounce import BounceClass

_IS_STOPPED = queue_stop.c.released_at.is_(None)


@dataclass(frozen=True, slots=True)
class QueueStop:
    """A stopped queue. `queue` is empty for all domains that have no queue of their own."""

    queue: str
    ref: IssueRef
    bounce_class: BounceClass
    reason: str
    since: datetime


def _is_open() -> ColumnElement[bool]:
    stopped = select(queue_stop.c.queue).where(_IS_STOPPED)
    of_delivery = issue.alias("issue_in_queue")
    list_class = select(of_delivery.c.list_class).where(of_delivery.c.id == delivery.c.issue_id).correlate(delivery).scalar_subquery()
    return or_(delivery.c.queue.not_in(stopped), list_class == ListClass.EMERGENCY)


IS_OPEN = _is_open()
"""The condition that a delivery may leave its queue. The list of stopped queues is read once for a statement; the class is asked for only where
the queue is stopped.
"""

_STOP_OF_ISSUE = (
    select(queue_stop.c.id)
    .where(queue_stop.c.queue == bindparam("queue"), queue_stop.c.issue_id == bindparam("issue"), _IS_STOPPED)
    .limit(1)
)  # built once: every bounce asks it


def stop_within(connection: Connection, queue: str, issue_id: IssueId, bounce_class: BounceClass, reason: str, now: datetime) -> bool:
    """Stop a queue. False: it is stopped already."""
    if connection.execute(select(queue_stop.c.id).where(queue_stop.c.queue == queue, _IS_STOPPED)).first() is not None:
        return False
    values = {"queue": queue, "issue_id": issue_id, "class": bounce_class, "reason": reason, "since": now}
    connection.execute(insert(queue_stop).values(values))
    return True


def is_stopped_within(connection: Connection, queue: str, issue_id: IssueId) -> bool:
    """Whether the queue is stopped because of this issue."""
    return connection.execute(_STOP_OF_ISSUE, {"queue": queue, "issue": issue_id}).first() is not None


def released_within(connection: Connection, queue: str, issue_id: IssueId) -> datetime | None:
    """When was the queue last released after a stop for this issue? What came before that counts no more."""
    query = select(queue_stop.c.released_at).where(queue_stop.c.queue == queue, queue_stop.c.issue_id == issue_id, ~_IS_STOPPED)
    return connection.execute(query.order_by(queue_stop.c.id.desc()).limit(1)).scalar_one_or_none()


def stops(database: Database) -> tuple[QueueStop, ...]:
    """Which queues are stopped? Oldest first."""
    columns = (queue_stop.c.queue, issue.c.list, issue.c.number, queue_stop.c["class"], queue_stop.c.reason, queue_stop.c.since)
    query = select(*columns).join_from(queue_stop, issue).where(_IS_STOPPED).order_by(queue_stop.c.id)
    with database.reading() as connection:
        return tuple(
            QueueStop(queue, IssueRef(key, number), BounceClass(kind), reason, since)
            for queue, key, number, kind, reason, since in connection.execute(query)
        )


def release_within(connection: Connection, queue: str, *, by: str, why: str, now: datetime) -> bool:
    """Send from the queue again. False: it is not stopped."""
    step = update(queue_stop).where(queue_stop.c.queue == queue, _IS_STOPPED)
    return connection.execute(step.values(released_at=now, released_by=by[:130], released_why=why)).rowcount > 0
