"""Addresses of carriers at which nothing has been accepted for a year: carriers give the addresses of people who left to new owners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, select, update

from mailer.database.engine import Database
from mailer.database.schema import delivery, issue, subscriber, subscription
from mailer.model.ids import SubscriberId
from mailer.model.issue import ListClass
from mailer.model.readers.subscription import SUBSCRIBED, UNSUBSCRIBED
from mailer.model.recipient import Recipient
from mailer.model.returned.receivers import receiver_of
from mailer.model.state import DeliveryState

ASKED_AGAIN = "nothing accepted for a year"
"""The source of a subscription that rests until its reader answers."""


@dataclass(frozen=True, slots=True)
class StaleSubscription:
    """One list of one reader."""

    subscriber_id: SubscriberId
    list: str


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A reader who is to be asked whether a list is still wanted. `form` is html or light."""

    recipient: Recipient
    list: str
    form: str


def find_stale(database: Database, *, before: datetime) -> tuple[StaleSubscription, ...]:
    """Subscriptions at carriers from before that moment, to whose readers nothing of any list has been delivered since. Reads every old subscription."""
    recent = select(issue.c.id).where(issue.c.frozen_at > before)
    reached = and_(delivery.c.issue_id.in_(recent), delivery.c.subscriber_id == subscriber.c.id, delivery.c.state == DeliveryState.SENT)
    query = select(subscriber.c.id, subscription.c.list, subscriber.c.email_key).join_from(subscriber, subscription)
    query = query.where(subscription.c.state == SUBSCRIBED, subscription.c.since <= before)
    query = query.where(~exists(select(delivery.c.issue_id).where(reached).correlate(subscriber)))
    with database.reading() as connection:
        rows = connection.execute(query.order_by(subscriber.c.id, subscription.c.list))
        return tuple(StaleSubscription(number, key) for number, key, address in rows if receiver_of(address).is_carrier)


def lists_of_emergencies(database: Database) -> frozenset[str]:
    """The lists that have ever carried a warning: nobody is taken off them for silence."""
    with database.reading() as connection:
        return frozenset(connection.execute(select(issue.c.list).where(issue.c.list_class == ListClass.EMERGENCY).distinct()).scalars())


def let_rest(database: Database, stale: Sequence[StaleSubscription], now: datetime) -> int:
    """Send nothing there until the reader answers. How many lists rest?"""
    number = 0
    with database.writing() as connection:
        for each in stale:
            row = (subscription.c.subscriber_id == each.subscriber_id, subscription.c.list == each.list, subscription.c.state == SUBSCRIBED)
            change = update(subscription).where(*row)
            values = {"state": UNSUBSCRIBED, "source": ASKED_AGAIN, "since": now, "changed_at": now, "confirmation_at": None}
            number += connection.execute(change.values(values)).rowcount
    return number


def open_questions(database: Database, *, limit: int) -> tuple[OpenQuestion, ...]:
    """Who is to be asked, and has not been?"""
    columns = (
        subscriber.c.id,
        subscriber.c.email,
        subscriber.c.name,
        subscriber.c.token_version,
        subscription.c.list,
        subscription.c.format,
    )
    query = select(*columns).join_from(subscriber, subscription)
    query = query.where(
        subscription.c.state == UNSUBSCRIBED, subscription.c.source == ASKED_AGAIN, subscription.c.confirmation_at.is_(None)
    )
    with database.reading() as connection:
        rows = connection.execute(query.order_by(subscriber.c.id, subscription.c.list).limit(limit)).all()
    return tuple(OpenQuestion(Recipient(*row[:4]), row.list, row.format) for row in rows)
