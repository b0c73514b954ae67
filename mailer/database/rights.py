"""The right to send, as this database has it, and the names of the batches that were claimed under it (`sending_right.protocol`)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, and_, delete, func, or_, select, text, update

from mailer.database.engine import Database, sqlite_file
from mailer.database.schema import claim, delivery, issue, recorded_claim, sending_right
from sending_right.records import Right

MACHINE = Path("/etc/machine-id")
"""A random number that is made when a machine is installed (machine-id(5))."""
PLACE = (
    "SELECT system_identifier || '/' || timeline_id || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())"
    " || '/' || CAST('delivery' AS regclass)::oid FROM pg_control_system(), pg_control_checkpoint()"
)
"""A dump that was restored has other OIDs, another cluster another identifier, and one that was recovered to a moment another timeline."""


def read(database: Database) -> Right:
    """Which right does the database hold?"""
    with database.reading() as connection:
        return Right(*connection.execute(select(sending_right.c.fence, sending_right.c.holder, sending_right.c.place)).one())


def write(connection: Connection, right: Right) -> None:
    """The database holds this right from now on. What was claimed under the one before is settled."""
    connection.execute(update(sending_right).values(fence=right.fence, holder=right.holder, place=right.place))
    connection.execute(delete(recorded_claim))


def place(database: Database) -> str:
    """Where is this database? A copy of it is somewhere else."""
    file = sqlite_file(database.address)
    if file is not None:
        return f"{machine()}/{file.stat().st_ino if file.exists() else ''}"
    with database.reading() as connection:
        return str(connection.execute(text(PLACE)).scalar_one())


def machine() -> str:
    """Return the number of this machine; empty where the system has none."""
    try:
        return MACHINE.read_text("ascii").strip()
    except OSError:
        return ""


def claim_names(database: Database) -> frozenset[str]:
    """Under which names were batches claimed under the right that the database holds?"""
    with database.reading() as connection:
        return frozenset(_names(connection, only_open=False))


def open_and_settled(database: Database) -> tuple[frozenset[str], frozenset[str]]:
    """Which of these batches are under way, and of which has the database every result?"""
    with database.reading() as connection:
        every, is_open = frozenset(_names(connection, only_open=False)), frozenset(_names(connection, only_open=True))
    return is_open, every - is_open


def last_claim(database: Database, *, before: datetime) -> int:
    """Which is the last batch of all issues that were frozen, and due, before this moment? 0 if there is none."""
    is_old = and_(issue.c.frozen_at < before, or_(issue.c.send_at.is_(None), issue.c.send_at < before))
    with database.reading() as connection:
        number = connection.execute(
            select(func.max(delivery.c.fence)).where(delivery.c.issue_id.in_(select(issue.c.id).where(is_old)))
        ).scalar()
    return int(number or 0)


def _names(connection: Connection, *, only_open: bool) -> list[str]:
    query = select(recorded_claim.c.number, recorded_claim.c.token)
    if only_open:
        query = query.where(recorded_claim.c.number.in_(select(claim.c.id)))
    return [f"{number:010}-{token}" for number, token in connection.execute(query)]
