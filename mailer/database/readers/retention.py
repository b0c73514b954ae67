"""What is older than it may be kept goes: ended subscriptions, proofs of consents, and people of whom nothing else is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, delete, exists, select

from mailer.database.engine import Database
from mailer.database.readers import erasure, suppressions
from mailer.database.schema import consent, delivery, issue, subscriber, subscription
from mailer.database.scrub import scrub
from mailer.model.errors import SubscriberBusy
from mailer.model.ids import SubscriberId
from mailer.model.readers.retention import Retention
from mailer.model.readers.subscription import SUBSCRIBED
from mailer.model.readers.suppression import AddressKeys, SuppressionReason
from mailer.model.state import DeliveryState

SOURCE = "retention"
PORTION = 500
MOST_LOOKED_FOR = 50
"""Addresses that are looked for in the database's file afterwards: if there is an old copy of one, the file is written anew, without any."""


@dataclass(frozen=True, slots=True)
class Expired:
    """How much was erased. `busy` people were left for the next run: a sender holds a message to them."""

    subscriptions: int = 0
    consents: int = 0
    people: int = 0
    busy: int = 0
    addresses: tuple[str, ...] = field(default=(), repr=False, compare=False)
    """Some of those that were erased, to be looked for in the database's file."""

    def plus(self, other: Expired) -> Expired:
        """Add two numbers of each."""
        return Expired(
            self.subscriptions + other.subscriptions,
            self.consents + other.consents,
            self.people + other.people,
            self.busy + other.busy,
            (self.addresses + other.addresses)[:MOST_LOOKED_FOR],
        )


def expire(database: Database, rules: Retention, *, now: datetime, keep: bool = True) -> Expired:
    """Erase what is over. That somebody has left a list is remembered by the keyed hash of the address, so that no import subscribes them again.

    Each portion is a transaction, so that senders do not wait; a dry run is one that is undone.

    :raises SecretMissing: there is no key to hash addresses with.
    """
    total = Expired()
    if not keep:
        with database.writing(keep=False) as connection:
            while (step := _step(connection, database.address_keys, rules, now, total)) is not None:
                total = total.plus(step)
        return total
    while True:
        with database.writing() as connection:
            step = _step(connection, database.address_keys, rules, now, total)
        if step is None:
            break
        total = total.plus(step)
    if total.people:
        scrub(database, *total.addresses)
    return total


def _step(connection: Connection, keys: AddressKeys, rules: Retention, now: datetime, done: Expired) -> Expired | None:
    """One portion; None if nothing is left."""
    if ended := connection.execute(_ended(rules, now)).all():
        return _end(connection, keys, ended, now)
    if proofs := connection.execute(_proofs(rules, now)).scalars().all():
        connection.execute(delete(consent).where(consent.c.id.in_(proofs)))
        return Expired(consents=len(proofs))
    if gone := connection.execute(_nobodies(rules, now).offset(done.busy)).scalars().all():
        return _erase(connection, gone)
    return None


def _ended(rules: Retention, now: datetime) -> Select[Any]:
    is_over = and_(subscription.c.state != SUBSCRIBED, subscription.c.since <= now - rules.ended)
    columns = (subscription.c.subscriber_id, subscription.c.list, subscriber.c.email)
    return select(*columns).join_from(subscription, subscriber).where(is_over).limit(PORTION)


def _end(connection: Connection, keys: AddressKeys, ended: Sequence[Row[Any]], now: datetime) -> Expired:
    for row in ended:
        number, key, address = row.subscriber_id, row.list, row.email
        suppressions.suppress_within(connection, keys, address, SuppressionReason.LEFT, source=SOURCE, now=now, scope=key)
        connection.execute(delete(subscription).where(subscription.c.subscriber_id == number, subscription.c.list == key))
    return Expired(subscriptions=len(ended))


def _proofs(rules: Retention, now: datetime) -> Select[Any]:
    """Consents to lists that are not subscribed any more, after the last mail of the list and the time of the law."""
    oldest = now - rules.evidence
    is_subscribed = exists().where(
        subscription.c.subscriber_id == consent.c.subscriber_id, subscription.c.list == consent.c.list
    )  # one that has ended waits for its own time
    mailed = select(delivery.c.issue_id).join(issue, issue.c.id == delivery.c.issue_id)
    mailed = mailed.where(
        delivery.c.subscriber_id == consent.c.subscriber_id, issue.c.list == consent.c.list, delivery.c.changed_at > oldest
    )
    mailed = mailed.where(delivery.c.state.in_([DeliveryState.SENT, DeliveryState.UNKNOWN]))
    query = select(consent.c.id).where(consent.c.at <= oldest, ~is_subscribed, ~mailed.correlate(consent).exists())
    return query.limit(PORTION)


def _nobodies(rules: Retention, now: datetime) -> Select[Any]:
    """People without a subscription and without a proof."""
    has_list = exists().where(subscription.c.subscriber_id == subscriber.c.id)
    has_proof = exists().where(consent.c.subscriber_id == subscriber.c.id)
    query = select(subscriber.c.id).where(subscriber.c.created_at <= now - rules.unconfirmed, ~has_list, ~has_proof)
    return query.order_by(subscriber.c.id).limit(PORTION)


def _erase(connection: Connection, numbers: Sequence[SubscriberId]) -> Expired:
    erased = busy = 0
    sample = select(subscriber.c.email).where(subscriber.c.id.in_(numbers[:MOST_LOOKED_FOR]))
    addresses = tuple(connection.execute(sample).scalars())
    for number in numbers:
        try:
            erasure.erase_within(connection, number)
        except SubscriberBusy:
            busy += 1
        else:
            erased += 1
    return Expired(people=erased, busy=busy, addresses=addresses if not busy else ())
