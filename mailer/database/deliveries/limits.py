"""What all processes share: how much of a rate is left, and which process holds which connection."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from mailer.database.engine import Database
from mailer.database.schema import bucket, server_clock, slot
from mailer.model.errors import DatabaseError


@dataclass(frozen=True, slots=True)
class TokenBucket:
    """`rate` in messages a second; `burst`: how many may leave at once after a time without any."""

    key: str
    rate: float
    burst: float


def take_tokens(database: Database, tokens: TokenBucket, amount: int) -> tuple[int, float]:
    """Takes up to `amount` whole tokens. How many were there, and in how many seconds is there another one?

    The level is in the database, so it holds over a restart and over all machines together.
    """
    with database.writing() as connection:
        now = connection.execute(select(server_clock())).scalar_one()
        level = _level(connection, tokens, now)
        granted = min(amount, int(level))
        connection.execute(update(bucket).where(bucket.c.key == tokens.key).values(level=level - granted, at=now))
        return granted, max(0.0, (1 - (level - granted)) / tokens.rate)


def acquire_slot(database: Database, key: str, most: int, *, owner: str, lease: float) -> int | None:
    """Takes one of `most` connections, if one is free or the lease of its holder is over. Its number, or None."""
    try:
        with database.writing() as connection:
            now = connection.execute(select(server_clock())).scalar_one()
            held = select(slot.c.number).where(slot.c.key == key, slot.c.until >= now)
            numbers = set(connection.execute(held.with_for_update()).scalars())
            free = next((number for number in range(most) if number not in numbers), None)
            if free is not None:
                connection.execute(delete(slot).where(slot.c.key == key, slot.c.number == free))
                connection.execute(insert(slot).values(key=key, number=free, owner=owner, until=now + lease))
            return free
    except DatabaseError:
        return None  # two machines took the same number, and the table's key refused the second; it tries again


def renew(database: Database, owner: str, *, lease: float) -> None:
    """Renews the lease of every connection that the process holds."""
    with database.writing() as connection:
        connection.execute(update(slot).where(slot.c.owner == owner).values(until=server_clock() + lease))


def release(database: Database, owner: str, key: str | None = None, number: int | None = None) -> None:
    """Gives a connection back, or all that the process holds."""
    rows = delete(slot).where(slot.c.owner == owner)
    if key is not None:
        rows = rows.where(slot.c.key == key, slot.c.number == number)
    with database.writing() as connection:
        connection.execute(rows)


def release_dead(database: Database, owners: set[str]) -> None:
    """Gives back the connections of processes that are known to be dead."""
    if owners:
        with database.writing() as connection:
            connection.execute(delete(slot).where(or_(slot.c.owner.in_(owners), slot.c.until < server_clock())))


def _level(connection: Connection, tokens: TokenBucket, now: float) -> float:
    query = select(bucket.c.level, bucket.c.at).where(bucket.c.key == tokens.key)
    row = connection.execute(query.with_for_update()).one_or_none()
    if row is None:
        full = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(bucket)
        new = connection.execute(full.values(key=tokens.key, level=tokens.burst, at=now).on_conflict_do_nothing())
        if new.rowcount:
            return tokens.burst
        row = connection.execute(query.with_for_update()).one()  # another machine was the first at the same moment
    return min(tokens.burst, float(row.level) + max(0.0, now - float(row.at)) * tokens.rate)
