"""Readers in numbers: by list, by receiver, by the way in which they came; and whom a leak concerns. No address is in a number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from mailer.database.engine import Database
from mailer.database.schema import consent, delivery, erased_delivery, issue, subscriber, subscription, suppression
from mailer.model.issue import IssueRef
from mailer.model.state import DeliveryState

REACHED = (DeliveryState.SENT, DeliveryState.UNKNOWN)
"""The reader has the message, or may have it."""


@dataclass(frozen=True, slots=True)
class ListCounts:
    """One list: who is subscribed now and who has left; who joined and who left since some moment."""

    list: str
    subscribed: int
    left: int
    joined_lately: int
    left_lately: int


@dataclass(frozen=True, slots=True)
class ReaderCounts:
    """All readers. `ways` counts consents by their way, `suppressed` suppressions that hold by their reason."""

    people: int
    paused: int
    lists: tuple[ListCounts, ...]
    ways: Mapping[str, int]
    suppressed: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Affected:
    """Whom a leak concerns. `named` have a name beside the address; `erased` were erased since, so that nobody can tell them."""

    people: int
    named: int
    erased: int
    receivers: Mapping[str, int]


def count_readers(database: Database, *, now: datetime, since: datetime) -> ReaderCounts:
    """Count everything at this moment.

    :param since: from when `joined_lately` and `left_lately` count.
    """
    with database.reading() as connection:

        def by(query: Select[Any]) -> dict[str, int]:
            return {str(word): int(number) for word, number in connection.execute(query)}

        people = connection.execute(select(func.count()).select_from(subscriber)).scalar_one()
        paused = connection.execute(select(func.count()).select_from(subscriber).where(subscriber.c.paused_until > now)).scalar_one()
        columns = (subscription.c.list, subscription.c.state)
        states = {(row[0], row[1]): int(row[2]) for row in connection.execute(select(*columns, func.count()).group_by(*columns))}
        recent = select(*columns, func.count()).where(subscription.c.since >= since).group_by(*columns)
        lately = {(row[0], row[1]): int(row[2]) for row in connection.execute(recent)}
        ways = by(select(consent.c.way, func.count()).group_by(consent.c.way))
        held = select(suppression.c.reason, func.count()).where(suppression.c.lifted_at.is_(None))
        suppressed = by(held.group_by(suppression.c.reason))
    joined, left = "subscribed", "unsubscribed"
    lists = tuple(
        ListCounts(key, states.get((key, joined), 0), states.get((key, left), 0), lately.get((key, joined), 0), lately.get((key, left), 0))
        for key in sorted({key for key, _ in states})
    )
    return ReaderCounts(people, paused, lists, ways, suppressed)


def affected(database: Database, *, ref: IssueRef | None = None, key: str | None = None) -> Affected:
    """Count whom it concerns: the recipients of an issue, everybody of whom a list has a record, or everybody."""
    with database.reading() as connection:
        wanted = _concerned(ref, key)
        named = connection.execute(select(func.count()).select_from(subscriber).where(wanted, subscriber.c.name != "")).scalar_one()
        receivers: Counter[str] = Counter()
        people = 0
        for (address,) in connection.execute(select(subscriber.c.email).where(wanted)):
            receivers[address.rpartition("@")[2]] += 1
            people += 1
        erased = 0
        if ref is not None:
            mine = select(func.coalesce(func.sum(erased_delivery.c.number), 0)).join(issue, issue.c.id == erased_delivery.c.issue_id)
            mine = mine.where(issue.c.list == ref.list, issue.c.number == ref.number, erased_delivery.c.state.in_(REACHED))
            erased = int(connection.execute(mine).scalar_one())
    return Affected(people, int(named), erased, dict(receivers.most_common()))


def affected_people(database: Database, *, ref: IssueRef | None = None, key: str | None = None) -> Iterator[tuple[str, str]]:
    """Yield the address and name of each, for telling them."""
    with database.reading() as connection:
        rows = connection.execute(select(subscriber.c.email, subscriber.c.name).where(_concerned(ref, key)).order_by(subscriber.c.id))
        yield from ((row.email, row.name) for row in rows)


def _concerned(ref: IssueRef | None, key: str | None) -> ColumnElement[bool]:
    if ref is not None:
        sent = select(delivery.c.subscriber_id).join(issue, issue.c.id == delivery.c.issue_id)
        sent = sent.where(issue.c.list == ref.list, issue.c.number == ref.number, delivery.c.state.in_(REACHED))
        return subscriber.c.id.in_(sent)
    if key is not None:
        return subscriber.c.id.in_(select(subscription.c.subscriber_id).where(subscription.c.list == key))
    return subscriber.c.id.is_not(None)
