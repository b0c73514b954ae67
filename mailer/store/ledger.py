"""The ledger: one row per issue and recipient, and every step of it. It answers "who did not get it?".

Each change names the states it may start from (`rules.sources`), inside the statement itself: a row that is elsewhere
is not touched and the caller gets an IllegalTransition.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, func, or_, select, update

from mailer import rules
from mailer.database import Database
from mailer.errors import IllegalTransition
from mailer.rules import Decision, Outcome, State
from mailer.schema import delivery, issue, subscriber, subscription
from mailer.store.subscriptions import SUBSCRIBED

LONGEST_TEXT = 500  # characters of a relay's reply that are kept


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery whose turn it is. `attempts` counts the tries so far."""

    issue_id: int
    subscriber_id: int
    address: str
    name: str
    attempts: int
    first_tried: datetime | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A delivery as the operator sees it."""

    list: str
    number: str
    address: str
    state: State
    attempts: int
    code: int | None
    text: str
    message_id: str | None
    not_before: datetime | None
    changed_at: datetime


def due(database: Database, issue_id: int, *, now: datetime, after: int = 0, limit: int = 500) -> tuple[Due, ...]:
    """Whose turn is it now? In the order of subscribers, beginning after subscriber `after`."""
    columns = (
        delivery.c.issue_id,
        delivery.c.subscriber_id,
        delivery.c.address,
        subscriber.c.name,
        delivery.c.attempts,
        delivery.c.first_tried,
    )
    query = select(*columns).join_from(delivery, subscriber).where(_is_due(issue_id, now), delivery.c.subscriber_id > after)
    with database.reading() as connection:
        return tuple(Due(*row) for row in connection.execute(query.order_by(delivery.c.subscriber_id).limit(limit)))


def count_due(database: Database, issue_id: int, *, now: datetime) -> int:
    """How many deliveries have their turn now?"""
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(delivery).where(_is_due(issue_id, now))).scalar_one()


def mark_attempted(database: Database, row: Due, *, message_id: str, now: datetime) -> bool:
    """Writes down, durably, that the message is about to leave. False, and `suppressed`, if the person has left the list.

    The subscription is asked in the same statement: whoever unsubscribed a moment ago gets nothing.
    """
    values = {"attempts": row.attempts + 1, "message_id": message_id, "first_tried": row.first_tried or now, "not_before": None}
    with database.writing() as connection:
        if connection.execute(_step(row, State.ATTEMPTED, now, _still_wants()).values(values)).rowcount == 1:
            return True
        found = connection.execute(
            _step(row, State.SUPPRESSED, now).values(text="unsubscribed after the issue was frozen", not_before=None)
        )
        _expect_one(found.rowcount, row, State.ATTEMPTED)
        return False


def record(database: Database, row: Due, outcome: Outcome, decision: Decision, *, now: datetime) -> None:
    """Writes down what became of an attempt.

    :raises IllegalTransition: the row is not where it should be.
    """
    values = {
        "attempts": row.attempts + 1,
        "code": outcome.code,
        "text": _printable(outcome.text),
        "first_tried": row.first_tried or now,
        "not_before": decision.not_before,
    }
    with database.writing() as connection:
        _expect_one(connection.execute(_step(row, decision.state, now).values(values)).rowcount, row, decision.state)


def interrupted(database: Database, *, now: datetime) -> tuple[Entry, ...]:
    """Turns every row that a killed run left in `attempted` into `unknown`, and says which. Call only while holding the lock."""
    rows = delivery.c.state == State.ATTEMPTED
    with database.writing() as connection:
        keys = connection.execute(select(delivery.c.issue_id, delivery.c.subscriber_id).where(rows)).all()
        connection.execute(update(delivery).where(rows).values(state=State.UNKNOWN, text=rules.LOST_LINE, changed_at=now))
        found = [connection.execute(_entries(and_(delivery.c.issue_id == a, delivery.c.subscriber_id == b))).one() for a, b in keys]
        return tuple(_entry(row) for row in found)


def requeue_unknown(database: Database, issue_id: int, *, now: datetime) -> int:
    """Lets every `unknown` row of an issue be sent once more. How many? Only an operator may decide this: some get two copies."""
    rows = and_(delivery.c.issue_id == issue_id, delivery.c.state.in_(rules.sources(State.PENDING)))
    with database.writing() as connection:
        return connection.execute(update(delivery).where(rows).values(state=State.PENDING, not_before=None, changed_at=now)).rowcount


def counts(database: Database, issue_id: int) -> Mapping[State, int]:
    """How many deliveries are in each state? States without any are there with 0."""
    query = select(delivery.c.state, func.count()).where(delivery.c.issue_id == issue_id).group_by(delivery.c.state)
    with database.reading() as connection:
        found = {State(state): int(number) for state, number in connection.execute(query)}
    return {state: found.get(state, 0) for state in State}


def next_due(database: Database, issue_id: int) -> datetime | None:
    """When is the next deferred delivery to be tried?"""
    query = select(func.min(delivery.c.not_before)).where(delivery.c.issue_id == issue_id, delivery.c.state == State.DEFERRED)
    with database.reading() as connection:
        found: datetime | None = connection.execute(query).scalar_one()
        return found


def missed(database: Database, issue_id: int) -> tuple[Entry, ...]:
    """Who has not got the issue, and why? In the order of states, then addresses."""
    query = _entries(and_(delivery.c.issue_id == issue_id, delivery.c.state.in_(rules.MISSED)))
    with database.reading() as connection:
        return tuple(_entry(row) for row in connection.execute(query.order_by(delivery.c.state, delivery.c.address)))


def _is_due(issue_id: int, now: datetime) -> ColumnElement[bool]:
    is_time = or_(delivery.c.not_before.is_(None), delivery.c.not_before <= now)
    return and_(delivery.c.issue_id == issue_id, delivery.c.state.in_(rules.DUE), is_time)


def _step(row: Due, state: State, now: datetime, *conditions: ColumnElement[bool]) -> Any:
    return (
        update(delivery)
        .where(delivery.c.issue_id == row.issue_id, delivery.c.subscriber_id == row.subscriber_id)
        .where(delivery.c.state.in_(rules.sources(state)), *conditions)
        .values(state=state, changed_at=now)
    )


def _still_wants() -> ColumnElement[bool]:
    return exists(
        select(subscription.c.subscriber_id)
        .join(issue, issue.c.list == subscription.c.list)
        .where(issue.c.id == delivery.c.issue_id, subscription.c.subscriber_id == delivery.c.subscriber_id)
        .where(subscription.c.state == SUBSCRIBED)
        .correlate(delivery)
    )


def _expect_one(changed: int, row: Due, state: State) -> None:
    if changed != 1:
        raise IllegalTransition(
            f"The delivery of issue {row.issue_id} to subscriber {row.subscriber_id} cannot become {state} from where it is."
        )


def _entries(condition: ColumnElement[bool]) -> Any:
    columns = ("address", "state", "attempts", "code", "text", "message_id", "not_before", "changed_at")
    return select(issue.c.list, issue.c.number, *(delivery.c[name] for name in columns)).join_from(delivery, issue).where(condition)


def _entry(row: Row[Any]) -> Entry:
    return Entry(**{**row._asdict(), "state": State(row.state)})


def _printable(text: str) -> str:
    """A relay's reply may hold anything; a terminal must not obey it."""
    return "".join(sign if sign.isprintable() else " " for sign in text)[:LONGEST_TEXT]
