"""Which issues have expired by any clock so far: they stay expired if the clock is put back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, exists, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from mailer.database.engine import Database
from mailer.database.schema import expired, issue
from mailer.model.issue import IssueRef


def see_clock(database: Database, now: datetime) -> None:
    """Write down which frozen issues have expired by this clock: they stay expired if it is put back."""
    is_known = exists(select(expired.c.list).where(*_same_end(issue.c.list, issue.c.number, issue.c.expires)).correlate(issue))
    late = select(issue.c.list, issue.c.number, issue.c.expires, literal(now, expired.c.seen_at.type)).where(
        issue.c.expires <= now, ~is_known
    )
    with database.reading() as connection:
        if connection.execute(late.limit(1)).first() is None:
            return
    with database.writing() as connection:
        for row in connection.execute(late).all():
            _write_expired(connection, IssueRef(row.list, row.number), row.expires, now)


def has_expired(database: Database, ref: IssueRef, expires: datetime | None, now: datetime) -> bool:
    """Whether it is too late for an issue by this clock, or was by an earlier one. That is written down, also of one that is not frozen."""
    if expires is None:
        return False
    with database.reading() as connection:
        is_known = connection.execute(select(expired.c.seen_at).where(*_same_end(ref.list, ref.number, expires))).first() is not None
    if now >= expires and not is_known:
        with database.writing() as connection:
            _write_expired(connection, ref, expires, now)
    return is_known or now >= expires


def _same_end(key: object, number: object, expires: object) -> tuple[ColumnElement[bool], ...]:
    return (expired.c.list == key, expired.c.number == number, expired.c.expires == expires)


def _write_expired(connection: Connection, ref: IssueRef, expires: datetime, now: datetime) -> None:
    into = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(expired)
    values = {"list": ref.list, "number": ref.number, "expires": expires, "seen_at": now}
    connection.execute(into.values(values).on_conflict_do_nothing())
