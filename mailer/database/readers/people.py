"""Subscribers themselves: the one place that gives a subscriber an address.

A test (tests/mailer/database/readers/test_people.py) reads the source of the mailer and fails when a statement that writes to `subscriber` an address
is begun anywhere else: the suppressions of an address must be found again by whoever gets it.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from mailer.database.engine import Database
from mailer.database.readers import suppressions
from mailer.database.schema import subscriber
from mailer.model.ids import SubscriberId
from mailer.model.readers import addresses
from mailer.model.readers.suppression import LIFTED_BY_CONSENT, AddressKeys
from mailer.model.recipient import Recipient

FIRST_VERSIONS = 2**30
"""Half of the positive 32-bit integers of the column: a version can be raised a billion times."""


def random_version() -> int:
    """Return the version with which a new subscriber's links begin.

    Random, because ids come back when an old backup is restored: then the links of the person who had the id meanwhile still open nothing. Not 0,
    which links without a version have.
    """
    return random_versions(1)[0]


def random_versions(number: int) -> list[int]:
    """Return so many of them; the system is asked once."""
    return [int(value) % FIRST_VERSIONS + 1 for value in memoryview(secrets.token_bytes(4 * number)).cast("I")]


def find_within(connection: Connection, address: str) -> SubscriberId | None:
    """The id of the subscriber with this address, whatever its case."""
    query = select(subscriber.c.id).where(subscriber.c.email_key == addresses.address_key(address))
    return connection.execute(query).scalar_one_or_none()


def add_within(connection: Connection, keys: AddressKeys, address: str, name: str, *, now: datetime, version: int) -> SubscriberId:
    """Add a subscriber, who has no subscription yet. Nobody has the address.

    :param address: as `addresses.parse` returns it.
    :param version: the first version of the subscriber's links, from `random_version`.
    """
    values = {"email": address, "email_key": addresses.address_key(address), "name": name, "created_at": now, "token_version": version}
    subscriber_id: SubscriberId = connection.execute(insert(subscriber).values(values).returning(subscriber.c.id)).scalar_one()
    suppressions.link_within(connection, keys, subscriber_id, address)
    return subscriber_id


def change_address_within(connection: Connection, keys: AddressKeys, subscriber_id: SubscriberId, address: str) -> bool:
    """Give a subscriber another address. False: another subscriber has it. Links stay: whoever has the old mailbox needs a revocation."""
    if find_within(connection, address) not in (None, subscriber_id):
        return False
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            "PRAGMA secure_delete = ON"
        )  # the old address must not stay behind in the page, where no erasure would find it
    values = {"email": address, "email_key": addresses.address_key(address)}
    connection.execute(update(subscriber).where(subscriber.c.id == subscriber_id).values(values))
    suppressions.link_within(connection, keys, subscriber_id, address)
    return True


def change_address(database: Database, subscriber_id: SubscriberId, address: str, *, now: datetime) -> bool:
    """Give a subscriber another address, confirmed by whoever reads either mailbox. False: another subscriber has it.

    The links in the old mailbox become void. What was wrong with the new mailbox once is over, as after a confirmed sign-up.
    """
    keys = database.address_keys
    with database.writing() as connection:
        if not change_address_within(connection, keys, subscriber_id, address):
            return False
        change = update(subscriber).where(subscriber.c.id == subscriber_id)
        connection.execute(change.values(token_version=subscriber.c.token_version + 1))
        suppressions.lift_within(connection, keys, address, by="reader", why="confirmed address", now=now, reasons=LIFTED_BY_CONSENT)
    return True


def recipient(database: Database, subscriber_id: SubscriberId) -> Recipient | None:
    """The subscriber, as a message needs it. None: there is no such subscriber."""
    columns = (subscriber.c.id, subscriber.c.email, subscriber.c.name, subscriber.c.token_version)
    with database.reading() as connection:
        row = connection.execute(select(*columns).where(subscriber.c.id == subscriber_id)).one_or_none()
    return None if row is None else Recipient(*row)


def pause(database: Database, subscriber_id: SubscriberId, until: datetime | None) -> bool:
    """Freeze no issue for the subscriber before that moment; None ends the pause. False: there is no such subscriber."""
    with database.writing() as connection:
        return pause_within(connection, subscriber_id, until)


def pause_within(connection: Connection, subscriber_id: SubscriberId, until: datetime | None) -> bool:
    """Pause a subscriber in the caller's transaction."""
    return connection.execute(update(subscriber).where(subscriber.c.id == subscriber_id).values(paused_until=until)).rowcount == 1


def paused_until(database: Database, subscriber_id: SubscriberId) -> datetime | None:
    """Until when is the subscriber paused? None: the subscriber is not, or does not exist."""
    with database.reading() as connection:
        return connection.execute(select(subscriber.c.paused_until).where(subscriber.c.id == subscriber_id)).scalar_one_or_none()
