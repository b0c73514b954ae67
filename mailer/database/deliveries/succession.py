"""An issue that takes the place of an earlier one: what is still due of that is called off, in the transaction that freezes the new one.

A correction goes to those whom the earlier issue has reached, or may have reached, and to nobody else: not to those who joined since, and also to those
who take a rest. Who has left the list since gets no mail; the ledger says so (`suppressed`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select, union, update

from mailer.database import audit_log
from mailer.database.deliveries import digests
from mailer.database.deliveries.audience import not_suppressed
from mailer.database.deliveries.frozen_content import CANCELLED
from mailer.database.deliveries.transitions import transition
from mailer.database.engine import Database
from mailer.database.schema import delivery, issue, sent_before, subscriber
from mailer.model.audit_log import AuditEntry, AuditEvent
from mailer.model.ids import IssueId
from mailer.model.issue import CALLED_OFF, IssueRef, IssueStatus, Succession
from mailer.model.state import CALLABLE_OFF, DeliveryState

REACHED = (DeliveryState.SENT, DeliveryState.UNKNOWN, DeliveryState.CLAIMED)
"""Has it, may have it, or is just getting it."""


def count_reached(database: Database, ref: IssueRef) -> int:
    """How many has the issue reached, or may it have reached?"""
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(_reached(ref).subquery())).scalar_one()


def reached(succession: Succession, ref: IssueRef) -> ColumnElement[bool]:
    """The condition that a subscriber has been reached by the issue before ``ref``, and may be written to."""
    return and_(subscriber.c.id.in_(_reached(IssueRef(ref.list, succession.replaces))), not_suppressed(ref.list))


def _reached(ref: IssueRef) -> Select[Any]:
    by_ledger = select(delivery.c.subscriber_id).join_from(delivery, issue)
    by_ledger = by_ledger.where(_is(ref), or_(delivery.c.state.in_([state.value for state in REACHED]), _carried()))
    before = select(sent_before.c.subscriber_id).where(sent_before.c.list == ref.list, sent_before.c.number == ref.number)
    return select(union(by_ledger, before).subquery().c.subscriber_id)


def _carried() -> ColumnElement[bool]:
    """The condition that the digest which carries the issue has reached the reader, or may have."""
    carrier = delivery.alias("carrier")
    mine = and_(carrier.c.issue_id == delivery.c.merged_into, carrier.c.subscriber_id == delivery.c.subscriber_id)
    reached = exists(select(carrier.c.issue_id).where(mine, carrier.c.state.in_([state.value for state in REACHED])).correlate(delivery))
    return and_(delivery.c.state == DeliveryState.MERGED, reached)


def call_off_earlier(
    connection: Connection, database: Database, succession: Succession | None, ref: IssueRef, now: datetime, actor: str
) -> tuple[AuditEntry, ...]:
    """Call off what is still due of the earlier issue, in the caller's transaction. Return the entry of the audit log, if there was something."""
    if succession is None:
        return ()
    earlier = IssueRef(ref.list, succession.replaces)
    issue_id: IssueId | None = connection.execute(select(issue.c.id).where(_is(earlier))).scalar_one_or_none()
    if issue_id is None:
        return ()
    digests.take_out(connection, issue_id, now)
    step = transition(CALLABLE_OFF, DeliveryState.SUPPRESSED).where(delivery.c.issue_id == issue_id)
    held = connection.execute(step.values(text=CALLED_OFF, not_before=None, changed_at=now)).rowcount
    if not held:
        return ()
    connection.execute(update(issue).where(issue.c.id == issue_id).values(status=IssueStatus.CANCELLED))
    event = AuditEvent(actor, CANCELLED, str(earlier), {"held": str(held), "for": str(ref)})
    return (audit_log.append_within(connection, database.seal, event, now),)


def _is(ref: IssueRef) -> ColumnElement[bool]:
    return and_(issue.c.list == ref.list, issue.c.number == ref.number)
