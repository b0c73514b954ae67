"""The statements that claim rows, built once: to put one together costs more than to run it.

Due rows come back as one JSON text instead of row by row: each row that the driver fetches would ask for Python's global lock
beside an event loop that gives it back at every message. `DueRow` names the columns once; the query is generated from it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Final, Literal, NamedTuple

import msgspec
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Exists,
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
    exists,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from mailer.database.deliveries.transitions import transition
from mailer.database.returned import queue_stops
from mailer.database.schema import claim, delivery, digest_member, expired, issue, recorded_claim, server_clock, subscriber, subscription
from mailer.model.errors import ImpossibleValue
from mailer.model.ids import IssueId, SubscriberId
from mailer.model.issue import IssueStatus, ListClass
from mailer.model.readers.subscription import HTML, LIGHT, SUBSCRIBED
from mailer.model.retry_policy import EMERGENCY, NEWSLETTER
from mailer.model.state import DUE, DeliveryState

Moment = datetime | BindParameter[Any]
UNSUBSCRIBED: Final = ""
"""The `format` of a reader who is not subscribed any more."""


MOST_ATTEMPTS = 1_000_000
"""A delivery has a few dozen; the next number must find room in an `integer`."""


class DueRow(NamedTuple):
    """A delivery that may be claimed. `first_tried` is a time as the database writes it in JSON, or None."""

    subscriber_id: SubscriberId
    address: str
    name: str
    attempts: Annotated[int, msgspec.Meta(ge=0, le=MOST_ATTEMPTS)]
    first_tried: str | None
    format: Literal["", "html", "light"]
    token_version: int


_DUE_ROWS = msgspec.json.Decoder(list[DueRow])
_PLACE = re.compile(r"\$\[(\d+)\](?:\[(\d+)\])?")
_TABLES = {"name": "subscriber", "token_version": "subscriber", "format": "subscription"}


INSERT_CLAIM = (
    insert(claim)
    .values({name: bindparam(name) for name in ("issue_id", "token", "owner", "high_water_mark")})
    .values(lease_until=server_clock() + bindparam("lease", type_=Float()))
    .returning(claim.c.id)
)

INSERT_RECORDED = insert(recorded_claim).values(number=bindparam("number"), token=bindparam("name"))

RAISE_HIGH_WATER_MARK = (
    update(claim)
    .where(claim.c.id == bindparam("fence"))
    .values(high_water_mark=bindparam("up_to"), lease_until=server_clock() + bindparam("lease", type_=Float()))
)

DELETE_CLAIM = delete(claim).where(claim.c.id == bindparam("fence"))


def _claiming(old: Collection[DeliveryState]) -> Update:
    step = transition(old, DeliveryState.CLAIMED, by_key=True).where(delivery.c.issue_id == bindparam("issue"))
    return step.values(fence=bindparam("claim"), not_before=None, changed_at=bindparam("now"))


CLAIM_RANGE = _claiming({DeliveryState.PENDING}).where(
    delivery.c.subscriber_id.between(bindparam("first"), bindparam("last")),
    delivery.c.queue.concat("") == bindparam("in_queue"),  # `concat`: no index, as in `transition`
)
"""Claims all pending rows of a queue between two subscribers. Parameters: issue, claim, now, first, last, in_queue."""


def parse_due_rows(answer: str | None) -> list[DueRow]:
    """The rows in the one text that `due_query` selects; None if there are no rows (PostgreSQL).

    :raises ImpossibleValue: a column holds what it may not hold.
    """
    try:
        return _DUE_ROWS.decode(answer or "[]")
    except msgspec.DecodeError as error:
        raise _impossible(str(error)) from error


def _impossible(description: str) -> ImpossibleValue:
    """The decoder's words end with the place, as in "Expected `int`, got `str` - at `$[2][3]`": the third row, the fourth of its columns."""
    place = _PLACE.search(description)
    field = DueRow._fields[int(place[2])] if place is not None and place[2] else ""
    column = f"{_TABLES.get(field, 'delivery')}.{field}" if field else "delivery"
    return ImpossibleValue(column, description.partition(" - at ")[0].replace("`", ""))


@cache
def due_query(dialect: str, state: DeliveryState, fields: tuple[str, ...] = DueRow._fields, *, is_digest: bool = False) -> Select[Any]:
    """Up to `limit` due rows of a queue as one JSON array of arrays. On PostgreSQL they are locked, and locked ones are skipped.

    Parameters: issue_id, queue, limit, now, `end` of the issue; `after` (a subscriber) for pending rows; those of `due_times` for deferred ones.
    """
    wants = and_(
        subscription.c.subscriber_id == delivery.c.subscriber_id,
        subscription.c.list == issue.c.list,
        subscription.c.state == SUBSCRIBED,
    )
    columns: dict[str, ColumnElement[Any]] = {
        "subscriber_id": delivery.c.subscriber_id,
        "address": delivery.c.address,
        "name": subscriber.c.name,
        "attempts": delivery.c.attempts,
        "first_tried": delivery.c.first_tried,
        "token_version": subscriber.c.token_version,
        "format": _format_of_digest() if is_digest else case((subscription.c.state.is_(None), UNSUBSCRIBED), else_=subscription.c.format),
    }
    joined = delivery.join(subscriber, subscriber.c.id == delivery.c.subscriber_id).join(issue, issue.c.id == delivery.c.issue_id)
    query = select(*(columns[field].label(field) for field in fields))
    query = query.select_from(joined if is_digest else joined.outerjoin(subscription, wants))
    query = query.where(issue.c.status == IssueStatus.SENDING, or_(issue.c.send_at.is_(None), issue.c.send_at <= bindparam("now")))
    query = query.where(delivery.c.issue_id == bindparam("issue_id"), delivery.c.state == state, delivery.c.queue == bindparam("queue"))
    query = query.where(~_is_expired(), queue_stops.IS_OPEN)
    query = query.where(HAS_TIME_COME if state is DeliveryState.DEFERRED else delivery.c.subscriber_id > bindparam("after"))
    query = query.order_by(delivery.c.subscriber_id).limit(bindparam("limit"))
    rows = query.with_for_update(of=delivery, skip_locked=True).cte("due")
    if dialect == "postgresql":
        return select(cast(func.json_agg(func.json_build_array(*rows.c)), Text))
    return select(func.json_group_array(func.json_array(*rows.c)))


def _format_of_digest() -> ColumnElement[str]:
    """The format for a reader of a digest: light if one of its lists is, and none if the reader has left one of them."""
    member, carried = digest_member.alias("member"), issue.alias("carried")
    members = member.join(carried, carried.c.id == member.c.issue_id)
    own = and_(
        subscription.c.subscriber_id == delivery.c.subscriber_id, subscription.c.list == carried.c.list, subscription.c.state == SUBSCRIBED
    )
    mine = member.c.digest_id == delivery.c.issue_id
    has_left = exists(
        select(member.c.issue_id).select_from(members.outerjoin(subscription, own)).where(mine, subscription.c.state.is_(None))
    )
    is_light = exists(select(member.c.issue_id).select_from(members.join(subscription, own)).where(mine, subscription.c.format == LIGHT))
    return case((has_left.correlate(delivery), UNSUBSCRIBED), (is_light.correlate(delivery), LIGHT), else_=HTML)


def _is_expired() -> Exists:
    """Whether a sender's clock has seen the `end` of the issue. It names no row of the query around it, so it is looked for once."""
    ending = issue.alias("ending")
    seen = expired.join(ending, and_(ending.c.list == expired.c.list, ending.c.number == expired.c.number))
    return exists(
        select(expired.c.list).select_from(seen).where(ending.c.id == bindparam("issue_id"), expired.c.expires == bindparam("end"))
    )


def due_times(now: datetime) -> dict[str, datetime]:
    """The parameters of `HAS_TIME_COME`."""
    return {"now": now, "furthest": now + NEWSLETTER.furthest, "furthest_urgent": now + EMERGENCY.furthest}


def _has_time_come() -> ColumnElement[bool]:
    of_delivery = issue.alias("issue_of_delivery")
    list_class = select(of_delivery.c.list_class).where(of_delivery.c.id == delivery.c.issue_id).correlate(delivery).scalar_subquery()
    next_try = delivery.c.not_before
    is_too_far = or_(next_try > bindparam("furthest"), and_(next_try > bindparam("furthest_urgent"), list_class == ListClass.EMERGENCY))
    return or_(next_try.is_(None), next_try <= bindparam("now"), is_too_far)


HAS_TIME_COME = _has_time_come()
"""The condition that a deferred delivery may be tried. Parameters: those of `due_times`.

A next try further off than the policy of its class can set it was written by a clock that was wrong: it is due.
"""


@cache
def claim_numbers(dialect: str) -> Update:
    """Claims the due rows whose subscribers are in `numbers`. Parameters besides: issue, claim, now."""
    return _claiming(DUE).where(numbered(dialect))


def numbered_transition(
    dialect: str, old: Collection[DeliveryState], new: DeliveryState, issue_id: IssueId, ids: Iterable[SubscriberId]
) -> Update:
    """A change of state of these subscribers' rows."""
    among = numbered(dialect).bindparams(numbers=join_numbers(ids))
    return transition(old, new, by_key=True).where(delivery.c.issue_id == issue_id, among)


def join_numbers(ids: Iterable[SubscriberId]) -> str:
    """The value of the parameter `numbers`: one parameter however many rows there are."""
    return ",".join(map(str, ids))


def numbered(dialect: str) -> TextClause:
    """The condition that a delivery's subscriber is among the parameter `numbers` (`join_numbers`)."""
    if dialect == "postgresql":
        return text("delivery.subscriber_id = ANY(CAST(string_to_array(:numbers, ',') AS integer[]))")
    return text("delivery.subscriber_id IN (SELECT value FROM json_each('[' || :numbers || ']'))")
