"""What a clerk does for a reader: a subscription by a paper form, the end of one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, insert, select, update

from mailer.database.engine import Database
from mailer.database.readers import consents, people, suppressions
from mailer.database.schema import subscription
from mailer.model.ids import SubscriberId
from mailer.model.readers.consent import ConsentRecord, ConsentWay, Words
from mailer.model.readers.subscription import HTML, SUBSCRIBED, UNSUBSCRIBED


@dataclass(frozen=True, slots=True)
class PaperForm:
    """What a reader has signed. `number` is that of the form, which is kept; `form` is html or light; `words` are those on the form."""

    address: str
    name: str
    lists: tuple[str, ...]
    number: str
    form: str = HTML
    words: Words | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """What a paper form did. `blocked` are lists that an operator has closed to the address: if all are, no subscriber is made (None)."""

    subscriber_id: SubscriberId | None
    is_new: bool
    subscribed: tuple[str, ...]
    already: tuple[str, ...]
    blocked: tuple[str, ...]


def add(database: Database, paper: PaperForm, *, now: datetime, keep: bool = True) -> Added:
    """Subscribe a reader, who may have left before: a signed form is a new consent.

    :param keep: False: a dry run.
    :raises SecretMissing: there are suppressions, and a key that hashed some is gone.
    """
    keys = database.address_keys
    with database.writing(keep=keep) as connection:
        blocked = tuple(key for key in paper.lists if _is_blocked(connection, database, paper, key, now))
        known = people.find_within(connection, paper.address)
        if len(blocked) == len(paper.lists):
            return Added(known, False, (), (), blocked)
        number = known or people.add_within(connection, keys, paper.address, paper.name, now=now, version=people.random_version())
        words = consents.keep_words_within(connection, paper.words, now) if paper.words else None
        subscribed, already = list[str](), list[str]()
        for key in paper.lists:
            if key not in blocked:
                (subscribed if _subscribe(connection, number, key, paper.form, now) else already).append(key)
                record = ConsentRecord(number, key, now, ConsentWay.COUNTER, paper.number, words)
                consents.record_consent_within(connection, record)
    return Added(number, known is None, tuple(subscribed), tuple(already), blocked)


def remove(
    database: Database, subscriber_id: SubscriberId, lists: Collection[str] | None, *, source: str, now: datetime, keep: bool = True
) -> tuple[str, ...]:
    """End subscriptions, and return the lists that were subscribed.

    :param lists: None: all of them.
    :param keep: False: a dry run.
    """
    mine = and_(subscription.c.subscriber_id == subscriber_id, subscription.c.state == SUBSCRIBED)
    if lists is not None:
        mine = and_(mine, subscription.c.list.in_([*lists]))
    with database.writing(keep=keep) as connection:
        ended = tuple(connection.execute(select(subscription.c.list).where(mine).order_by(subscription.c.list)).scalars())
        connection.execute(update(subscription).where(mine).values(state=UNSUBSCRIBED, source=source, since=now, changed_at=now))
    return ended


def _is_blocked(connection: Connection, database: Database, paper: PaperForm, key: str, now: datetime) -> bool:
    """Lift what a new consent lifts. Whether something is left that it does not."""
    confirmation = f"paper form {paper.number}"
    remaining = suppressions.lift_by_consent_within(
        connection, database.address_keys, paper.address, key, confirmation=confirmation, now=now
    )
    return bool(remaining)


def _subscribe(connection: Connection, subscriber_id: SubscriberId, key: str, form: str, now: datetime) -> bool:
    mine = and_(subscription.c.subscriber_id == subscriber_id, subscription.c.list == key)
    state = connection.execute(select(subscription.c.state).where(mine)).scalar_one_or_none()
    if state == SUBSCRIBED:
        return False
    values = {"state": SUBSCRIBED, "source": "counter", "since": now, "changed_at": now, "format": form, "confirmation_at": None}
    if state is None:
        connection.execute(insert(subscription).values(values | {"subscriber_id": subscriber_id, "list": key}))
    else:
        connection.execute(update(subscription).where(mine).values(values))
    return True
