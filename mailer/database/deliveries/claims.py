"""Batches of an issue, claimed by one process at a time: a lease, a fencing token, and what happens when the holder dies."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter

from sqlalchemy import ColumnElement, Connection, and_, delete, select
from sqlalchemy.exc import OperationalError

from mailer.database.deliveries import claim_statements, issues
from mailer.database.deliveries.claim_statements import DueRow
from mailer.database.deliveries.transitions import transition
from mailer.database.engine import Database
from mailer.database.schema import claim, delivery, server_clock, subscriber, subscription
from mailer.database.stored_values import describe
from mailer.model.clock import FIRST_YEAR, LAST_YEAR
from mailer.model.errors import ImpossibleValue
from mailer.model.ids import Fence, IssueId, SubscriberId
from mailer.model.issue import UNSUBSCRIBED_LATER, FrozenIssue
from mailer.model.readers.subscription import LIGHT
from mailer.model.recipient import ClaimedRow
from mailer.model.state import DUE, DeliveryState

HOLDER_LOST = "its sender vanished while this message may have been on its way: it may or may not have arrived"


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch. `fence` is the number of the claim; bodies up to the subscriber `high_water_mark` may leave before the next
    `raise_high_water_mark`. `rows` are in the order of their subscribers.
    """

    fence: Fence
    issue_id: IssueId
    token: str
    rows: tuple[ClaimedRow, ...]
    high_water_mark: SubscriberId


@dataclass(frozen=True, slots=True)
class OpenClaim:
    """A claim of any process, as `delivery.recovery` finds it. `token` names its journal."""

    fence: Fence
    issue_id: IssueId
    token: str
    owner: str


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """Which batch to claim: up to `limit` rows. Pending rows are taken from behind the subscriber `after` on; the first `window` of
    them may leave at once. `content`: the issue as it was compared with the audit log; the database must hold the same words. None: they are not
    looked at. `end`: when it is too late for the issue; nothing is claimed if a sender's clock has been there. `is_recorded`: the claim will be
    written down outside too (`sending_right`), and the database knows its name for good. `is_digest`: its readers must still want each of the lists
    that it carries.
    """

    issue_id: IssueId
    queue: str
    after: int = 0
    limit: int = 500
    window: int = 500
    content: FrozenIssue | None = None
    end: datetime | None = None
    is_recorded: bool = False
    is_digest: bool = False


def claim_batch(database: Database, request: ClaimRequest, *, token: str, owner: str, lease: float, now: datetime) -> Claim | None:
    """Claims due rows of a queue: pending ones in the order of subscribers, then deferred ones. None if there are none,
    or the issue is paused, cancelled or expired.

    Readers who have unsubscribed meanwhile become `suppressed` in the same transaction and are not among the rows. If nobody else
    is left, the claim has no rows and is not in the database.

    :raises ContentChanged: the words of the issue in the database are no longer those that were frozen.
    """
    with database.writing() as connection:
        if request.content is not None:
            issues.require_content(connection, request.content)
        due = _due_rows(connection, request, DeliveryState.PENDING, now, request.limit)
        is_range = len(due) == request.limit
        if not is_range:
            due += _due_rows(connection, request, DeliveryState.DEFERRED, now, request.limit - len(due))
            due.sort(key=attrgetter("subscriber_id"))
        if not due:
            return None
        _suppress_unsubscribed(connection, request.issue_id, due, now)
        rows = _subscribed(due)
        if not rows:
            return Claim(Fence(0), request.issue_id, token, (), SubscriberId(0))
        mark = rows[min(request.window, len(rows)) - 1].subscriber_id
        values = {"issue_id": request.issue_id, "token": token, "owner": owner, "high_water_mark": mark, "lease": lease}
        fence = connection.execute(claim_statements.INSERT_CLAIM, values).scalar_one()
        if request.is_recorded:
            connection.execute(claim_statements.INSERT_RECORDED, {"number": fence, "name": record_token(token)})
        _claim_rows(connection, request, rows, fence, now, is_range=is_range)
        return Claim(fence, request.issue_id, token, rows, mark)


def record_token(token: str) -> str:
    """The random part of a claim's token, by which the claim is known outside: the name of the machine stays here."""
    return token.rpartition("/")[2]


def raise_high_water_mark(database: Database, held: Claim, subscriber_id: SubscriberId, *, lease: float) -> bool:
    """Lets bodies up to this subscriber leave and renews the lease, durably. False: another process has taken the batch over."""
    values = {"fence": held.fence, "up_to": subscriber_id, "lease": lease}
    with database.writing() as connection:
        return connection.execute(claim_statements.RAISE_HIGH_WATER_MARK, values).rowcount == 1


def end(connection: Connection, fence: Fence, issue_id: IssueId, now: datetime, *, is_complete: bool = False) -> None:
    """Ends a claim: a row that it still holds has not left and is pending again. `is_complete`: it holds none any more."""
    if not is_complete:
        give_back = transition({DeliveryState.CLAIMED}, DeliveryState.PENDING).where(_of_claim(issue_id, fence))
        connection.execute(give_back.values(changed_at=now))
    connection.execute(claim_statements.DELETE_CLAIM, {"fence": fence})


def open_claims(database: Database, *, expired_only: bool = False) -> tuple[OpenClaim, ...]:
    """The open claims of all processes, or those whose lease is over."""
    query = select(claim.c.id, claim.c.issue_id, claim.c.token, claim.c.owner).order_by(claim.c.id)
    if expired_only:
        query = query.where(claim.c.lease_until < server_clock())
    with database.reading() as connection:
        return tuple(OpenClaim(*row) for row in connection.execute(query))


def take_over(database: Database, held: OpenClaim, *, now: datetime, only_expired: bool = True) -> int:
    """Takes a batch away from a holder whose journal is not here. How many of its messages are now `unknown`?

    Bodies behind the high-water mark cannot have left and are pending again; of the others nobody here can know. The claim is
    deleted, so the late holder's next `raise_high_water_mark` fails and it sends nothing more.
    """
    with database.writing() as connection:
        query = select(claim.c.high_water_mark).where(claim.c.id == held.fence)
        if only_expired:
            query = query.where(claim.c.lease_until < server_clock())
        mark = connection.execute(query.with_for_update()).scalar_one_or_none()
        if mark is None:
            return 0
        return doubt(connection, held.fence, held.issue_id, mark, now)


def doubt(connection: Connection, fence: Fence, issue_id: IssueId, mark: SubscriberId, now: datetime) -> int:
    """Ends a claim whose journal is lost: rows that it still holds are `unknown` up to the high-water mark, and pending behind it."""
    connection.execute(delete(claim).where(claim.c.id == fence))
    mine = _of_claim(issue_id, fence)
    in_doubt = transition({DeliveryState.CLAIMED}, DeliveryState.UNKNOWN).where(mine, delivery.c.subscriber_id <= mark)
    lost = connection.execute(in_doubt.values(text=HOLDER_LOST, changed_at=now)).rowcount
    give_back = transition({DeliveryState.CLAIMED}, DeliveryState.PENDING).where(mine)
    connection.execute(give_back.values(not_before=None, changed_at=now))
    return lost


def release_never_sent(database: Database, fence: Fence, issue_id: IssueId, intended: Container[SubscriberId], *, now: datetime) -> int:
    """The journal of a batch has come back: a row that it does not mention has never left. How many are pending again?"""
    query = select(delivery.c.subscriber_id).where(_of_claim(issue_id, fence))
    query = query.where(delivery.c.state == DeliveryState.UNKNOWN, delivery.c.text == HOLDER_LOST)
    with database.writing() as connection:
        never_sent = [number for number in connection.execute(query).scalars() if number not in intended]
        step = claim_statements.numbered_transition(
            connection.dialect.name, {DeliveryState.UNKNOWN}, DeliveryState.PENDING, issue_id, never_sent
        )
        connection.execute(step.values(text="", changed_at=now))
        return len(never_sent)


def _of_claim(issue_id: IssueId, fence: Fence) -> ColumnElement[bool]:
    """Rows that the claim holds, or held last."""
    return and_(delivery.c.issue_id == issue_id, delivery.c.fence == fence)


def _due_rows(connection: Connection, request: ClaimRequest, state: DeliveryState, now: datetime, limit: int) -> list[DueRow]:
    query = claim_statements.due_query(connection.dialect.name, state, is_digest=request.is_digest)
    values = {"issue_id": request.issue_id, "queue": request.queue, "after": request.after, "limit": limit, "end": request.end}
    values |= claim_statements.due_times(now)
    try:
        return claim_statements.parse_due_rows(connection.execute(query, values).scalar_one())
    except OperationalError:  # SQLite makes no JSON of a BLOB, and does not say of which
        _find_impossible(connection, request.issue_id)
        raise


def _find_impossible(connection: Connection, issue_id: IssueId) -> None:
    """Read the columns that a claim reads one by one.

    :raises ImpossibleValue: one of them holds what it may not hold.
    """
    mine, reader = delivery.c.issue_id == issue_id, subscriber.c.id == delivery.c.subscriber_id
    for columns in (
        select(delivery.c.address, delivery.c.attempts, delivery.c.first_tried).where(mine),
        select(subscriber.c.name, subscriber.c.token_version).join(delivery, reader).where(mine),
        select(subscription.c.format).join(delivery, subscription.c.subscriber_id == delivery.c.subscriber_id).where(mine),
    ):
        for _ in connection.execute(columns):
            pass


def _subscribed(due: Sequence[DueRow]) -> tuple[ClaimedRow, ...]:
    return tuple(
        [
            ClaimedRow(
                row.subscriber_id,
                row.address,
                row.name,
                row.attempts,
                _parse_time(row.first_tried) if row.first_tried else None,
                row.format == LIGHT,
                row.token_version,
            )
            for row in due
            if row.format != claim_statements.UNSUBSCRIBED
        ]
    )


def _parse_time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ImpossibleValue("delivery.first_tried", describe(text))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _suppress_unsubscribed(connection: Connection, issue_id: IssueId, due: Sequence[DueRow], now: datetime) -> None:
    unsubscribed = [row.subscriber_id for row in due if row.format == claim_statements.UNSUBSCRIBED]
    if unsubscribed:
        step = claim_statements.numbered_transition(connection.dialect.name, DUE, DeliveryState.SUPPRESSED, issue_id, unsubscribed)
        connection.execute(step.values(text=UNSUBSCRIBED_LATER, not_before=None, changed_at=now))


def _claim_rows(
    connection: Connection, request: ClaimRequest, rows: Sequence[ClaimedRow], fence: Fence, now: datetime, *, is_range: bool
) -> None:
    """`is_range`: these are all rows that are pending in the queue between the first and the last of them."""
    values = {"issue": request.issue_id, "claim": fence, "now": now}
    # A range only on SQLite: on PostgreSQL rows between the first and the last may be locked by another machine that claims them.
    if is_range and connection.dialect.name == "sqlite":
        values |= {"first": rows[0].subscriber_id, "last": rows[-1].subscriber_id, "in_queue": request.queue}
        connection.execute(claim_statements.CLAIM_RANGE, values)
    else:
        values["numbers"] = claim_statements.join_numbers(row.subscriber_id for row in rows)
        connection.execute(claim_statements.claim_numbers(connection.dialect.name), values)
