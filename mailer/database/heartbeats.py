"""What the senders at work say of themselves: connections, what they have in hand, how fast they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import delete, insert, or_, select

from mailer.database.engine import Database
from mailer.database.schema import pulse, server_clock

ISSUE, LANE, RELAY = "issue", "lane", "relay"
STALE = 15.0  # seconds after which a sender that has said nothing does not count any more


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """One line of it. `rate` in results a second; `kind` is issue, lane or relay, and `name` says which."""

    kind: str
    name: str
    connections: int = 0
    waiting: int = 0
    resting: int = 0
    rate: float = 0.0


@dataclass(frozen=True, slots=True)
class SenderHeartbeat:
    """A line, and whose."""

    owner: str
    pulse: Heartbeat


def save_heartbeats(database: Database, owner: str, pulses: Sequence[Heartbeat]) -> None:
    """Says it anew; without lines, the sender takes its leave. What the dead have left goes too."""
    with database.writing() as connection:
        now = connection.execute(select(server_clock())).scalar_one()
        connection.execute(delete(pulse).where(or_(pulse.c.owner == owner, pulse.c.at < now - 4 * STALE)))
        if pulses:
            connection.execute(insert(pulse), [asdict(one) | {"owner": owner, "at": now} for one in pulses])


def live_heartbeats(database: Database) -> tuple[SenderHeartbeat, ...]:
    """Who is at work now, and on what?"""
    columns = (pulse.c.kind, pulse.c.name, pulse.c.connections, pulse.c.waiting, pulse.c.resting, pulse.c.rate)
    with database.reading() as connection:
        query = select(pulse.c.owner, *columns).where(pulse.c.at >= server_clock() - STALE)
        return tuple(
            SenderHeartbeat(owner, Heartbeat(*rest))
            for owner, *rest in connection.execute(query.order_by(pulse.c.owner, pulse.c.kind, pulse.c.name))
        )
