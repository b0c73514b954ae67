"""Frozen issues: what is being sent and to whom, fixed at one moment in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, literal, select

from mailer.database import Database
from mailer.issue import Issue, IssueRef, Light, MailList
from mailer.rules import State
from mailer.schema import delivery, issue, subscriber, subscription
from mailer.store.subscriptions import SUBSCRIBED


@dataclass(frozen=True, slots=True)
class Frozen:
    """An issue as it is sent to the end, whatever is built meanwhile."""

    issue_id: int
    issue: Issue
    mail_list: MailList
    frozen_at: datetime


def find(database: Database, ref: IssueRef) -> Frozen | None:
    """The frozen issue of that name, if there is one."""
    with database.reading() as connection:
        return _find(connection, ref)


def every(database: Database) -> tuple[Frozen, ...]:
    """All frozen issues, newest first."""
    with database.reading() as connection:
        return tuple(_thaw(row) for row in connection.execute(select(issue).order_by(issue.c.frozen_at.desc(), issue.c.id.desc())))


def freeze(database: Database, content: Issue, mail_list: MailList, now: datetime) -> Frozen:
    """Fixes content and recipients together; if the issue is frozen already, that one is the answer.

    Only active subscriptions are taken; the ledger's key (issue, subscriber) makes a duplicate impossible.
    """
    with database.writing() as connection:
        found = _find(connection, content.ref)
        if found is not None:
            return found
        issue_id = connection.execute(insert(issue).values(_values(content, mail_list, now)).returning(issue.c.id)).scalar_one()
        _freeze_recipients(connection, issue_id, content.ref.list, now)
        return Frozen(issue_id, content, mail_list, now)


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
    return Frozen(row.id, content, mail_list, row.frozen_at)
