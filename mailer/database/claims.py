"""Slices of an issue, claimed by one process at a time: a lease, a fencing token, and what happens when the holder dies."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    Connection,
    Float,
    Select,
    Text,
    TextClause,
    Update,
    and_,
    bindparam,
    case,
    cast,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from mailer.database.engine import Database
from mailer.database.schema import claim, delivery, issue, server_clock, subscriber, subscription
from mailer.database.subscriptions import SUBSCRIBED
from mailer.model.issue import IssueStatus
from mailer.model.recipient import ClaimedRow
from mailer.model.state import DeliveryState
from mailer.model.subscription import LIGHT

LEFT = "unsubscribed after the issue was frozen"


GONE = ""  # the form of who has unsubscribed


HOLDER_LOST = "its sender vanished while this message may have been on its way: it may or may not have arrived"


@dataclass(frozen=True, slots=True)
class Claim:
    """A slice. `fence` is its number; `reached` the last subscriber whose body may leave before the next `raise_high_water_mark`."""

    fence: int
    issue_id: int
    token: str
    rows: tuple[ClaimedRow, ...]
    high_water_mark: int


@dataclass(frozen=True, slots=True)
class OpenClaim:
    """A claim of whatever process, as `recovery` finds it."""

    fence: int
    issue_id: int
    token: str
    owner: str


# Put together once: that costs more than to run them.
ADVANCE = (
    update(claim)
    .where(claim.c.id == bindparam("fence"))
    .values(reached=bindparam("up_to"), lease_until=server_clock() + bindparam("lease", type_=Float()))
)


END = delete(claim).where(claim.c.id == bindparam("fence"))


CLAIMED = (
    update(delivery)
    .where(delivery.c.issue_id == bindparam("issue"))
    .values(state=DeliveryState.CLAIMED, fence=bindparam("claim"), not_before=None, changed_at=bindparam("now"))
)


# The plus signs keep SQLite to the order of the key, which this does not change.
CLAIM_STRETCH = CLAIMED.where(
    text("delivery.subscriber_id BETWEEN :first AND :last AND +delivery.state = 'pending' AND +delivery.lane = :in_lane")
)


CLAIM = (
    insert(claim)
    .values({name: bindparam(name) for name in ("issue_id", "token", "owner", "reached")})
    .values(lease_until=server_clock() + bindparam("lease", type_=Float()))
    .returning(claim.c.id)
)


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """Which slice to claim. `after`: pending rows are taken from behind this subscriber on; `window`: rows that may leave at once."""

    issue_id: int
    lane: str
    after: int = 0
    limit: int = 500
    window: int = 500


def claim_batch(database: Database, wanted: ClaimRequest, *, token: str, owner: str, lease: float, now: datetime) -> Claim | None:
    """Claims due rows of a lane: pending ones in the order of subscribers, then deferred ones. None if there are none,
    or the issue is paused or cancelled.

    Whoever has unsubscribed meanwhile becomes `suppressed` in the same transaction and is not among the rows.
    """
    with database.writing() as connection:
        found = _due(connection, wanted, DeliveryState.PENDING, now, wanted.limit)
        is_stretch = len(found) == wanted.limit
        if not is_stretch:
            found += _due(connection, wanted, DeliveryState.DEFERRED, now, wanted.limit - len(found))
            found.sort(key=itemgetter(0))
        if not found:
            return None
        gone = [number for number, *_, form in found if form == GONE]
        rows = tuple(
            ClaimedRow(number, address, name, attempts, first and _moment(first), form == LIGHT)
            for number, address, name, attempts, first, form in found
            if form != GONE
        )
        _suppress(connection, wanted.issue_id, gone, now)
        if not rows:
            return Claim(0, wanted.issue_id, token, (), 0)
        reached = rows[min(wanted.window, len(rows)) - 1].subscriber_id
        values = {"issue_id": wanted.issue_id, "token": token, "owner": owner, "reached": reached, "lease": lease}
        fence = connection.execute(CLAIM, values).scalar_one()
        _claim_rows(connection, wanted, rows, fence, now, is_stretch=is_stretch)
        return Claim(fence, wanted.issue_id, token, rows, reached)


def raise_high_water_mark(database: Database, found: Claim, reached: int, *, lease: float) -> bool:
    """Lets bodies up to `reached` leave and renews the lease, durably. False: somebody else has taken the slice over."""
    with database.writing() as connection:
        return connection.execute(ADVANCE, {"fence": found.fence, "up_to": reached, "lease": lease}).rowcount == 1


def end(connection: Connection, fence: int, issue_id: int, now: datetime, *, is_whole: bool = False) -> None:
    """Ends a claim: what it holds and has no result has not left, and is pending again. `is_whole`: it holds nothing any more."""
    if not is_whole:
        mine = and_(delivery.c.issue_id == issue_id, delivery.c.state == DeliveryState.CLAIMED, delivery.c.fence == fence)
        connection.execute(update(delivery).where(mine).values(state=DeliveryState.PENDING, changed_at=now))
    connection.execute(END, {"fence": fence})


def open_claims(database: Database, *, expired_only: bool = False) -> tuple[OpenClaim, ...]:
    """The open claims of all processes."""
    columns = (claim.c.id, claim.c.issue_id, claim.c.token, claim.c.owner)
    with database.reading() as connection:
        query = select(*columns).order_by(claim.c.id)
        if expired_only:
            query = query.where(claim.c.lease_until < server_clock())
        return tuple(OpenClaim(*row) for row in connection.execute(query))


def take_over(database: Database, found: OpenClaim, *, now: datetime, only_expired: bool = True) -> int:
    """Takes a slice away from a holder whose journal is not here. How many of its messages are now `unknown`?

    Bodies behind `reached` cannot have left and are pending again; of the others nobody here can know. The claim is
    gone afterwards, so the late holder's next `raise_high_water_mark` fails, and it sends nothing more.
    """
    with database.writing() as connection:
        query = select(claim.c.reached).where(claim.c.id == found.fence)
        if only_expired:
            query = query.where(claim.c.lease_until < server_clock())
        reached = connection.execute(query.with_for_update()).scalar_one_or_none()
        if reached is None:
            return 0
        connection.execute(delete(claim).where(claim.c.id == found.fence))
        mine = and_(delivery.c.issue_id == found.issue_id, delivery.c.fence == found.fence, delivery.c.state == DeliveryState.CLAIMED)
        doubtful = update(delivery).where(mine, delivery.c.subscriber_id <= reached)
        lost = connection.execute(doubtful.values(state=DeliveryState.UNKNOWN, text=HOLDER_LOST, changed_at=now)).rowcount
        connection.execute(update(delivery).where(mine).values(state=DeliveryState.PENDING, not_before=None, changed_at=now))
        return lost


def release_never_sent(database: Database, fence: int, issue_id: int, intended: Container[int], *, now: datetime) -> int:
    """The journal of a slice has come back: what it does not mention has never left. How many are pending again?"""
    mine = and_(delivery.c.issue_id == issue_id, delivery.c.fence == fence, delivery.c.state == DeliveryState.UNKNOWN)
    with database.writing() as connection:
        doubted = connection.execute(select(delivery.c.subscriber_id).where(mine, delivery.c.text == HOLDER_LOST)).scalars().all()
        freed = [number for number in doubted if number not in intended]
        connection.execute(_rows(connection, issue_id, freed).values(state=DeliveryState.PENDING, text="", changed_at=now))
        return len(freed)


def _due(connection: Connection, wanted: ClaimRequest, state: DeliveryState, now: datetime, limit: int) -> list[list[Any]]:
    """Number, address, name, attempts, first try and form of each."""
    values = {"issue_id": wanted.issue_id, "lane": wanted.lane, "after": wanted.after, "now": now, "limit": limit}
    found: list[list[Any]] = json.loads(connection.execute(_due_query(connection.dialect.name, state), values).scalar_one() or "[]")
    return found


@cache
def _due_query(dialect: str, state: DeliveryState) -> Select[Any]:
    """Made once: to put it together costs more than to run it.

    All rows come as one text: fetched one by one, each would ask for the interpreter's lock.
    """
    wants = and_(
        subscription.c.subscriber_id == delivery.c.subscriber_id,
        subscription.c.list == issue.c.list,
        subscription.c.state == SUBSCRIBED,
    )
    form = case((subscription.c.state.is_(None), GONE), else_=subscription.c.format)
    columns = (delivery.c.subscriber_id, delivery.c.address, subscriber.c.name, delivery.c.attempts, delivery.c.first_tried)
    joined = delivery.join(subscriber, subscriber.c.id == delivery.c.subscriber_id).join(issue, issue.c.id == delivery.c.issue_id)
    query = select(*columns, form.label("form")).select_from(joined.outerjoin(subscription, wants))
    query = query.where(issue.c.status == IssueStatus.SENDING)
    query = query.where(delivery.c.issue_id == bindparam("issue_id"), delivery.c.state == state, delivery.c.lane == bindparam("lane"))
    if state is DeliveryState.DEFERRED:
        query = query.where(or_(delivery.c.not_before.is_(None), delivery.c.not_before <= bindparam("now")))
    else:
        query = query.where(delivery.c.subscriber_id > bindparam("after"))
    query = query.order_by(delivery.c.subscriber_id).limit(bindparam("limit"))
    rows = query.with_for_update(of=delivery, skip_locked=True).cte("due")
    if dialect == "postgresql":
        return select(cast(func.json_agg(func.json_build_array(*rows.c)), Text))
    return select(func.json_group_array(func.json_array(*rows.c)))


def _moment(written: str) -> datetime:
    found = datetime.fromisoformat(written)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _suppress(connection: Connection, issue_id: int, ids: list[int], now: datetime) -> None:
    if ids:
        step = _rows(connection, issue_id, ids)
        connection.execute(step.values(state=DeliveryState.SUPPRESSED, text=LEFT, not_before=None, changed_at=now))


def _claim_rows(
    connection: Connection, wanted: ClaimRequest, rows: Sequence[ClaimedRow], fence: int, now: datetime, *, is_stretch: bool
) -> None:
    """`is_stretch`: they are all that is pending in the lane between the first and the last."""
    values = {"issue": wanted.issue_id, "claim": fence, "now": now}
    if is_stretch and connection.dialect.name == "sqlite":  # PostgreSQL has skipped what others are claiming at the same time
        values |= {"first": rows[0].subscriber_id, "last": rows[-1].subscriber_id, "in_lane": wanted.lane}
        connection.execute(CLAIM_STRETCH, values)
    else:
        values["numbers"] = ",".join([str(row.subscriber_id) for row in rows])
        connection.execute(_claiming(connection.dialect.name), values)


@cache
def _claiming(dialect: str) -> Update:
    """As `_due_query`, made once."""
    return CLAIMED.where(_among(dialect))


def _rows(connection: Connection, issue_id: int, ids: Iterable[int]) -> Update:
    """An update of these rows."""
    among = _among(connection.dialect.name).bindparams(numbers=",".join(map(str, ids)))
    return update(delivery).where(delivery.c.issue_id == issue_id, among)


def _among(dialect: str) -> TextClause:
    """Those whose numbers are in `numbers`, with commas between them: one parameter however many they are."""
    if dialect == "postgresql":
        return text("delivery.subscriber_id = ANY(CAST(string_to_array(:numbers, ',') AS integer[]))")
    return text("delivery.subscriber_id IN (SELECT value FROM json_each('[' || :numbers || ']'))")
