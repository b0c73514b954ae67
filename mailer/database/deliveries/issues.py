"""Frozen issues: content and recipients, fixed at one moment in one transaction, and what the operator has ordered since."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)

from mailer.database import audit_log, restoration
from mailer.database.deliveries import claim_statements, frozen_content
from mailer.database.deliveries.audience import receives, wants_digest
from mailer.database.deliveries.claim_statements import Moment
from mailer.database.deliveries.succession import call_off_earlier, reached
from mailer.database.deliveries.transitions import insert_initial
from mailer.database.engine import Database
from mailer.database.returned import queue_stops
from mailer.database.schema import delivery, issue, subscriber, subscription
from mailer.model.errors import IllegalTransition
from mailer.model.ids import IssueId
from mailer.model.issue import (
    STATUS_TRANSITIONS,
    FrozenIssue,
    Issue,
    IssueRef,
    IssueStatus,
    LightPart,
    ListClass,
    MailList,
    ReportStage,
    Succession,
    content_digest,
)
from mailer.model.state import UNDER_WAY, UNTRIED, DeliveryState

_BY_ID = select(issue).where(issue.c.id == bindparam("issue_id"))
_IS_DUE = and_(
    or_(delivery.c.state == DeliveryState.PENDING, and_(delivery.c.state == DeliveryState.DEFERRED, claim_statements.HAS_TIME_COME)),
    queue_stops.IS_OPEN,
)
"""The condition that a delivery may be tried now. Parameters: those of `due_times`."""


def find(database: Database, ref: IssueRef) -> FrozenIssue | None:
    """The frozen issue of that name, if there is one."""
    with database.reading() as connection:
        return _find(connection, ref)


def all_issues(database: Database, ids: Collection[IssueId] | None = None) -> tuple[FrozenIssue, ...]:
    """All frozen issues, or those with these numbers, newest first."""
    query = select(issue).order_by(issue.c.frozen_at.desc(), issue.c.id.desc())
    with database.reading() as connection:
        return tuple(_thaw(row) for row in connection.execute(query if ids is None else query.where(issue.c.id.in_(ids))))


def require_content(connection: Connection, known: FrozenIssue) -> None:
    """Return if the issue in the database still has the words of `known`, whose digest is that of the sealed log.

    Equal words have an equal digest. The database compares them: to fetch them takes ten times as long, and to compute the digest a hundred times.

    :raises ContentChanged: it has other words, or is gone.
    """
    words = frozen_content.columns_of(known.issue, known.mail_list)
    if connection.execute(_with_words(tuple(words)), {"issue_id": known.issue_id} | words).first() is not None:
        return
    row = connection.execute(_BY_ID, {"issue_id": known.issue_id}).one_or_none()
    if row is None or not _has_digest(_thaw(row), known):
        raise frozen_content.changed(str(known.issue.ref))


@cache
def _with_words(columns: tuple[str, ...]) -> Select[tuple[IssueId]]:
    """The issue with that number and with these values of the columns."""
    same = (issue.c[column].is_not_distinct_from(bindparam(column)) for column in columns)
    return select(issue.c.id).where(issue.c.id == bindparam("issue_id"), *same)


def _has_digest(stored: FrozenIssue, known: FrozenIssue) -> bool:
    """An older version may have stored the same words in another way."""
    return content_digest(stored.issue, stored.mail_list) == content_digest(known.issue, known.mail_list)


def status(database: Database, issue_id: IssueId) -> IssueStatus:
    """What does the operator want of the issue now?"""
    with database.reading() as connection:
        return IssueStatus(connection.execute(select(issue.c.status).where(issue.c.id == issue_id)).scalar_one())


def set_status(database: Database, issue_id: IssueId, new: IssueStatus, *, old: Collection[IssueStatus]) -> bool:
    """The operator pauses an issue, resumes it, or cancels it. False: it is in none of the states `old` (any more).

    :raises IllegalTransition: `model.issue.STATUS_TRANSITIONS` does not have the step.
    """
    if wrong := [status for status in old if new not in STATUS_TRANSITIONS[status]]:
        raise IllegalTransition(f"An issue cannot go from {wrong[0]} to {new}.")
    with database.writing() as connection:
        step = update(issue).where(issue.c.id == issue_id, issue.c.status.in_([*old])).values(status=new)
        return connection.execute(step).rowcount == 1


def sendable_issues(database: Database, *, now: datetime, list_class: ListClass | None = None) -> tuple[FrozenIssue, ...]:
    """Which issues, of one class or of all, have something to send now? Emergencies first, then the oldest."""
    with database.reading() as connection:
        oldest_first = [_thaw(row) for row in connection.execute(_sendable(list_class), claim_statements.due_times(now))]
    return tuple(sorted(oldest_first, key=lambda frozen: frozen.issue.list_class is not ListClass.EMERGENCY))


@cache
def _sendable(list_class: ListClass | None) -> Select[Any]:
    """Parameters: those of `due_times`."""
    has_due = exists(select(delivery.c.issue_id).where(delivery.c.issue_id == issue.c.id, _IS_DUE).correlate(issue))
    query = select(issue).where(_is_to_be_sent(bindparam("now")), has_due)
    if list_class is not None:
        query = query.where(issue.c.list_class == list_class)
    return query.order_by(issue.c.frozen_at, issue.c.id)


def recent(database: Database, *, since: datetime) -> tuple[FrozenIssue, ...]:
    """Which issues were frozen since then, or are not finished? Newest first."""
    query = select(issue).where(or_(issue.c.frozen_at >= since, _has(UNDER_WAY)))
    with database.reading() as connection:
        return tuple(_thaw(row) for row in connection.execute(query.order_by(issue.c.frozen_at.desc(), issue.c.id.desc())))


def oldest_due_since(database: Database, *, now: datetime) -> datetime | None:
    """Since when has the oldest delivery been due that is not sent yet? Paused and scheduled issues do not wait."""
    untried = select(func.min(func.coalesce(issue.c.send_at, issue.c.frozen_at, type_=issue.c.frozen_at.type)))
    untried = untried.where(_is_to_be_sent(now), _has(UNTRIED))
    deferred = select(func.min(delivery.c.not_before)).join_from(delivery, issue)
    deferred = deferred.where(_is_to_be_sent(now), delivery.c.state == DeliveryState.DEFERRED, delivery.c.not_before <= now)
    with database.reading() as connection:
        times = [connection.execute(query).scalar_one() for query in (untried, deferred)]
    return min((time for time in times if time is not None), default=None)


def issues_to_report(database: Database) -> tuple[tuple[FrozenIssue, ReportStage], ...]:
    """Which issues have reached a stage that has not been reported to the operator yet?"""
    has_untried, is_under_way = _has(UNTRIED), _has(UNDER_WAY)
    query = select(issue, is_under_way.label("is_under_way")).where(
        issue.c.settled_at.is_(None), ~has_untried, or_(~is_under_way, issue.c.reported_at.is_(None))
    )
    with database.reading() as connection:
        rows = connection.execute(query.order_by(issue.c.id)).all()
    return tuple((_thaw(row), ReportStage.TRIED if row.is_under_way else ReportStage.FINISHED) for row in rows)


def mark_reported(database: Database, issue_id: IssueId, stage: ReportStage, now: datetime) -> bool:
    """True for the first process that marks it: one report, however many machines there are."""
    values = {"reported_at": now} | ({"settled_at": now} if stage is ReportStage.FINISHED else {})
    with database.writing() as connection:
        step = update(issue).where(issue.c.id == issue_id, _mark(stage).is_(None)).values(values)
        return connection.execute(step).rowcount == 1


def unmark_reported(database: Database, issue_id: IssueId, stage: ReportStage, now: datetime) -> None:
    """The report that was marked at that time could not be sent."""
    with database.writing() as connection:
        column = _mark(stage)
        connection.execute(update(issue).where(issue.c.id == issue_id, column == now).values({column.name: None}))


def reopen(connection: Connection, issue_id: IssueId) -> None:
    """Something of the issue is to be sent again: its end will be reported once more."""
    connection.execute(update(issue).where(issue.c.id == issue_id).values(reported_at=None, settled_at=None))


def _is_to_be_sent(now: Moment) -> ColumnElement[bool]:
    return and_(issue.c.status == IssueStatus.SENDING, or_(issue.c.send_at.is_(None), issue.c.send_at <= now))


def _has(states: Collection[DeliveryState]) -> ColumnElement[bool]:
    return exists(select(delivery.c.issue_id).where(delivery.c.issue_id == issue.c.id, delivery.c.state.in_([*states])).correlate(issue))


def _mark(stage: ReportStage) -> Column[datetime]:
    return issue.c.settled_at if stage is ReportStage.FINISHED else issue.c.reported_at


def freeze(
    database: Database,
    content: Issue,
    mail_list: MailList,
    now: datetime,
    *,
    send_at: datetime | None = None,
    actor: str = "",
    succession: Succession | None = None,
    holds: bool = False,
) -> FrozenIssue:
    """Fixes content and recipients together, and enters them into the audit log. If the issue is frozen already, the frozen one is returned.

    Only active subscriptions are taken; the ledger's key (issue, subscriber) makes a duplicate impossible. What is due of the issue that this one takes
    the place of is called off.

    :param holds: readers who want the list in a digest wait for it.
    """
    with database.writing() as connection:
        frozen = _find(connection, content.ref)
        if frozen is not None:
            return frozen
        issue_id = connection.execute(
            insert(issue)
            .values(frozen_content.columns_of(content, mail_list) | {"frozen_at": now, "send_at": send_at})
            .returning(issue.c.id)
        ).scalar_one()
        called_off = call_off_earlier(connection, database, succession, content.ref, now, actor)
        readers = freeze_recipients(connection, issue_id, content.ref, now, succession, holds=holds)
        restoration.mark_sent_before(connection, issue_id, content.ref, now)
        frozen = FrozenIssue(issue_id, content, mail_list, now, send_at=send_at)
        entry = audit_log.append_within(connection, database.seal, frozen_content.frozen_event(frozen, readers, actor), now)
    for each in (*called_off, entry):
        database.seal.on_append(each)
    return frozen


def freeze_recipients(
    connection: Connection,
    issue_id: IssueId,
    ref: IssueRef,
    now: datetime,
    succession: Succession | None = None,
    *,
    is_again: bool = False,
    holds: bool = False,
) -> int:
    """Make a delivery for each reader of the list who is neither suppressed nor paused, in the caller's transaction. How many?

    :param succession: of a correction; it goes to those whom the earlier issue has reached.
    :param is_again: some readers have one already; it is left alone.
    :param holds: readers who want the list in a digest wait for it. A correction waits for nothing.
    """
    columns: dict[str, ColumnElement[Any]] = {
        "issue_id": literal(issue_id),
        "subscriber_id": subscriber.c.id,
        "address": subscriber.c.email,
        "attempts": literal(0),
        "text": literal(""),
        "changed_at": literal(now, delivery.c.changed_at.type),
    }
    held = None
    if succession and succession.is_for_reached:
        chosen = select(*columns.values()).where(reached(succession, ref))
    else:
        chosen = select(*columns.values()).join_from(subscriber, subscription).where(receives(ref.list, now))
        held = wants_digest() if holds else None
    if is_again:
        chosen = chosen.where(~exists().where(delivery.c.issue_id == issue_id, delivery.c.subscriber_id == subscriber.c.id))
    connection.execute(insert_initial(tuple(columns), chosen, held=held))
    if connection.dialect.name == "postgresql":  # until its own ANALYZE, minutes later, it would plan for an empty table
        connection.execute(text("ANALYZE delivery, subscriber, subscription"))
    count = select(func.count()).select_from(delivery).where(delivery.c.issue_id == issue_id)  # psycopg has no number of such an INSERT
    return connection.execute(count).scalar_one()


def _find(connection: Connection, ref: IssueRef) -> FrozenIssue | None:
    row = connection.execute(select(issue).where(issue.c.list == ref.list, issue.c.number == ref.number)).one_or_none()
    return None if row is None else _thaw(row)


def _thaw(row: Row[Any]) -> FrozenIssue:
    ref = IssueRef(row.list, row.number)
    light = LightPart(row.light, row.light_charset) if row.light else None
    list_class = ListClass(row.list_class)
    content = Issue(
        ref, row.subject, row.date, list_class, row.expires, row.archive_url, row.html, row.text, row.digest, light, sections=row.sections
    )
    mail_list = MailList(
        key=row.list,
        title=row.list_title,
        from_name=row.from_name,
        from_address=row.from_address,
        reply_to=row.reply_to,
        list_id=row.list_id,
        list_class=list_class,
        contact=row.contact,
        archive_url=row.list_archive_url,
    )
    return FrozenIssue(row.id, content, mail_list, row.frozen_at, IssueStatus(row.status), row.send_at)
