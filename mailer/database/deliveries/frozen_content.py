"""Frozen content against its entry in the audit log: whoever writes other words into the database cannot seal an entry for them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select

from mailer.database import audit_log
from mailer.database.engine import Database
from mailer.database.schema import delivery, issue
from mailer.model.audit_log import AuditEntry, AuditEvent, is_genuine
from mailer.model.errors import ContentChanged
from mailer.model.issue import FrozenIssue, Issue, IssueStatus, MailList, content_digest

FROZEN = "frozen"
"""The event of freezing. Details: `content`, `send_at` (empty: at once) and `readers`."""

CANCELLED = "cancelled"
"""The event of calling off. Only another `frozen` ends it."""

SEND_TIMES = {FROZEN: "send_at", "scheduled": "at"}
"""The events that fix when an issue may leave, and the detail that holds the moment."""


def frozen_event(frozen: FrozenIssue, readers: int, actor: str) -> AuditEvent:
    """The event that seals the content of an issue."""
    send_at = frozen.send_at.astimezone(UTC).isoformat() if frozen.send_at else ""
    details = {"content": content_digest(frozen.issue, frozen.mail_list), "send_at": send_at, "readers": str(readers)}
    return AuditEvent(actor, FROZEN, str(frozen.issue.ref), details)


def require_unchanged(database: Database, frozen: FrozenIssue) -> None:
    """Return if the issue is what its sealed entry says.

    :raises SecretMissing: there is no key to check it with.
    :raises ContentChanged: the issue has no such entry, or its content or a moment is not what was frozen, it has more recipients, or was called off.
    """
    ref, seal = str(frozen.issue.ref), database.seal
    audit_log.require_key(seal)
    entries = [entry for entry in audit_log.of_issue(database, ref) if is_genuine(entry, seal)]
    sealed = next((entry for entry in reversed(entries) if entry.event.what == FROZEN), None)
    if sealed is None:
        raise ContentChanged(
            f"{ref} has no sealed entry `frozen` in the audit log: nothing is sent. If it was frozen before version 0.2, check it, then run "
            "`todoke audit --seal` and `todoke resume`; otherwise somebody has written it into the database."
        )
    if sealed.event.details.get("content") != content_digest(frozen.issue, frozen.mail_list):
        raise changed(ref)
    recipients, readers = _count_recipients(database, frozen), int(sealed.event.details.get("readers", "0"))
    if recipients > readers:
        raise ContentChanged(
            f"{ref} was frozen for {readers:,} readers, and the database has {recipients:,} deliveries of it: somebody has added some. Nothing "
            "is sent. Look at `todoke audit`."
        )
    if frozen.frozen_at > sealed.at:  # `todoke audit --seal` writes its entry later, never earlier
        raise ContentChanged(f"{ref}: the moment of its freezing was changed in the database: nothing is sent. Look at `todoke audit`.")
    if _was_called_off(entries) and not _is_called_off(database, frozen):
        raise ContentChanged(
            f"{ref} was called off, and the database says otherwise: nothing is sent. If it shall go out after all: `todoke cancel {ref}`, then "
            f"`todoke reopen {ref}`. Look at `todoke audit`."
        )
    if _send_time(entries) != frozen.send_at:
        raise ContentChanged(f"{ref}: the moment of its sending was changed in the database: nothing is sent. Look at `todoke audit`.")


def changed(ref: str) -> ContentChanged:
    """The error for an issue whose words in the database are not those that were frozen."""
    return ContentChanged(
        f"{ref}: the words in the database are not those that were frozen: the issue is stopped. Somebody has changed them; restore them from a "
        "backup, or cancel the issue and publish a new one."
    )


def columns_of(content: Issue, mail_list: MailList) -> dict[str, Any]:
    """The words of an issue, as its row holds them."""
    return {
        "list": content.ref.list,
        "number": content.ref.number,
        "digest": content.digest,
        "subject": content.subject,
        "date": content.date,
        "list_class": content.list_class,
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
        "light": content.light.text if content.light else None,
        "light_charset": content.light.charset if content.light else None,
        "sections": content.sections,
    }


def _count_recipients(database: Database, frozen: FrozenIssue) -> int:
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(delivery).where(delivery.c.issue_id == frozen.issue_id)).scalar_one()


def _was_called_off(entries: list[AuditEntry]) -> bool:
    last = next((entry.event.what for entry in reversed(entries) if entry.event.what in (FROZEN, CANCELLED)), "")
    return last == CANCELLED


def _is_called_off(database: Database, frozen: FrozenIssue) -> bool:
    """Asked after the log was read: an operator who cancels meanwhile sets the status before the entry is written."""
    with database.reading() as connection:
        status = connection.execute(select(issue.c.status).where(issue.c.id == frozen.issue_id)).scalar_one_or_none()
    return status not in (IssueStatus.SENDING, IssueStatus.PAUSED)


def _send_time(entries: list[AuditEntry]) -> datetime | None:
    words = next(
        (entry.event.details.get(SEND_TIMES[entry.event.what], "") for entry in reversed(entries) if entry.event.what in SEND_TIMES), ""
    )
    return datetime.fromisoformat(words) if words else None
