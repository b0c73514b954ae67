"""The ledger: one row for each issue and recipient, and its state. It answers "who has not got it, and why?".

Rows are claimed by `claims`; their results are recorded here, in groups. Each statement touches only rows in a state from which the
step is allowed (`transitions`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select

from mailer.database.deliveries import claim_statements, claims, issues, result_statements
from mailer.database.deliveries.transitions import assign_queue, transition
from mailer.database.engine import Database
from mailer.database.returned import queue_stops
from mailer.database.schema import delivery, erased_delivery, issue, subscriber, subscription
from mailer.model.ids import Fence, IssueId, SubscriberId
from mailer.model.issue import CALLED_OFF
from mailer.model.outcome import CONNECTION_LOST, DeliveryResult
from mailer.model.readers import addresses
from mailer.model.readers.subscription import SUBSCRIBED
from mailer.model.recipient import Recipient
from mailer.model.state import DUE, MISSED, UNDER_WAY, DeliveryState


def waiting_by_queue(database: Database, issue_id: IssueId) -> dict[str, int]:
    """How many deliveries of the issue wait in each queue? The queue of all other domains has no name."""
    query = select(delivery.c.queue, func.count()).where(delivery.c.issue_id == issue_id)
    query = query.where(delivery.c.state.in_([*DUE])).group_by(delivery.c.queue)
    with database.reading() as connection:
        return {str(queue): int(number) for queue, number in connection.execute(query)}


WITH_REPLY = (DeliveryState.DEFERRED, DeliveryState.FAILED, DeliveryState.UNKNOWN)


LONGEST_REPLY = 500  # characters of a relay's reply that are kept


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A delivery as the operator sees it."""

    list: str
    number: str
    address: str
    state: DeliveryState
    attempts: int
    code: int | None
    text: str
    message_id: str | None
    not_before: datetime | None
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class ReplyCount:
    """How often a reply came. `code` None: the connection was lost."""

    state: DeliveryState
    code: int | None
    number: int


@dataclass(frozen=True, slots=True)
class ResultGroup:
    """Results of one claim.

    With `is_last` the claim ends, and a row that it still holds is pending again; `is_complete`: each of its rows has a result.
    """

    issue_id: IssueId
    fence: Fence
    results: Sequence[DeliveryResult]
    is_last: bool = False
    is_complete: bool = False


def record(database: Database, groups: Sequence[ResultGroup], *, now: datetime) -> int:
    """Records results in one transaction. How many rows were changed?

    Only rows that this claim holds, or that became `unknown` while it held them, are touched: a late result of a holder that has been
    fenced off is evidence about its own message and about nothing else. Recording a result again changes nothing.
    """
    changed = 0
    with database.writing() as connection:
        for group in groups:
            if group.results:
                changed += result_statements.execute(connection, group.results, group.issue_id, group.fence)
            if group.is_last:
                claims.end(connection, group.fence, group.issue_id, now, is_complete=group.is_complete)
    return changed


def mark_unknown(
    database: Database, issue_id: IssueId, fence: Fence, ids: Sequence[SubscriberId], *, now: datetime
) -> tuple[LedgerEntry, ...]:
    """Deliveries whose body was about to leave when their sender was killed become `unknown`. Which were they?"""
    values = {"text": CONNECTION_LOST, "changed_at": now, "attempts": delivery.c.attempts + 1}
    entries: list[LedgerEntry] = []
    with database.writing() as connection:
        for number in ids:
            row = and_(delivery.c.issue_id == issue_id, delivery.c.subscriber_id == number)
            step = transition({DeliveryState.CLAIMED}, DeliveryState.UNKNOWN, by_key=True).where(row, delivery.c.fence == fence)
            if connection.execute(step.values(values)).rowcount:
                entries.append(_entry(connection.execute(_entries(row)).one()))
    return tuple(entries)


def unknown_of_claim(database: Database, issue_id: IssueId, fence: Fence) -> tuple[LedgerEntry, ...]:
    """Which deliveries became `unknown` while this claim held them?"""
    query = _entries(and_(delivery.c.issue_id == issue_id, delivery.c.fence == fence, delivery.c.state == DeliveryState.UNKNOWN))
    with database.reading() as connection:
        return tuple(_entry(row) for row in connection.execute(query.order_by(delivery.c.subscriber_id)))


def count_due(database: Database, issue_id: IssueId, *, now: datetime) -> int:
    """How many deliveries may be tried now?"""
    with database.reading() as connection:
        count = select(func.count()).select_from(delivery).where(_is_due(issue_id))
        return connection.execute(count, claim_statements.due_times(now)).scalar_one()


def count_called_off(database: Database, issue_id: IssueId) -> int:
    """From how many people was a cancelled issue held back? Those whose delivery a sender gave back afterwards count too."""
    held_back = and_(delivery.c.state == DeliveryState.SUPPRESSED, delivery.c.text == CALLED_OFF)
    query = (
        select(func.count()).select_from(delivery).where(delivery.c.issue_id == issue_id, or_(held_back, delivery.c.state.in_(UNDER_WAY)))
    )
    with database.reading() as connection:
        return connection.execute(query).scalar_one()


def is_under_way(database: Database, issue_id: IssueId, *, now: datetime) -> bool:
    """Whether something of the issue is due or being sent now."""
    held = and_(delivery.c.issue_id == issue_id, delivery.c.state == DeliveryState.CLAIMED)
    query = select(delivery.c.subscriber_id).where(or_(_is_due(issue_id), held)).limit(1)
    with database.reading() as connection:
        return connection.execute(query, claim_statements.due_times(now)).first() is not None


def first_due(database: Database, issue_id: IssueId, *, now: datetime) -> Recipient | None:
    """Who would be next? For a dry run."""
    query = select(delivery.c.subscriber_id, delivery.c.address, subscriber.c.name).join_from(delivery, subscriber)
    query = query.where(_is_due(issue_id)).order_by(delivery.c.subscriber_id).limit(1)
    with database.reading() as connection:
        row = connection.execute(query, claim_statements.due_times(now)).one_or_none()
    return None if row is None else Recipient(*row)


def change_state(
    database: Database,
    issue_id: IssueId,
    old: Collection[DeliveryState],
    new: DeliveryState,
    *,
    now: datetime,
    why: str = "",
    address: str = "",
) -> int:
    """A step of all deliveries of an issue that are in some states, or of one address. How many rows were changed?

    :raises IllegalTransition: the table of states does not have that step.
    """
    step = transition(old, new).where(delivery.c.issue_id == issue_id).values(not_before=None, changed_at=now)
    if address:
        step = step.where(func.lower(delivery.c.address).in_(addresses.spellings(address)))
    if why:
        step = step.values(text=why)
    with database.writing() as connection:
        changed = connection.execute(step).rowcount
        if changed and new is DeliveryState.PENDING:
            issues.reopen(connection, issue_id)
        return changed


def defer(database: Database, issue_id: IssueId, fence: Fence, ids: Sequence[SubscriberId], *, until: datetime, now: datetime) -> None:
    """Lets claimed deliveries wait because their domain has asked for less; that does not count as a try."""
    step = transition({DeliveryState.CLAIMED}, DeliveryState.DEFERRED, by_key=True).where(
        delivery.c.issue_id == issue_id, delivery.c.fence == fence, delivery.c.subscriber_id.in_(ids)
    )
    with database.writing() as connection:
        connection.execute(step.values(not_before=until, changed_at=now))


def assign_queues(database: Database, issue_id: IssueId, queues: Mapping[str, Sequence[str]]) -> None:
    """Records which deliveries belong to which queue of `mailer.toml`; the file may have changed since the freeze.

    :param queues: name of a queue → its recipient domains.
    """
    waiting = and_(delivery.c.issue_id == issue_id, delivery.c.state.in_(DUE))
    with database.writing() as connection:
        connection.execute(assign_queue("").where(waiting, delivery.c.queue.not_in(["", *queues])))
        for name, domains in queues.items():
            is_of_queue = or_(*(delivery.c.address.like(f"%@{domain}") for domain in domains))
            connection.execute(assign_queue(name).where(waiting, delivery.c.queue != name, is_of_queue))
            connection.execute(assign_queue("").where(waiting, delivery.c.queue == name, ~is_of_queue))


def counts(database: Database, issue_id: IssueId) -> Mapping[DeliveryState, int]:
    """How many deliveries are in each state? States without any are there with 0. Those to people who were erased since count too."""
    query = select(delivery.c.state, func.count()).where(delivery.c.issue_id == issue_id).group_by(delivery.c.state)
    erased = select(erased_delivery.c.state, erased_delivery.c.number).where(erased_delivery.c.issue_id == issue_id)
    counted = Counter[DeliveryState]()
    with database.reading() as connection:
        for state, number in [*connection.execute(query), *connection.execute(erased)]:
            counted[DeliveryState(state)] += int(number)
    return {state: counted[state] for state in DeliveryState}


def next_due(database: Database, issue_id: IssueId) -> datetime | None:
    """When is the next deferred delivery to be tried?"""
    query = select(func.min(delivery.c.not_before)).where(delivery.c.issue_id == issue_id, delivery.c.state == DeliveryState.DEFERRED)
    with database.reading() as connection:
        due: datetime | None = connection.execute(query).scalar_one()
        return due


def due_by_queue(database: Database) -> dict[str, int]:
    """How many deliveries of each queue are still to be tried, over all issues?"""
    query = select(delivery.c.queue, func.count()).where(delivery.c.state.in_([*UNDER_WAY]))
    open_issues = select(issue.c.id).where(issue.c.settled_at.is_(None))
    with database.reading() as connection:
        rows = connection.execute(query.where(delivery.c.issue_id.in_(open_issues)).group_by(delivery.c.queue))
        return {str(queue): int(number) for queue, number in rows}


def replies(database: Database, issue_id: IssueId, most: int) -> tuple[ReplyCount, ...]:
    """What did relays reply to messages that were not taken? The most frequent reply first."""
    number = func.count().label("number")
    query = select(delivery.c.state, delivery.c.code, number).where(delivery.c.issue_id == issue_id, delivery.c.state.in_(WITH_REPLY))
    query = query.group_by(delivery.c.state, delivery.c.code).order_by(number.desc(), delivery.c.state, delivery.c.code).limit(most)
    with database.reading() as connection:
        return tuple(ReplyCount(DeliveryState(row.state), row.code, row.number) for row in connection.execute(query))


def missed(database: Database, issue_id: IssueId) -> tuple[LedgerEntry, ...]:
    """Who has not got the issue, and why? In the order of states, then addresses."""
    query = _entries(and_(delivery.c.issue_id == issue_id, delivery.c.state.in_(MISSED)))
    with database.reading() as connection:
        return tuple(_entry(row) for row in connection.execute(query.order_by(delivery.c.state, delivery.c.address)))


def unsubscribed(database: Database, key: str) -> tuple[tuple[str, datetime], ...]:
    """Who has left the list, and since when? An issue is frozen without them."""
    query = select(subscriber.c.email, subscription.c.since).join_from(subscription, subscriber)
    query = query.where(subscription.c.list == key, subscription.c.state != SUBSCRIBED).order_by(subscriber.c.email)
    with database.reading() as connection:
        return tuple((row.email, row.since) for row in connection.execute(query))


def _is_due(issue_id: IssueId) -> ColumnElement[bool]:
    """The condition that a delivery of the issue may be tried. Parameters: those of `due_times`."""
    return and_(delivery.c.issue_id == issue_id, delivery.c.state.in_(DUE), claim_statements.HAS_TIME_COME, queue_stops.IS_OPEN)


def _entries(condition: ColumnElement[bool]) -> Any:
    columns = ("address", "state", "attempts", "code", "text", "message_id", "not_before", "changed_at")
    return select(issue.c.list, issue.c.number, *(delivery.c[name] for name in columns)).join_from(delivery, issue).where(condition)


def _entry(row: Row[Any]) -> LedgerEntry:
    return LedgerEntry(**{**row._asdict(), "state": DeliveryState(row.state)})


def printable(reply: str) -> str:
    """A relay's reply without control characters, which a terminal would obey, and not too long."""
    if reply.isprintable():
        return reply[:LONGEST_REPLY]
    return "".join(character if character.isprintable() else " " for character in reply)[:LONGEST_REPLY]
