"""The audit log in the database: written at the end, read from the beginning, never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select

from mailer.database.engine import Database
from mailer.database.schema import audit
from mailer.model.audit_log import AuditEntry, AuditEvent, next_entry


def append(database: Database, event: AuditEvent, *, now: datetime) -> AuditEntry:
    """Appends an event, bound to the entry before. Two writers cannot take the same number: it is the key."""
    with database.writing() as connection:
        row = connection.execute(select(audit).order_by(audit.c.number.desc()).limit(1)).one_or_none()
        entry = next_entry(event, None if row is None else _entry(row), now)
        connection.execute(insert(audit).values(_columns(entry)))
    return entry


def entries(database: Database) -> tuple[AuditEntry, ...]:
    """The whole log, oldest first."""
    with database.reading() as connection:
        return tuple(_entry(row) for row in connection.execute(select(audit).order_by(audit.c.number)))


def _columns(entry: AuditEntry) -> dict[str, Any]:
    event = entry.event
    return {
        "number": entry.number,
        "at": entry.at,
        "actor": event.actor,
        "what": event.what,
        "issue": event.issue,
        "details": dict(event.details),
        "previous": entry.previous,
        "hash": entry.hash,
    }


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(row.number, row.at, AuditEvent(row.actor, row.what, row.issue, row.details), row.previous, row.hash)
