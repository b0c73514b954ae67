"""Who reads which list. An ended subscription stays as a row, so that no later import can undo it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select, update

from mailer.database.deliveries.audience import receives, wants_digest
from mailer.database.engine import Database
from mailer.database.readers import people as subscribers
from mailer.database.readers.bulk_import import ImportResult, ImportRow, import_rows
from mailer.database.readers.frequencies import save_within
from mailer.database.schema import subscriber, subscription
from mailer.model.digest import DIGEST
from mailer.model.ids import SubscriberId
from mailer.model.readers import addresses
from mailer.model.readers.subscription import SUBSCRIBED, UNSUBSCRIBED, Frequency, ListPreference, Preference
from mailer.model.recipient import Recipient


@dataclass(frozen=True, slots=True)
class ImportedSubscriber:
    """One person who asked for some lists. `form` is html or light; None leaves it as it is, and is html for
    a new subscriber.
    """

    address: str
    name: str
    lists: tuple[str, ...]
    form: str | None = None


def import_subscribers(
    database: Database,
    people: Iterable[ImportedSubscriber],
    *,
    source: str,
    now: datetime,
    keep: bool = True,
    first_version: Callable[[], int] | None = None,
) -> ImportResult:
    """Subscribes people, all in one transaction. Doing it again changes nothing.

    :param people: nobody twice.
    :param keep: False: a dry run.
    :param first_version: the `token_version` of a new subscriber; None: a random one.
    """
    rows = [
        ImportRow(person.address, addresses.address_key(person.address), person.name, person.lists, person.form or "", source)
        for person in people
    ]
    return import_rows(database, rows, source=source, now=now, keep=keep, first_version=first_version)


def unsubscribe(database: Database, subscriber_id: SubscriberId, key: str, *, source: str, now: datetime) -> bool:
    """Ends a subscription. True if there is such a subscription; doing it again changes nothing.

    :param key: the list; `model.digest.DIGEST`: every list that the reader gets in a digest, since it is one mail to whoever wants it no more.
    """
    row = and_(subscription.c.subscriber_id == subscriber_id, wants_digest() if key == DIGEST else subscription.c.list == key)
    with database.writing() as connection:
        connection.execute(
            update(subscription)
            .where(row, subscription.c.state == SUBSCRIBED)
            .values(state=UNSUBSCRIBED, source=_source_of_end(source, key), since=now, changed_at=now)
        )
        return connection.execute(select(subscription.c.state).where(row)).first() is not None


def _source_of_end(source: str, key: str) -> str:
    return f"{source} {DIGEST}" if key == DIGEST else source


def ended_with_digests(database: Database, subscriber_id: SubscriberId) -> tuple[str, ...]:
    """Which lists has the reader left by leaving the digests?"""
    ended = and_(subscription.c.state == UNSUBSCRIBED, subscription.c.source.like(f"% {DIGEST}"))
    query = select(subscription.c.list).where(subscription.c.subscriber_id == subscriber_id, ended).order_by(subscription.c.list)
    with database.reading() as connection:
        return tuple(connection.execute(query).scalars())


def preferences(database: Database, subscriber_id: SubscriberId) -> tuple[ListPreference, ...]:
    """Every list that the person has ever asked for, with the preference now. Empty: there is no such person."""
    with database.reading() as connection:
        return _preferences(connection, subscriber_id)


def save_preferences(
    database: Database,
    subscriber_id: SubscriberId,
    choose: Callable[[tuple[ListPreference, ...]], Mapping[str, Preference]],
    *,
    source: str,
    now: datetime,
    frequencies: Mapping[str, Frequency] | None = None,
) -> tuple[ListPreference, ...]:
    """Makes the person's own changes in one transaction and returns the preferences after them. Doing it again changes nothing.

    :param choose: current preferences → new preference by list. It is called inside the transaction; an exception undoes everything.
    :param frequencies: how often, by list; of a list that is left, or was left before, it is not changed.
    """
    with database.writing() as connection:
        for key, preference in choose(_preferences(connection, subscriber_id)).items():
            row = and_(subscription.c.subscriber_id == subscriber_id, subscription.c.list == key)
            state = UNSUBSCRIBED if preference is Preference.STOP else SUBSCRIBED
            change = {"state": state, "source": source, "since": now}
            connection.execute(update(subscription).where(row, subscription.c.state != state).values(change))
            form = {} if preference is Preference.STOP else {"format": preference.value}
            connection.execute(update(subscription).where(row).values(form | {"changed_at": now}))
        entries = save_within(connection, database, subscriber_id, frequencies or {}, by="reader", now=now)
        saved = _preferences(connection, subscriber_id)
    for entry in entries:
        database.seal.on_append(entry)
    return saved


def token_version(database: Database, subscriber_id: SubscriberId) -> int | None:
    """The version of the person's links that open something now. None: there is no such person."""
    with database.reading() as connection:
        return connection.execute(select(subscriber.c.token_version).where(subscriber.c.id == subscriber_id)).scalar_one_or_none()


def begin_confirmation(
    database: Database, subscriber_id: SubscriberId, key: str, *, now: datetime, last_before: datetime
) -> Recipient | None:
    """Notes that the person is asked by mail whether to join the list again, and returns whom to ask.

    None: the list has not been left, or the last such mail is not older than `last_before`: whoever has somebody's link must not fill a mailbox.
    """
    row = and_(subscription.c.subscriber_id == subscriber_id, subscription.c.list == key, subscription.c.state == UNSUBSCRIBED)
    is_due = or_(subscription.c.confirmation_at.is_(None), subscription.c.confirmation_at <= last_before)
    with database.writing() as connection:
        if connection.execute(update(subscription).where(row, is_due).values(confirmation_at=now)).rowcount != 1:
            return None
        columns = (subscriber.c.id, subscriber.c.email, subscriber.c.name, subscriber.c.token_version)
        return Recipient(*connection.execute(select(*columns).where(subscriber.c.id == subscriber_id)).one())


def forget_confirmation(database: Database, subscriber_id: SubscriberId, key: str) -> None:
    """The mail could not be sent: another may be asked for at once."""
    row = and_(subscription.c.subscriber_id == subscriber_id, subscription.c.list == key)
    with database.writing() as connection:
        connection.execute(update(subscription).where(row).values(confirmation_at=None))


def form_of(database: Database, subscriber_id: SubscriberId, key: str) -> str | None:
    """The form in which the person has the list, or had it before leaving. None: there is no such subscription."""
    row = and_(subscription.c.subscriber_id == subscriber_id, subscription.c.list == key)
    with database.reading() as connection:
        return connection.execute(select(subscription.c.format).where(row)).scalar_one_or_none()


def revoke_links(database: Database, subscriber_id: SubscriberId) -> None:
    """Makes every link void that was signed for the person so far. What is sent from now on has new ones."""
    with database.writing() as connection:
        change = update(subscriber).where(subscriber.c.id == subscriber_id)
        connection.execute(change.values(token_version=subscriber.c.token_version + 1))


def count(database: Database, key: str, now: datetime | None = None) -> int:
    """How many people get the list? Those who are suppressed do not.

    :param now: leave out who is paused at this moment.
    """
    with database.reading() as connection:
        query = select(func.count()).select_from(subscription.join(subscriber)).where(receives(key, now))
        return connection.execute(query).scalar_one()


def first(database: Database, key: str) -> Recipient | None:
    """The first person who gets the list now. For a dry run."""
    query = select(subscriber.c.id, subscriber.c.email, subscriber.c.name).join_from(subscriber, subscription)
    query = query.where(receives(key, None)).order_by(subscriber.c.id).limit(1)
    with database.reading() as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else Recipient(*row)


def sample(database: Database, key: str) -> tuple[Recipient, ...]:
    """Three people who get the list now, or fewer: the first, and those whose name and address are the longest."""
    people = select(subscriber.c.id, subscriber.c.email, subscriber.c.name).join_from(subscriber, subscription)
    people = people.where(receives(key, None))
    orders = (subscriber.c.id, func.length(subscriber.c.name).desc(), func.length(subscriber.c.email).desc())
    with database.reading() as connection:
        chosen = [Recipient(*row) for order in orders for row in connection.execute(people.order_by(order, subscriber.c.id).limit(1))]
    return tuple(dict.fromkeys(chosen))


def find(database: Database, address: str) -> SubscriberId | None:
    """The number of the subscriber with this address, whatever its case."""
    with database.reading() as connection:
        return subscribers.find_within(connection, address)


def _preferences(connection: Connection, subscriber_id: SubscriberId) -> tuple[ListPreference, ...]:
    columns = (subscription.c.list, subscription.c.state, subscription.c.format, subscription.c.frequency)
    rows = connection.execute(select(*columns).where(subscription.c.subscriber_id == subscriber_id).order_by(subscription.c.list))
    return tuple(
        ListPreference(row.list, Preference(row.format) if row.state == SUBSCRIBED else Preference.STOP, Frequency(row.frequency))
        for row in rows
    )
