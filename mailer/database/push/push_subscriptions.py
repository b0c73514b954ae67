"""Which browsers want to be told, and which post each has got."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection, case, delete, exists, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from mailer.database.engine import Database
from mailer.database.schema import push_receipt, push_subscription

MOST_FAILURES = 20
"""Posts one after the other that could not be told, after which a browser is forgotten."""
KEPT = timedelta(days=28)
"""How long receipts are kept: the longest life of a message (RFC 8030 section 5.2 lets a push service keep it for less)."""


@dataclass(frozen=True, slots=True)
class PushSubscription:
    """``number`` grows with the time of subscribing. The rest is as the browser gave it; ``server_key`` is our public key, base64url."""

    endpoint: str = field(repr=False)
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)
    server_key: str
    number: int = 0


def subscribe(database: Database, wish: PushSubscription, now: datetime) -> None:
    """Note a browser; one that is there already gets its new keys."""
    keys = {"p256dh": wish.p256dh, "auth": wish.auth, "server_key": wish.server_key, "failures": 0}
    values = {"endpoint_hash": endpoint_hash(wish.endpoint), "endpoint": wish.endpoint, "created_at": now, **keys}
    with database.writing() as connection:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        row = cast("Any", dialect).insert(push_subscription).values(values)
        connection.execute(row.on_conflict_do_update(index_elements=["endpoint_hash"], set_=keys))


def unsubscribe(database: Database, endpoint: str) -> None:
    """Forget a browser, and what it has got."""
    with database.writing() as connection:
        mine = push_subscription.c.endpoint_hash == endpoint_hash(endpoint)
        _forget(connection, connection.execute(select(push_subscription.c.id).where(mine)).scalars().all())


def waiting(database: Database, server_key: str, post: str, after: int, most: int) -> Sequence[PushSubscription]:
    """The browsers of this key that have not got a post, by number, from the first behind ``after``."""
    table = push_subscription.c
    has_it = exists().where(push_receipt.c.post == post, push_receipt.c.subscription_id == table.id)
    rows = select(table.endpoint, table.p256dh, table.auth, table.server_key, table.id)
    query = rows.where(table.server_key == server_key, table.id > after, ~has_it).order_by(table.id).limit(most)
    with database.reading() as connection:
        return [PushSubscription(*row) for row in connection.execute(query)]


def note(database: Database, post: str, done: Collection[int], gone: Collection[int], failed: Collection[int], now: datetime) -> None:
    """Write down which browsers need no more tries of a post. Those that are gone, or have failed with too many posts, are forgotten."""
    table = push_subscription
    with database.writing() as connection:
        # Rows are locked in the order of their numbers; one that was ended meanwhile gets no receipt.
        here = (
            connection.execute(select(table.c.id).where(table.c.id.in_(sorted(done))).order_by(table.c.id).with_for_update())
            .scalars()
            .all()
        )
        known = select(push_receipt.c.subscription_id).where(push_receipt.c.post == post, push_receipt.c.subscription_id.in_(here))
        told = {*connection.execute(known).scalars()}
        rows = [{"post": post, "subscription_id": number, "at": now} for number in here if number not in told]
        if rows:
            connection.execute(insert(push_receipt), rows)
        failures = case((table.c.id.in_(sorted(failed)), table.c.failures + 1), else_=0)
        connection.execute(update(table).where(table.c.id.in_(sorted({*done, *failed}))).values(failures=failures))
        too_often = select(table.c.id).where(table.c.id.in_(sorted(failed)), table.c.failures >= MOST_FAILURES)
        _forget(connection, sorted({*gone, *connection.execute(too_often).scalars()}))
        connection.execute(delete(push_receipt).where(push_receipt.c.at < now - KEPT))


def has_arrived(database: Database, post: str) -> bool:
    """Whether any browser has got a post, as far as is known: one that was given up after failures counts too, since others had it then."""
    with database.reading() as connection:
        return connection.execute(select(push_receipt.c.post).where(push_receipt.c.post == post).limit(1)).first() is not None


def count(database: Database, server_key: str) -> int:
    """How many browsers want to be told under this key?"""
    with database.reading() as connection:
        query = select(func.count()).select_from(push_subscription).where(push_subscription.c.server_key == server_key)
        return int(connection.execute(query).scalar_one())


def endpoint_hash(endpoint: str) -> str:
    """The SHA-256 of an endpoint, in hexadecimal."""
    return hashlib.sha256(endpoint.encode()).hexdigest()


def _forget(connection: Connection, numbers: Sequence[int]) -> None:
    connection.execute(delete(push_receipt).where(push_receipt.c.subscription_id.in_(numbers)))
    connection.execute(delete(push_subscription).where(push_subscription.c.id.in_(numbers)))
