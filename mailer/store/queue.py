"""The tables of the job queue (Procrastinate), which lie beside ours in PostgreSQL."""

from __future__ import annotations

from sqlalchemy import func, select, text

from mailer.database import MIGRATION_LOCK, Database
from mailer.rules import State
from mailer.schema import delivery


def prepare(database: Database, schema: str) -> None:
    """Make the queue's tables if they are not there; several workers may come at once."""
    with database.writing() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        if connection.execute(text("SELECT to_regclass('procrastinate_jobs')")).scalar_one() is None:
            connection.connection.cursor().execute(schema)  # as it is: SQLAlchemy would look for parameters in its %


def waiting(database: Database, issue_id: int) -> dict[str, int]:
    """How many deliveries of the issue wait in each lane?"""
    query = select(delivery.c.lane, func.count()).where(delivery.c.issue_id == issue_id)
    query = query.where(delivery.c.state.in_([State.PENDING, State.DEFERRED])).group_by(delivery.c.lane)
    with database.reading() as connection:
        return {str(lane): int(number) for lane, number in connection.execute(query)}
