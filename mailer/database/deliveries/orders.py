"""What an operator orders about the time of an issue, each with its entry in the audit log in the same transaction."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, and_, exists, or_, select, update

from mailer.database import audit_log, restoration
from mailer.database.deliveries import digests, frozen_content
from mailer.database.deliveries.audience import wants_digest
from mailer.database.deliveries.frozen_content import columns_of
from mailer.database.deliveries.issues import freeze_recipients
from mailer.database.deliveries.succession import call_off_earlier
from mailer.database.deliveries.transitions import transition
from mailer.database.engine import Database
from mailer.database.schema import delivery, issue, subscription
from mailer.model.audit_log import AuditEvent
from mailer.model.digest import is_digest
from mailer.model.ids import IssueId
from mailer.model.issue import CALLED_OFF, FrozenIssue, Issue, IssueStatus, MailList, Succession, content_digest
from mailer.model.state import CALLABLE_OFF, DeliveryState

UNBEGUN = (DeliveryState.PENDING, DeliveryState.HELD, DeliveryState.SUPPRESSED)


def reschedule(database: Database, frozen: FrozenIssue, send_at: datetime, *, now: datetime, actor: str) -> bool:
    """The issue is sent not before another moment. False: it is being sent, or was cancelled. A paused one may have been begun."""
    is_begun = exists(
        select(delivery.c.issue_id).where(delivery.c.issue_id == issue.c.id, delivery.c.state.not_in(UNBEGUN)).correlate(issue)
    )
    is_held = or_(issue.c.status == IssueStatus.PAUSED, and_(issue.c.status == IssueStatus.SENDING, ~is_begun))
    before = "" if frozen.send_at is None else frozen.send_at.astimezone(UTC).isoformat()
    details = {"at": send_at.isoformat(), "content": content_digest(frozen.issue, frozen.mail_list), "before": before}
    with database.writing() as connection:
        if not connection.execute(update(issue).where(issue.c.id == frozen.issue_id, is_held).values(send_at=send_at)).rowcount:
            return False
        event = AuditEvent(actor, "scheduled", str(frozen.issue.ref), details)
        entry = audit_log.append_within(connection, database.seal, event, now)
    database.seal.on_append(entry)
    return True


def reopen_cancelled(database: Database, issue_id: IssueId) -> bool:
    """A cancelled issue may be frozen anew. False: it is not cancelled."""
    with database.writing() as connection:
        step = update(issue).where(issue.c.id == issue_id, issue.c.status == IssueStatus.CANCELLED)
        return connection.execute(step.values(status=IssueStatus.REOPENED)).rowcount == 1


def freeze_again(
    database: Database,
    issue_id: IssueId,
    content: Issue,
    mail_list: MailList,
    now: datetime,
    *,
    send_at: datetime | None = None,
    actor: str = "",
    succession: Succession | None = None,
    holds: bool = False,
) -> FrozenIssue | None:
    """Fixes new content for a reopened issue, for all who have not got it: those from whom it was held back, and who has joined since.

    None: it is not reopened (any more), or a sender still holds deliveries of it.
    """
    is_held = exists(select(delivery.c.issue_id).where(delivery.c.issue_id == issue.c.id, delivery.c.state == DeliveryState.CLAIMED))
    values = columns_of(content, mail_list) | {
        "frozen_at": now,
        "send_at": send_at,
        "status": IssueStatus.SENDING,
        "reported_at": None,
        "settled_at": None,
    }
    with database.writing() as connection:
        step = update(issue).where(issue.c.id == issue_id, issue.c.status == IssueStatus.REOPENED, ~is_held.correlate(issue))
        if not connection.execute(step.values(values)).rowcount:
            return None
        _open_again(connection, issue_id, content.ref.list, now, holds=holds)
        called_off = call_off_earlier(connection, database, succession, content.ref, now, actor)
        readers = freeze_recipients(connection, issue_id, content.ref, now, succession, is_again=True, holds=holds)
        restoration.mark_sent_before(connection, issue_id, content.ref, now)
        frozen = FrozenIssue(issue_id, content, mail_list, now, send_at=send_at)
        entry = audit_log.append_within(connection, database.seal, frozen_content.frozen_event(frozen, readers, actor), now)
    for each in (*called_off, entry):
        database.seal.on_append(each)
    return frozen


def _open_again(connection: Connection, issue_id: IssueId, key: str, now: datetime, *, holds: bool) -> None:
    """What was held back is due again, or waits for the digest of a reader who wants one."""
    called_off = and_(delivery.c.issue_id == issue_id, delivery.c.text == CALLED_OFF)
    values = {"text": "", "first_tried": None, "not_before": None, "merged_into": None, "changed_at": now}
    if holds:
        readers = select(subscription.c.subscriber_id).where(subscription.c.list == key, wants_digest())
        step = transition({DeliveryState.SUPPRESSED}, DeliveryState.HELD).where(called_off, delivery.c.subscriber_id.in_(readers))
        connection.execute(step.values(values))
    connection.execute(transition({DeliveryState.SUPPRESSED}, DeliveryState.PENDING).where(called_off).values(values))


def call_off(database: Database, frozen: FrozenIssue, *, now: datetime) -> int:
    """Hold back what has not left of a cancelled issue, by itself or in digests. From how many people?"""
    with database.writing() as connection:
        digests.take_out(connection, frozen.issue_id, now)
        step = transition(CALLABLE_OFF, DeliveryState.SUPPRESSED).where(delivery.c.issue_id == frozen.issue_id)
        held = connection.execute(step.values(text=CALLED_OFF, not_before=None, changed_at=now)).rowcount
        if is_digest(frozen):
            digests.call_off_members(connection, frozen.issue_id, now)
    return held
