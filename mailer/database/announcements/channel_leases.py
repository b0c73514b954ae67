"""Which process posts to a channel, one at a time: a lease, its fence, an operator's pause, and the circuit breaker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from mailer.database import audit_log
from mailer.database.announcements.states import PostState
from mailer.database.announcements.transitions import transition
from mailer.database.engine import Database
from mailer.database.schema import announcement_post, channel_lease, server_clock
from mailer.model.audit_log import AuditEvent

HOLDER_LOST = "its worker vanished while this post may have been on its way"


@dataclass(frozen=True, slots=True)
class ChannelState:
    """What the database knows of a channel. `failures` are tries one after the other that got no answer."""

    channel: str
    fence: int
    owner: str
    is_held: bool
    paused_at: datetime | None
    paused_by: str
    failures: int
    open_until: datetime | None


def acquire(database: Database, channel: str, *, owner: str, lease: float, now: datetime) -> int | None:
    """Takes the channel for `lease` seconds. Return the fence; None: another process holds it.

    Posts that the holder before had claimed are `unknown` from now on: they may have left.
    """
    with database.writing() as connection:
        _ensure(connection, channel)
        is_free = channel_lease.c.lease_until < server_clock()
        take = update(channel_lease).where(channel_lease.c.channel == channel, is_free)
        take = take.values(fence=channel_lease.c.fence + 1, owner=owner, lease_until=server_clock() + lease)
        fence = connection.execute(take.returning(channel_lease.c.fence)).scalar_one_or_none()
        if fence is None:
            return None
        left = transition({PostState.CLAIMED}, PostState.UNKNOWN).where(announcement_post.c.channel == channel)
        connection.execute(left.values(reason=HOLDER_LOST, changed_at=now, not_before=None))
        return int(fence)


def renew(database: Database, channel: str, fence: int, *, lease: float) -> bool:
    """Keeps the channel for as long again. False: another process has taken it."""
    with database.writing() as connection:
        mine = update(channel_lease).where(channel_lease.c.channel == channel, channel_lease.c.fence == fence)
        return connection.execute(mine.values(lease_until=server_clock() + lease)).rowcount == 1


def release(database: Database, channel: str, fence: int) -> None:
    """Gives the channel up, so that another process need not wait for the end of the lease."""
    with database.writing() as connection:
        mine = update(channel_lease).where(channel_lease.c.channel == channel, channel_lease.c.fence == fence)
        connection.execute(mine.values(lease_until=0.0))


def holds(connection: Connection, channel: str, fence: int) -> ChannelState | None:
    """The state of the channel if this fence still holds it. The row stays locked for the transaction (PostgreSQL)."""
    query = select(channel_lease, (channel_lease.c.lease_until > server_clock()).label("held"))
    row = connection.execute(query.where(channel_lease.c.channel == channel).with_for_update()).one_or_none()
    if row is None or row.fence != fence or not row.held:
        return None
    return ChannelState(row.channel, row.fence, row.owner, True, row.paused_at, row.paused_by, row.failures, row.open_until)


def note_answer(connection: Connection, channel: str, fence: int, *, failures: int, open_until: datetime | None) -> None:
    """Writes down the state of the circuit breaker, if the fence still holds the channel."""
    mine = update(channel_lease).where(channel_lease.c.channel == channel, channel_lease.c.fence == fence)
    connection.execute(mine.values(failures=failures, open_until=open_until))


def pause(database: Database, channel: str, *, by: str, now: datetime) -> None:
    """Nothing is posted there until `resume`. It stands in the audit log."""
    _apply_order(database, channel, "channel paused", {"paused_at": now, "paused_by": by}, by, now)


def resume(database: Database, channel: str, *, by: str, now: datetime) -> None:
    """Posts are tried again, at once."""
    values = {"paused_at": None, "paused_by": "", "failures": 0, "open_until": None}
    _apply_order(database, channel, "channel resumed", values, by, now)


def _apply_order(database: Database, channel: str, what: str, values: dict[str, Any], by: str, now: datetime) -> None:
    with database.writing() as connection:
        _ensure(connection, channel)
        connection.execute(update(channel_lease).where(channel_lease.c.channel == channel).values(values))
        entry = audit_log.append_within(connection, database.seal, AuditEvent(by, what, "", {"channel": channel}), now)
    database.seal.on_append(entry)


def all_channels(database: Database) -> tuple[ChannelState, ...]:
    """Every channel that was ever used."""
    query = select(channel_lease, (channel_lease.c.lease_until > server_clock()).label("held")).order_by(channel_lease.c.channel)
    with database.reading() as connection:
        return tuple(
            ChannelState(row.channel, row.fence, row.owner, bool(row.held), row.paused_at, row.paused_by, row.failures, row.open_until)
            for row in connection.execute(query)
        )


def _ensure(connection: Connection, channel: str) -> None:
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as upsert
    else:
        from sqlalchemy.dialects.sqlite import insert as upsert  # type: ignore[assignment]  # two classes with one method
    values = {"channel": channel, "fence": 0, "owner": "", "lease_until": 0.0}
    connection.execute(upsert(channel_lease).values(values).on_conflict_do_nothing())
