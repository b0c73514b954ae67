"""The audit log in the database: written at the end, read from the beginning, never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, text

from mailer.database.engine import Database
from mailer.database.schema import audit, issue
from mailer.model.audit_log import AuditBroken, AuditEntry, AuditEvent, AuditSeal, next_entry
from mailer.model.errors import SecretMissing

APPEND_LOCK = 0x746F646F6B66
"""Among PostgreSQL's advisory locks, next to that of `engine.MIGRATION_LOCK`: two machines must not take the same number."""

TRIGGERS = {"sqlite": {"audit_no_UPDATE", "audit_no_DELETE", "audit_no_REPLACE"}, "postgresql": {"audit_append_only"}}
TRIGGER_QUERIES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgrelid = 'audit'::regclass AND tgenabled IN ('O', 'A')",
}


def append(database: Database, event: AuditEvent, *, now: datetime) -> AuditEntry:
    """Appends an event, bound to the entry before.

    :raises SecretMissing: there is no key to seal it with.
    """
    with database.writing() as connection:
        entry = append_within(connection, database.seal, event, now)
    database.seal.on_append(entry)
    return entry


def append_within(connection: Connection, seal: AuditSeal, event: AuditEvent, now: datetime) -> AuditEntry:
    """Appends an event in the caller's transaction, so that both or none happen. The caller tells `seal.on_append` afterwards."""
    require_key(seal)
    _lock(connection)
    entry = next_entry(event, _newest(connection), now, seal)
    connection.execute(insert(audit).values(_columns(entry)))
    return entry


def require_key(seal: AuditSeal) -> None:
    """Return if the log can be written and believed.

    :raises SecretMissing: there is no key, or none that can be read.
    :raises NotPrivate: other accounts may read the file of the keys.
    """
    if seal.problem is not None:
        raise seal.problem
    if seal.keys is None:
        raise SecretMissing(
            "No key that seals the audit log. Make one with `todoke secret new`, then set TODOKE_AUDIT_KEY or `audit_key_file`; without "
            "them the key of TODOKE_SECRET or `secret_file` is used."
        )


def entries(database: Database) -> tuple[AuditEntry, ...]:
    """The whole log, oldest first."""
    with database.reading() as connection:
        return tuple(_entry(row) for row in connection.execute(select(audit).order_by(audit.c.number)))


def newest(database: Database) -> AuditEntry | None:
    """The last entry, if there is one."""
    with database.reading() as connection:
        return _newest(connection)


def of_issue(database: Database, name: str) -> tuple[AuditEntry, ...]:
    """The entries about one issue (`LIST/NUMBER`), oldest first."""
    with database.reading() as connection:
        return tuple(_entry(row) for row in connection.execute(select(audit).where(audit.c.issue == name).order_by(audit.c.number)))


def recent_within(connection: Connection, what: str, since: datetime) -> tuple[AuditEntry, ...]:
    """The entries of one event since some moment; other writers wait until the caller's transaction ends."""
    _lock(connection)
    query = select(audit).where(audit.c.what == what, audit.c.at > since).order_by(audit.c.number)
    return tuple(_entry(row) for row in connection.execute(query))


def require_guarded(database: Database) -> None:
    """Return if the database itself still guards the log.

    :raises AuditBroken: a trigger is missing or off, or the log is empty although issues were frozen.
    """
    with database.reading() as connection:
        dialect = connection.dialect.name
        missing = TRIGGERS[dialect] - set(connection.execute(text(TRIGGER_QUERIES[dialect])).scalars())
        is_empty = connection.execute(select(audit.c.number).limit(1)).first() is None
        is_used = connection.execute(select(issue.c.id).limit(1)).first() is not None
    if missing:
        raise AuditBroken(f"The audit log is not guarded: its triggers {', '.join(sorted(missing))} were dropped or switched off.")
    if is_empty and is_used:
        raise AuditBroken("The audit log was emptied: it has no entry, and the database holds issues that were frozen.", 1)


def _newest(connection: Connection) -> AuditEntry | None:
    row = connection.execute(select(audit).order_by(audit.c.number.desc()).limit(1)).one_or_none()
    return None if row is None else _entry(row)


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":  # SQLite's transactions that write come one after the other anyway
        connection.execute(text(f"SELECT pg_advisory_xact_lock({APPEND_LOCK})"))


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
        "mac": entry.mac,
    }


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(row.number, row.at, AuditEvent(row.actor, row.what, row.issue, row.details), row.previous, row.hash, row.mac)
