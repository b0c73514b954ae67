"""What the senders at work report about themselves: connections, rows in hand, results a second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import delete, insert, or_, select

from mailer.database.engine import Database
from mailer.database.schema import heartbeat, server_clock

ISSUE, QUEUE, RELAY = "issue", "queue", "relay"
STALE = 15.0  # seconds after which a silent sender does not count any more: seven heartbeats (`delivery.heartbeat.INTERVAL`)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What one sender reports of one thing: `kind` is issue, queue or relay, `name` says which. `rate` is in results a second.

    `backing_off` counts the domains of a queue that are left alone for a while; for a relay it is 1 if the sender cannot use it now.
    """

    kind: str
    name: str
    connections: int = 0
    waiting: int = 0
    backing_off: int = 0
    rate: float = 0.0


@dataclass(frozen=True, slots=True)
class SenderHeartbeat:
    """A heartbeat and the sender that it is from."""

    owner: str
    heartbeat: Heartbeat


def save_heartbeats(database: Database, owner: str, heartbeats: Sequence[Heartbeat]) -> None:
    """Replaces what the sender reported last; without heartbeats it takes its leave. Rows of dead senders are deleted too."""
    with database.writing() as connection:
        now = connection.execute(select(server_clock())).scalar_one()
        connection.execute(delete(heartbeat).where(or_(heartbeat.c.owner == owner, heartbeat.c.at < now - 4 * STALE)))
        if heartbeats:
            connection.execute(insert(heartbeat), [asdict(values) | {"owner": owner, "at": now} for values in heartbeats])


def live_heartbeats(database: Database) -> tuple[SenderHeartbeat, ...]:
    """Who is at work now, and on what?"""
    names = ("kind", "name", "connections", "waiting", "backing_off", "rate")
    query = select(heartbeat.c.owner, *(heartbeat.c[name] for name in names)).where(heartbeat.c.at >= server_clock() - STALE)
    query = query.order_by(heartbeat.c.owner, heartbeat.c.kind, heartbeat.c.name)
    with database.reading() as connection:
        return tuple(SenderHeartbeat(owner, Heartbeat(*values)) for owner, *values in connection.execute(query))
