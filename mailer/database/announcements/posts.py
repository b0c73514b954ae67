"""Posts: what is known of them, and how new ones are entered. A plan is made from what the table holds, in the transaction that carries it out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, func, select, text

from mailer.database import audit_log
from mailer.database.announcements.states import DUE, OPEN, PostState
from mailer.database.announcements.transitions import insert_initial, rewrite_untried, transition
from mailer.database.engine import Database
from mailer.database.schema import announcement_post, announcement_restoration
from mailer.model.audit_log import AuditEvent

ENTER_LOCK = 0x746F646F6B67
"""Among PostgreSQL's advisory locks, next to that of the audit log: two processes that enter one record must see each other's rows."""
RESTORED = "the database was restored: it may have been posted before"
TOO_LATE = "its use is over / 使いみちの期限を過ぎたため出していません"

Action = Literal["post", "change", "amend", "withdraw"]
"""``change``: in place of another post; ``amend``: only put that one right; ``withdraw``: take it back."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A post that is to be entered. `key` is a UUID; `follows` that of the post that it changes."""

    key: str
    record: str
    channel: str
    part: str
    action: Action
    revision: str
    content: Mapping[str, Any]
    moment: datetime
    use_until: datetime
    follows: str | None = None
    is_urgent: bool = False
    is_drill: bool = False
    issue: str = ""
    yen: float = 0.0


@dataclass(frozen=True, slots=True)
class StoredPost:
    """A row. `attempts` are tries that may have reached the network; `fence` is that of the lease under which it was claimed last."""

    key: str
    record: str
    channel: str
    part: str
    action: Action
    state: PostState
    revision: str
    content: Mapping[str, Any]
    follows: str | None
    is_urgent: bool
    is_drill: bool
    issue: str
    moment: datetime
    use_until: datetime
    changed_at: datetime
    not_before: datetime | None
    attempts: int
    first_tried: datetime | None
    fence: int | None
    yen: float
    remote: str
    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do for one record: posts to enter, and posts that were never tried and get other words or are no longer wanted."""

    enter: Sequence[Entry] = ()
    rewrite: Sequence[Entry] = ()
    drop: Mapping[str, str] | None = None


Planner = Callable[[Sequence[StoredPost]], Plan]


def carry_out(database: Database, records: Collection[str], planner: Planner, *, now: datetime, actor: str) -> Plan:
    """Asks `planner` what to do about the posts of these records, and does it, in one transaction. Nothing is entered twice."""
    with database.writing() as connection:
        _lock(connection)
        plan = planner(_of_records(connection, records, locks=True))
        restored = connection.execute(select(func.max(announcement_restoration.c.at))).scalar_one()
        entries = [_enter(connection, database, entry, restored, now, actor) for entry in plan.enter]
        for entry in plan.rewrite:
            mine = rewrite_untried(_columns(entry)).where(announcement_post.c.key == entry.key)
            connection.execute(mine.values(changed_at=now))
        for key, why in (plan.drop or {}).items():
            step = transition(DUE, PostState.EXPIRED).where(announcement_post.c.key == key, announcement_post.c.attempts == 0)
            connection.execute(step.values(changed_at=now, reason=why))
    for entry in (each for each in entries if each is not None):
        database.seal.on_append(entry)
    return plan


def find(database: Database, key: str) -> StoredPost | None:
    """The post with this key."""
    with database.reading() as connection:
        row = connection.execute(select(announcement_post).where(announcement_post.c.key == key)).one_or_none()
        return None if row is None else post_of(row)


def of_record(database: Database, record: str) -> tuple[StoredPost, ...]:
    """All posts of one record."""
    with database.reading() as connection:
        return tuple(_of_records(connection, [record]))


def list_posts(database: Database, *, channel: str = "", states: Collection[PostState] = (), limit: int = 200) -> tuple[StoredPost, ...]:
    """The newest posts, by channel and state."""
    query = select(announcement_post).order_by(announcement_post.c.changed_at.desc(), announcement_post.c.key).limit(limit)
    if channel:
        query = query.where(announcement_post.c.channel == channel)
    if states:
        query = query.where(announcement_post.c.state.in_([state.value for state in states]))
    with database.reading() as connection:
        return tuple(post_of(row) for row in connection.execute(query))


def counts(database: Database) -> dict[str, dict[PostState, int]]:
    """How many posts of each channel are in which state?"""
    columns = announcement_post.c.channel, announcement_post.c.state
    counted: dict[str, dict[PostState, int]] = {}
    with database.reading() as connection:
        for channel, state, number in connection.execute(select(*columns, func.count()).group_by(*columns)):
            counted.setdefault(channel, {})[PostState(state)] = number
    return counted


def known_records(database: Database, kinds: Collection[str]) -> tuple[StoredPost, ...]:
    """The first posts of all records of these kinds that are sent or still open, to see which of them are gone."""
    query = select(announcement_post).where(announcement_post.c.part == "post")
    states = [state.value for state in (*OPEN, PostState.SENT)]
    query = query.where(announcement_post.c.state.in_(states)).order_by(announcement_post.c.record)
    with database.reading() as connection:
        return tuple(post for post in map(post_of, connection.execute(query)) if post.record.partition("/")[0] in kinds)


def mark_restored(connection: Connection, now: datetime) -> int:
    """A restored database is adopted: whatever has not left by its account may have left by that of the one that was lost. How many?"""
    step = transition(DUE | {PostState.CLAIMED}, PostState.UNKNOWN).values(
        reason=RESTORED, changed_at=now, not_before=None, first_tried=now
    )
    marked = connection.execute(step).rowcount
    connection.execute(announcement_restoration.insert().values(at=now))
    return marked


def write_down(connection: Connection, database: Database, post: StoredPost, state: PostState, now: datetime, actor: str, why: str) -> Any:
    """Appends what became of a post to the audit log, in the caller's transaction."""
    details = {"channel": post.channel, "record": post.record, "part": post.part, "state": state.value, "key": post.key}
    details |= {"revision": post.revision} | ({"why": why[:500]} if why else {})
    event = AuditEvent(actor, "drill announced" if post.is_drill else "announced", post.issue, details)
    return audit_log.append_within(connection, database.seal, event, now)


def post_of(row: Row[Any]) -> StoredPost:
    """A row as a value."""
    return StoredPost(
        row.key, row.record, row.channel, row.part, row.action, PostState(row.state), row.revision, row.content, row.follows, bool(row.urgent),
        bool(row.drill), row.issue, row.moment, row.use_until, row.changed_at, row.not_before, row.attempts, row.first_tried, row.fence,
        row.yen, row.remote, row.address, row.reason,
    )  # fmt: skip


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":  # SQLite's transactions that write come one after the other anyway
        connection.execute(text(f"SELECT pg_advisory_xact_lock({ENTER_LOCK})"))


def _of_records(connection: Connection, records: Collection[str], *, locks: bool = False) -> list[StoredPost]:
    """`locks`: no worker claims one of them before the transaction ends (PostgreSQL): new words for an untried post must not miss it."""
    query = select(announcement_post).where(announcement_post.c.record.in_([*records]))
    query = query.with_for_update() if locks else query
    return [post_of(row) for row in connection.execute(query.order_by(announcement_post.c.moment, announcement_post.c.key))]


def _enter(connection: Connection, database: Database, entry: Entry, restored: datetime | None, now: datetime, actor: str) -> Any:
    """Enter a post. One that is too late is there as `expired`, so that somebody can see it."""
    connection.execute(insert_initial({**_columns(entry), "changed_at": now}))
    mine = announcement_post.c.key == entry.key
    if entry.use_until <= now:
        connection.execute(transition({PostState.PENDING}, PostState.EXPIRED).where(mine).values(reason=TOO_LATE))
        row = connection.execute(select(announcement_post).where(mine)).one()
        return write_down(connection, database, post_of(row), PostState.EXPIRED, now, actor, TOO_LATE)
    if restored is not None and entry.moment <= restored:
        in_doubt = transition({PostState.PENDING}, PostState.UNKNOWN).where(mine)
        connection.execute(in_doubt.values(reason=RESTORED, first_tried=entry.moment))
    return None


def _columns(entry: Entry) -> dict[str, Any]:
    return {
        "key": entry.key,
        "record": entry.record,
        "channel": entry.channel,
        "part": entry.part,
        "action": entry.action,
        "revision": entry.revision,
        "content": dict(entry.content),
        "follows": entry.follows,
        "urgent": int(entry.is_urgent),
        "drill": int(entry.is_drill),
        "issue": entry.issue,
        "moment": entry.moment,
        "use_until": entry.use_until,
        "yen": entry.yen,
    }
