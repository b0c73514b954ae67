"""How often a program has answered somebody: so that nobody's mailbox can be filled with our answers."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select

from mailer.database.engine import Database
from mailer.database.schema import automatic_reply

A_DAY = timedelta(days=1)
KEPT = 2 * A_DAY
"""No decision needs older ones."""
MOST_A_DAY = 5
"""Answers of all kinds to one sender."""


def begin_reply(database: Database, address: str, kind: str, now: datetime) -> bool:
    """Note that a sender is answered. False: the same answer was given in the last day, or five of any kind.

    The sender is a keyed hash. It is noted before the answer is sent: a crash between the two costs an answer and never sends two.
    """
    sender = database.address_keys.newest(address).value
    recent = (automatic_reply.c.sender_hash == sender, automatic_reply.c.at > now - A_DAY)
    with database.writing() as connection:
        kinds = connection.execute(select(automatic_reply.c.kind, func.count()).where(*recent).group_by(automatic_reply.c.kind)).all()
        if any(known == kind for known, _ in kinds) or sum(number for _, number in kinds) >= MOST_A_DAY:
            return False
        connection.execute(insert(automatic_reply).values(sender_hash=sender, kind=kind, at=now))
    return True


def forget_old(database: Database, now: datetime) -> int:
    """Delete what is older than `KEPT`."""
    with database.writing() as connection:
        return connection.execute(delete(automatic_reply).where(automatic_reply.c.at < now - KEPT)).rowcount
