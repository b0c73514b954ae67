"""A ledger that is older than what was sent: how it is told apart, and how what has left is put into it.

Every ledger has a random name and a generation. Senders remember both, the file, and the highest fence they have claimed under. A
backup that is put back has an older fence or another file; the operator's `adopt-restored` marks what journals know and begins a new
generation, with fences far above all that were used.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Update, and_, delete, insert, or_, select, text, true, update

from mailer.database import rights
from mailer.database.announcements import posts
from mailer.database.deliveries import claim_statements, claims
from mailer.database.deliveries.transitions import transition
from mailer.database.engine import Database, sqlite_file
from mailer.database.schema import claim, delivery, issue, ledger, sent_before, subscriber
from mailer.model.ids import Fence, IssueId, SubscriberId
from mailer.model.issue import CALLED_OFF, IssueRef
from mailer.model.state import DUE, DeliveryState
from sending_right.records import Right

GAP = 1_000_000
"""Other machines may have claimed under higher fences than this one knows, and people joined after the backup whose links are still in
their mail: no number of either is given again. Two thousand restored backups fit into the columns.
"""
ADOPTED = "by the journals, when the database was restored"
MOST_NUMBERS = 500
"""Subscribers in one statement."""


@dataclass(frozen=True, slots=True)
class LedgerIdentity:
    """Which ledger this is: `name` is random, `file` the inode of SQLite's file or the OIDs of PostgreSQL's table."""

    name: str
    file: str
    generation: int
    last_fence: Fence


@dataclass(frozen=True, slots=True)
class Evidence:
    """What left under one claim: the numbers of those who were sent a message, and of those of whom it is unknown.

    `is_foreign`: a copy of this ledger made the claim, so its number says nothing of which deliveries here were claimed before or after.
    """

    ref: IssueRef
    fence: Fence
    sent: Sequence[SubscriberId]
    unknown: Sequence[SubscriberId]
    is_foreign: bool = False


@dataclass(frozen=True, slots=True)
class Marked:
    """How many deliveries of an issue were marked. `is_known`: the issue is in the ledger; otherwise they are kept for its freeze."""

    ref: IssueRef
    sent: int
    unknown: int
    is_known: bool


def identify(database: Database) -> LedgerIdentity:
    """Which ledger is it?"""
    with database.reading() as connection:
        name, generation = connection.execute(select(ledger.c.name, ledger.c.generation)).one()
        return LedgerIdentity(name, _file(database, connection), generation, Fence(_last_number(connection, "claim")))


def is_uncounted(database: Database, ref: str, fence: Fence, ids: Collection[SubscriberId]) -> bool:
    """Whether the ledger does not know what a claim did to one of these subscribers' deliveries. `ref` is LIST/NUMBER.

    A delivery that the claim has touched keeps its fence, or has that of a later claim. One that was erased cannot be sent again.
    """
    if not ids:
        return False
    with database.reading() as connection:
        issue_id = _issue_id(connection, IssueRef.parse(ref))
        if issue_id is None:
            return True
        for numbers in _in_portions(sorted(ids)):
            among = claim_statements.numbered(connection.dialect.name).bindparams(numbers=claim_statements.join_numbers(numbers))
            query = select(delivery.c.subscriber_id).where(delivery.c.issue_id == issue_id, among, _is_behind(fence)).limit(1)
            if connection.execute(query).first() is not None:
                return True
    return False


def sent_under(database: Database, issue_id: IssueId, fence: Fence) -> frozenset[SubscriberId]:
    """Which deliveries does the ledger know to be sent under this claim?"""
    query = select(delivery.c.subscriber_id).where(delivery.c.issue_id == issue_id, delivery.c.fence == fence)
    with database.reading() as connection:
        return frozenset(connection.execute(query.where(delivery.c.state == DeliveryState.SENT)).scalars())


@dataclass(frozen=True, slots=True)
class Adoption:
    """What to put into a restored ledger: what left, and the claims of which that is the whole account (`settled`).

    `right`: the right to send that was taken, if one was.
    """

    evidence: Sequence[Evidence]
    settled: Collection[Fence]
    generation: int
    highest_fence: Fence
    right: Right | None = None


def adopt(database: Database, adoption: Adoption, *, is_alone: bool, now: datetime, keep: bool = True) -> tuple[Marked, ...]:
    """Marks what has left, in one transaction, and begins the generation if the ledger is not there yet. `keep=False` is a dry run.

    :param is_alone: no other process can be sending: every open claim is a dead one's. Otherwise only settled claims are ended.
    """
    with database.writing(keep=keep) as connection:
        marked: dict[IssueRef, Marked] = {}
        for each in sorted(adoption.evidence, key=lambda evidence: evidence.fence):
            before, more = marked.get(each.ref), _apply(connection, each, now)
            marked[each.ref] = (
                more if before is None else Marked(each.ref, before.sent + more.sent, before.unknown + more.unknown, more.is_known)
            )
        _end_claims(connection, adoption.settled, now, is_alone=is_alone)
        if connection.execute(select(ledger.c.generation)).scalar_one() < adoption.generation:
            connection.execute(update(ledger).values(generation=adoption.generation))
            posts.mark_restored(connection, now)
            _raise_numbers(connection, "claim", max(adoption.highest_fence, _last_number(connection, "claim")) + GAP)
            _raise_numbers(connection, "subscriber", _last_number(connection, "subscriber") + GAP)
        if adoption.right is not None:
            rights.write(connection, adoption.right)
    return tuple(marked.values())


def mark_sent_before(connection: Connection, issue_id: IssueId, ref: IssueRef, now: datetime) -> None:
    """An issue has just been frozen: those who got it before the ledger was restored get it no more."""
    mine = and_(sent_before.c.list == ref.list, sent_before.c.number == ref.number)
    for state in (DeliveryState.SENT, DeliveryState.UNKNOWN):
        ids = select(sent_before.c.subscriber_id).where(mine, sent_before.c.state == state)
        rows = and_(delivery.c.issue_id == issue_id, delivery.c.subscriber_id.in_(ids))
        connection.execute(transition({DeliveryState.HELD}, DeliveryState.PENDING).where(rows))
        connection.execute(transition({DeliveryState.PENDING}, DeliveryState.CLAIMED).where(rows))
        connection.execute(transition({DeliveryState.CLAIMED}, state).where(rows).values(text=ADOPTED, changed_at=now))


def _apply(connection: Connection, evidence: Evidence, now: datetime) -> Marked:
    issue_id = _issue_id(connection, evidence.ref)
    if issue_id is None:
        sent = _keep_for_freeze(connection, evidence.ref, evidence.sent, DeliveryState.SENT)
        unknown = _keep_for_freeze(connection, evidence.ref, evidence.unknown, DeliveryState.UNKNOWN)
    else:
        sent = _mark(connection, issue_id, evidence, evidence.sent, DeliveryState.SENT, now)
        unknown = _mark(connection, issue_id, evidence, evidence.unknown, DeliveryState.UNKNOWN, now)
        # A backup of a cancelled issue does not have those who have joined until it was frozen anew.
        sent += _keep_for_freeze(connection, evidence.ref, _without_delivery(connection, issue_id, evidence.sent), DeliveryState.SENT)
        missing = _without_delivery(connection, issue_id, evidence.unknown)
        unknown += _keep_for_freeze(connection, evidence.ref, missing, DeliveryState.UNKNOWN)
    return Marked(evidence.ref, sent, unknown, issue_id is not None)


def _mark(
    connection: Connection, issue_id: IssueId, evidence: Evidence, ids: Sequence[SubscriberId], new: DeliveryState, now: datetime
) -> int:
    """Along the table of states: what was refused for good or called off becomes pending first, what is due is claimed, what is claimed ends."""
    dialect, changed, fence = connection.dialect.name, 0, evidence.fence
    is_sent, is_concerned = new is DeliveryState.SENT, true() if evidence.is_foreign else _is_behind(fence)
    for numbers in _in_portions(ids):

        def change(old: Collection[DeliveryState], state: DeliveryState, part: Sequence[SubscriberId] = numbers) -> Update:
            return claim_statements.numbered_transition(dialect, old, state, issue_id, part).where(is_concerned)

        def step(change: Update) -> int:
            return connection.execute(change.values(fence=fence, not_before=None, changed_at=now, text=ADOPTED)).rowcount

        # Not fenced yet: the steps that follow must still find these rows behind the claim.
        connection.execute(change({DeliveryState.SUPPRESSED}, DeliveryState.PENDING).where(delivery.c.text == CALLED_OFF))
        connection.execute(change({DeliveryState.HELD}, DeliveryState.PENDING))
        if is_sent:
            connection.execute(change({DeliveryState.FAILED}, DeliveryState.PENDING))
            changed += step(change({DeliveryState.UNKNOWN}, new))
        # Fenced first, so that the second step finds the same rows: `_is_behind` holds for a claimed row of this fence.
        step(change(DUE, DeliveryState.CLAIMED))
        changed += step(change({DeliveryState.CLAIMED}, new))
    return changed


def _without_delivery(connection: Connection, issue_id: IssueId, ids: Sequence[SubscriberId]) -> list[SubscriberId]:
    missing: list[SubscriberId] = []
    for numbers in _in_portions(ids):
        mine = and_(delivery.c.issue_id == issue_id, delivery.c.subscriber_id.in_(numbers))
        missing += sorted({*numbers} - {*connection.execute(select(delivery.c.subscriber_id).where(mine)).scalars()})
    return missing


def _is_behind(fence: Fence) -> ColumnElement[bool]:
    """Whether a delivery does not know of the claim: it was never claimed, last under an earlier one, or is claimed still."""
    is_held = and_(delivery.c.fence == fence, delivery.c.state.concat("") == DeliveryState.CLAIMED)
    return or_(delivery.c.fence.is_(None), delivery.c.fence < fence, is_held)


def _keep_for_freeze(connection: Connection, ref: IssueRef, ids: Sequence[SubscriberId], state: DeliveryState) -> int:
    """Only people whom the restored ledger has: a later one may get the number of somebody who joined after the backup."""
    kept = 0
    for numbers in _in_portions(ids):
        known = select(subscriber.c.id).where(subscriber.c.id.in_(numbers))
        mine = and_(sent_before.c.list == ref.list, sent_before.c.number == ref.number, sent_before.c.subscriber_id.in_(numbers))
        if state is DeliveryState.UNKNOWN:  # what was sent under another claim stays sent
            known = known.where(subscriber.c.id.not_in(select(sent_before.c.subscriber_id).where(mine)))
        else:
            connection.execute(delete(sent_before).where(mine))
        rows = [
            {"list": ref.list, "number": ref.number, "subscriber_id": number, "state": state}
            for number in connection.execute(known).scalars()
        ]
        if rows:
            connection.execute(insert(sent_before), rows)
        kept += len(rows)
    return kept


def _end_claims(connection: Connection, settled: Collection[Fence], now: datetime, *, is_alone: bool) -> None:
    for fence, issue_id, mark in connection.execute(select(claim.c.id, claim.c.issue_id, claim.c.high_water_mark)).all():
        if fence in settled:
            claims.end(connection, fence, issue_id, now)
        elif is_alone:
            claims.doubt(connection, fence, issue_id, mark, now)


def _issue_id(connection: Connection, ref: IssueRef) -> IssueId | None:
    return connection.execute(select(issue.c.id).where(issue.c.list == ref.list, issue.c.number == ref.number)).scalar_one_or_none()


def _file(database: Database, connection: Connection) -> str:
    file = sqlite_file(database.address)
    if file is not None:
        return f"{file.stat().st_ino}" if file.exists() else ""
    oids = "SELECT (SELECT oid FROM pg_database WHERE datname = current_database()) || '/' || CAST('delivery' AS regclass)::oid"
    return str(connection.execute(text(oids)).scalar_one())


def _last_number(connection: Connection, table: str) -> int:
    """The last number that was given in a table. Its name is one of this module's, never a value from outside."""
    if connection.dialect.name == "postgresql":
        query = f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {table}_id_seq"  # noqa: S608 - see above
    else:
        query = f"SELECT max(seq) FROM sqlite_sequence WHERE name = '{table}'"  # noqa: S608
    return int(connection.execute(text(query)).scalar_one() or 0)


def _raise_numbers(connection: Connection, table: str, last: int) -> None:
    """The next number in the table is higher than this one."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT setval('{table}_id_seq', :last)"), {"last": last})
        return
    connection.execute(text(f"DELETE FROM sqlite_sequence WHERE name = '{table}'"))  # noqa: S608
    connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"), {"name": table, "last": last})


def _in_portions(ids: Sequence[SubscriberId]) -> list[Sequence[SubscriberId]]:
    return [ids[start : start + MOST_NUMBERS] for start in range(0, len(ids), MOST_NUMBERS)]
