"""All that is known of one reader, and who reads what: for the reader's own request, for an operator, and for moving to another system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, select

from mailer.database.engine import Database
from mailer.database.readers import consents, suppressions
from mailer.database.returned import delivery_problems
from mailer.database.schema import delivery, subscriber, subscription
from mailer.model.ids import SubscriberId
from mailer.model.readers.consent import ConsentRecord, Words
from mailer.model.readers.delivery_problem import DeliveryProblem
from mailer.model.readers.subscription import Frequency
from mailer.model.readers.suppression import Suppression

PORTION = 5_000


@dataclass(frozen=True, slots=True)
class SubscriptionRecord:
    """One list of a reader: its state, since when, where that came from, and in which form and how often it is sent."""

    list: str
    state: str
    since: datetime
    source: str
    format: str
    frequency: Frequency


@dataclass(frozen=True, slots=True)
class ReaderRecord:
    """All that is known of one reader. `deliveries` counts messages by state; `words` are those that the reader agreed to."""

    subscriber_id: SubscriberId
    address: str
    name: str
    created_at: datetime
    paused_until: datetime | None
    subscriptions: tuple[SubscriptionRecord, ...]
    consents: tuple[ConsentRecord, ...]
    words: tuple[Words, ...]
    suppressions: tuple[Suppression, ...]
    deliveries: Mapping[str, int]
    problems: tuple[DeliveryProblem, ...]


class ListedReader(NamedTuple):
    """A subscription with its reader."""

    subscriber_id: SubscriberId
    address: str
    name: str
    list: str
    state: str
    format: str
    since: datetime


def record_of(database: Database, subscriber_id: SubscriberId) -> ReaderRecord | None:
    """All that is known of a reader; None if there is no such reader.

    :raises SecretMissing: there are suppressions, and a key that hashed some is gone.
    """
    with database.reading() as connection:
        row = connection.execute(select(subscriber).where(subscriber.c.id == subscriber_id)).one_or_none()
        if row is None:
            return None
        mine = select(subscription).where(subscription.c.subscriber_id == subscriber_id).order_by(subscription.c.list)
        subscriptions = tuple(
            SubscriptionRecord(each.list, each.state, each.since, each.source, each.format, Frequency(each.frequency))
            for each in connection.execute(mine)
        )
        states = select(delivery.c.state, func.count()).where(delivery.c.subscriber_id == subscriber_id).group_by(delivery.c.state)
        deliveries = {str(state): int(number) for state, number in connection.execute(states)}
        held = suppressions.suppressions_within(connection, database.address_keys, row.email)
    given = consents.consents_of(database, subscriber_id)
    digests = dict.fromkeys(each.words for each in given if each.words)
    words = tuple(known_words for digest in digests if (known_words := consents.words_of(database, digest)))
    problems = delivery_problems.problems_of(database, subscriber_id)
    return ReaderRecord(
        row.id, row.email, row.name, row.created_at, row.paused_until, subscriptions, given, words, held, deliveries, problems
    )


def subscriptions_of_all(database: Database, key: str | None = None, state: str | None = None) -> Iterator[ListedReader]:
    """Yield subscriptions in the order of their readers.

    :param key: only of this list.
    :param state: only those in this state.
    """
    after: tuple[int, str] = (0, "")
    while True:
        with database.reading() as connection:
            rows = [ListedReader(*row) for row in connection.execute(_page(key, state, after))]
        yield from rows
        if len(rows) < PORTION:
            return
        after = (rows[-1].subscriber_id, rows[-1].list)


def _page(key: str | None, state: str | None, after: tuple[int, str]) -> Select[Any]:
    number, last = after
    columns = (subscriber.c.id, subscriber.c.email, subscriber.c.name, subscription.c.list, subscription.c.state, subscription.c.format)
    condition: ColumnElement[bool] = (subscriber.c.id > number) | and_(subscriber.c.id == number, subscription.c.list > last)
    if key is not None:
        condition = and_(condition, subscription.c.list == key)
    if state is not None:
        condition = and_(condition, subscription.c.state == state)
    query = select(*columns, subscription.c.since).join_from(subscriber, subscription).where(condition, subscriber.c.id >= number)
    return query.order_by(subscriber.c.id, subscription.c.list).limit(PORTION)
