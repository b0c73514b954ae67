"""Who reads the light form."""

from __future__ import annotations

from sqlalchemy import select

from mailer.database import Database
from mailer.parts import LIGHT
from mailer.schema import subscription


def light_readers(database: Database, key: str) -> frozenset[int]:
    """The numbers of those subscribers of a list who asked for the light form."""
    query = select(subscription.c.subscriber_id).where(subscription.c.list == key, subscription.c.format == LIGHT)
    with database.reading() as connection:
        return frozenset(connection.execute(query).scalars())
