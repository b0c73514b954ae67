"""Frozen issues: what is being sent and to whom, fixed at one moment in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, insert, literal, or_, select, update

from mailer.database import Database
from mailer.issue import Issue, IssueRef, Light, MailList
from mailer.rules import UNDER_WAY, State
from mailer.schema import delivery, issue, subscriber, subscription
from mailer.store.subscriptions import SUBSCRIBED


class Status(StrEnum):
    """What the operator wants of an issue."""

    SENDING = "sending"
    PAUSED = "paused"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Frozen:
    """An issue as it is sent to the end, whatever is built meanwhile."""

    issue_id: int
    issue: Issue
    mail_list: MailList
    frozen_at: datetime
    status: Status = Status.SENDING
    send_at: datetime | None = None


def find(database: Database, ref: IssueRef) -> Frozen | None:
    """The frozen issue of that name, if there is one."""
    with database.reading() as connection:
        return _find(connection, ref)


def every(database: Database) -> tuple[Frozen, ...]:
    """All frozen issues, newest first."""
    with database.reading() as connection:
        return tuple(_thaw(row) for row in connection.execute(select(issue).order_by(issue.c.frozen_at.desc(), issue.c.id.desc())))


def status(database: Database, issue_id: int) -> Status:
    """What does the operator want of the issue now?"""
    with database.reading() as connection:
        return Status(connection.execute(select(issue.c.status).where(issue.c.id == issue_id)).scalar_one())


def order(database: Database, issue_id: int, wanted: Status) -> None:
    """The operator pauses an issue, lets it go on, or calls it off."""
    with database.writing() as connection:
        connection.execute(update(issue).where(issue.c.id == issue_id).values(status=wanted))


def ready(database: Database, *, now: datetime) -> tuple[Frozen, ...]:
    """Which issues have something to send now? Emergencies first, then the oldest."""
    something = exists(select(delivery.c.issue_id).where(delivery.c.issue_id == issue.c.id, is_due(now)).correlate(issue))
    query = select(issue).where(issue.c.status == Status.SENDING, or_(issue.c.send_at.is_(None), issue.c.send_at <= now), something)
    with database.reading() as connection:
        found = [_thaw(row) for row in connection.execute(query.order_by(issue.c.frozen_at, issue.c.id))]
    return tuple(sorted(found, key=lambda one: one.issue.kind != "emergency"))


def unreported(database: Database) -> tuple[Frozen, ...]:
    """Which issues have come to their end without the operator having been told?"""
    going_on = exists(
        select(delivery.c.issue_id).where(delivery.c.issue_id == issue.c.id, delivery.c.state.in_([*UNDER_WAY])).correlate(issue)
    )
    with database.reading() as connection:
        return tuple(_thaw(row) for row in connection.execute(select(issue).where(issue.c.reported_at.is_(None), ~going_on)))


def mark_reported(database: Database, issue_id: int, now: datetime) -> bool:
    """True for whoever marks it first: one report, however many machines there are."""
    with database.writing() as connection:
        step = update(issue).where(issue.c.id == issue_id, issue.c.reported_at.is_(None)).values(reported_at=now)
        return connection.execute(step).rowcount == 1


def is_due(now: datetime) -> ColumnElement[bool]:
    """The condition that a delivery has its turn."""
    is_time = or_(delivery.c.not_before.is_(None), delivery.c.not_before <= now)
    return or_(delivery.c.state == State.PENDING, and_(delivery.c.state == State.DEFERRED, is_time))


def freeze(database: Database, content: Issue, mail_list: MailList, now: datetime, *, send_at: datetime | None = None) -> Frozen:
    """Fixes content and recipients together; if the issue is frozen already, that one is the answer.

    Only active subscriptions are taken; the ledger's key (issue, subscriber) makes a duplicate impossible.
    """
    with database.writing() as connection:
        found = _find(connection, content.ref)
        if found is not None:
            return found
        issue_id = connection.execute(
            insert(issue).values(_values(content, mail_list, now) | {"send_at": send_at}).returning(issue.c.id)
        ).scalar_one()
        _freeze_recipients(connection, issue_id, content.ref.list, now)
        return Frozen(issue_id, content, mail_list, now, send_at=send_at)


def _freeze_recipients(connection: Connection, issue_id: int, key: str, now: datetime) -> None:
    empty = literal("")
    chosen = (
        select(
            literal(issue_id),
            subscriber.c.id,
            subscriber.c.email,
            literal(State.PENDING.value),
            literal(0),
            empty,
            literal(now, delivery.c.changed_at.type),
        )
        .join_from(subscriber, subscription)
        .where(subscription.c.list == key, subscription.c.state == SUBSCRIBED)
    )
    columns = ["issue_id", "subscriber_id", "address", "state", "attempts", "text", "changed_at"]
    connection.execute(insert(delivery).from_select(columns, chosen))


def _find(connection: Connection, ref: IssueRef) -> Frozen | None:
    row = connection.execute(select(issue).where(issue.c.list == ref.list, issue.c.number == ref.number)).one_or_none()
    return None if row is None else _thaw(row)


def _values(content: Issue, mail_list: MailList, now: datetime) -> dict[str, Any]:
    return {
        "list": content.ref.list,
        "number": content.ref.number,
        "digest": content.digest,
        "subject": content.subject,
        "date": content.date,
        "kind": content.kind,
        "expires": content.expires,
        "archive_url": content.archive_url,
        "html": content.html,
        "text": content.text,
        "list_title": mail_list.title,
        "from_name": mail_list.from_name,
        "from_address": mail_list.from_address,
        "reply_to": mail_list.reply_to,
        "list_id": mail_list.list_id,
        "contact": mail_list.contact,
        "list_archive_url": mail_list.archive_url,
        "frozen_at": now,
        "light": content.light.text if content.light else None,
        "light_charset": content.light.charset if content.light else None,
    }


def _thaw(row: Row[Any]) -> Frozen:
    ref = IssueRef(row.list, row.number)
    light = Light(row.light, row.light_charset) if row.light else None
    content = Issue(ref, row.subject, row.date, row.kind, row.expires, row.archive_url, row.html, row.text, row.digest, light)
    mail_list = MailList(
        key=row.list,
        title=row.list_title,
        from_name=row.from_name,
        from_address=row.from_address,
        reply_to=row.reply_to,
        list_id=row.list_id,
        kind=row.kind,
        contact=row.contact,
        archive_url=row.list_archive_url,
    )
    return Frozen(row.id, content, mail_list, row.frozen_at, Status(row.status), row.send_at)
