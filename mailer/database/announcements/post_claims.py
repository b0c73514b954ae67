"""Claims of one post after another under the lease of a channel: quota, budget, order; and what became of the try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from mailer.database.announcements import channel_leases
from mailer.database.announcements.channel_leases import ChannelState
from mailer.database.announcements.posts import TOO_LATE, StoredPost, post_of, write_down
from mailer.database.announcements.states import DUE, OPEN, RESULTS, PostState
from mailer.database.announcements.transitions import transition
from mailer.database.engine import Database
from mailer.database.schema import announcement_post
from mailer.model.audit_log import AuditEntry

HOUR, DAY, MONTH = timedelta(hours=1), timedelta(days=1), timedelta(days=31)
"""The windows of a quota, each back from now: no hour, day or month of any calendar then has more posts than its number."""


@dataclass(frozen=True, slots=True)
class QuotaRule:
    """At most `most` posts in a window, `reserved` of them for emergencies. None: no limit."""

    window: timedelta
    most: float
    reserved: float
    is_yen: bool = False


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """What a worker may claim now. `unknown_since`: an uncertain post that was first tried after this moment may be tried again under its key;
    None: none may. `can_search`: uncertain ones may be looked for. `urgent_only`: nothing but
    emergencies.
    """

    channel: str
    fence: int
    lease: float
    is_drill: bool
    quota: Sequence[QuotaRule]
    now: datetime
    unknown_since: datetime | None = None
    can_search: bool = False
    urgent_only: bool = False


@dataclass(frozen=True, slots=True)
class ClaimedPost:
    """A post that this process holds. `was_unknown`: it may be on the network already. `target` is the post that it changes."""

    post: StoredPost
    fence: int
    was_unknown: bool
    target: StoredPost | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing to do now. `why`: idle, paused, network (it has asked to wait), circuit, quota; `until` is when to look again, if that is known."""

    why: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class LeaseLost:
    """Another process holds the channel."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a try ended in. `gives_back`: it has not left, and takes no place in the quota."""

    state: PostState
    reason: str = ""
    remote: str = ""
    address: str = ""
    not_before: datetime | None = None
    gives_back: bool = False


def claim_next(database: Database, request: ClaimRequest, *, actor: str) -> ClaimedPost | Waiting | LeaseLost:
    """Claims the next post of a channel: emergencies first, then the oldest. What is too late becomes `expired`, with a line in the audit log."""
    entries: list[AuditEntry] = []
    with database.writing() as connection:
        state = channel_leases.holds(connection, request.channel, request.fence)
        if state is None:
            return LeaseLost()
        entries += _expire(connection, database, request, actor)
        claimed = _claim(connection, request, state)
    for entry in entries:
        database.seal.on_append(entry)
    return claimed


def _claim(connection: Connection, request: ClaimRequest, state: ChannelState) -> ClaimedPost | Waiting:
    if state.paused_at is not None:
        return Waiting("paused")
    if state.open_until is not None and state.open_until > request.now:
        if not state.failures:  # the network itself has asked to wait
            return Waiting("network", state.open_until)
        request = replace(request, urgent_only=True)  # a channel that seems dead costs the others nothing: a warning is tried all the same
    is_full = {is_urgent: _is_used_up(connection, request, is_urgent=is_urgent) for is_urgent in (True, False)}
    for row in connection.execute(_due(request)):
        post = post_of(row)
        target = _target(connection, post)
        if target is not None and target.state in OPEN:
            continue  # what is to be changed is not settled itself
        if is_full[post.is_urgent] and post.state is not PostState.UNKNOWN:
            return Waiting("quota", request.now + timedelta(minutes=1))
        return _take(connection, request, post, target)
    if request.urgent_only:
        return Waiting("circuit", state.open_until)
    return Waiting("idle", _next_time(connection, request))


def _take(connection: Connection, request: ClaimRequest, post: StoredPost, target: StoredPost | None) -> ClaimedPost:
    step = transition({post.state}, PostState.CLAIMED).where(announcement_post.c.key == post.key)
    first = announcement_post.c.first_tried
    values = {
        "fence": request.fence,
        "attempts": announcement_post.c.attempts + 1,
        "first_tried": func.coalesce(first, request.now, type_=first.type),
        "counted_at": request.now,
        "changed_at": request.now,
        "not_before": None,
    }
    connection.execute(step.values(values))
    return ClaimedPost(post, request.fence, post.state is PostState.UNKNOWN, target)


def _due(request: ClaimRequest):  # type: ignore[no-untyped-def]  # a Select of the whole row
    """Posts that may be claimed now, in their order. An uncertain one only while a repeat does no harm."""
    columns = announcement_post.c
    again: ColumnElement[bool] = columns.state.in_([state.value for state in sorted(DUE)])
    if request.can_search:
        again = or_(again, columns.state == PostState.UNKNOWN)
    elif request.unknown_since is not None:
        again = or_(again, and_(columns.state == PostState.UNKNOWN, columns.first_tried > request.unknown_since))
    has_come = or_(columns.not_before.is_(None), columns.not_before <= request.now)
    query = select(announcement_post).where(columns.channel == request.channel, columns.drill == int(request.is_drill), again, has_come)
    if request.urgent_only:
        query = query.where(columns.urgent == 1)
    # What is uncertain comes first: a channel must not show a later post while nobody knows of the one before.
    return query.order_by(columns.urgent.desc(), case((columns.state == PostState.UNKNOWN, 0), else_=1), columns.moment, columns.key).limit(
        50
    )


def _next_time(connection: Connection, request: ClaimRequest) -> datetime | None:
    columns = announcement_post.c
    states = [state.value for state in sorted(DUE | {PostState.UNKNOWN})]
    query = select(func.min(columns.not_before, type_=columns.not_before.type))
    query = query.where(columns.channel == request.channel, columns.state.in_(states), columns.not_before > request.now)
    following: datetime | None = connection.execute(query).scalar_one()
    return following


def _is_used_up(connection: Connection, request: ClaimRequest, *, is_urgent: bool) -> bool:
    """Whether one more post would be too many. What one costs is known only when it is chosen: a budget counts as used up when nothing is left of it."""
    for rule in request.quota:
        allowed = rule.most if is_urgent else rule.most - rule.reserved
        columns = announcement_post.c
        amount = func.coalesce(func.sum(columns.yen), 0) if rule.is_yen else func.count()
        query = select(amount).where(columns.channel == request.channel, columns.counted_at > request.now - rule.window)
        used = float(connection.execute(query).scalar_one())
        dearest = select(func.coalesce(func.max(columns.yen), 0)).where(
            columns.channel == request.channel, columns.state.in_(["pending", "deferred"])
        )
        following = float(connection.execute(dearest).scalar_one()) if rule.is_yen else 1
        if used + following > allowed:
            return True
    return False


def _expire(connection: Connection, database: Database, request: ClaimRequest, actor: str) -> list[AuditEntry]:
    columns = announcement_post.c
    late = and_(
        columns.channel == request.channel, columns.use_until <= request.now, columns.state.in_([state.value for state in sorted(DUE)])
    )
    posts = [post_of(row) for row in connection.execute(select(announcement_post).where(late).order_by(columns.moment))]
    if not posts:
        return []
    connection.execute(transition(DUE, PostState.EXPIRED).where(late).values(changed_at=request.now, reason=_why(posts[0])))
    return [write_down(connection, database, post, PostState.EXPIRED, request.now, actor, _why(post)) for post in posts]


def _why(post: StoredPost) -> str:
    return f"{TOO_LATE}. {post.reason}".strip(". ") if post.reason else TOO_LATE


def finish(
    database: Database, claimed: ClaimedPost, result: Result, *, failures: int, open_until: datetime | None, now: datetime, actor: str
) -> bool:
    """Writes down what became of a try. False: the row has gone to another holder since, whose answer counts.

    A late answer of a holder that has lost the channel counts as long as nobody has claimed the post again: it says what nobody else knows.
    """
    key, entry = claimed.post.key, None
    with database.writing() as connection:
        mine = and_(announcement_post.c.key == key, announcement_post.c.fence == claimed.fence)
        values = {"reason": result.reason[:1000], "changed_at": now, "not_before": result.not_before}
        if result.state is PostState.SENT:
            values |= {"remote": result.remote, "address": result.address}
        if result.gives_back:
            values["counted_at"] = None
        old = {PostState.CLAIMED} | ({PostState.UNKNOWN} - {result.state})
        is_written = connection.execute(transition(old, result.state).where(mine).values(values)).rowcount == 1
        channel_leases.note_answer(connection, claimed.post.channel, claimed.fence, failures=failures, open_until=open_until)
        if is_written and _is_news(claimed, result):
            entry = write_down(connection, database, claimed.post, result.state, now, actor, result.reason)
    if entry is not None:
        database.seal.on_append(entry)
    return is_written


def _is_news(claimed: ClaimedPost, result: Result) -> bool:
    """A log says once that a post is uncertain, not at every look."""
    if result.state is PostState.UNKNOWN:
        return not claimed.was_unknown
    return result.state in RESULTS - {PostState.DEFERRED}


def give_back(database: Database, claimed: ClaimedPost, now: datetime) -> None:
    """The post has not left, and nothing was tried."""
    back = PostState.UNKNOWN if claimed.was_unknown else PostState.PENDING
    with database.writing() as connection:
        mine = and_(announcement_post.c.key == claimed.post.key, announcement_post.c.fence == claimed.fence)
        step = transition({PostState.CLAIMED}, back).where(mine)
        values = {"changed_at": now, "attempts": announcement_post.c.attempts - 1}
        connection.execute(step.values(values if claimed.was_unknown else values | {"counted_at": None}))


def resolve(
    database: Database, key: str, state: PostState, *, by: str, now: datetime, remote: str = "", why: str = ""
) -> StoredPost | None:
    """A person says what became of an uncertain or failed post: it is there (`sent`), it is not and shall be posted (`pending`), or not (`failed`).

    None: it is in no state of which that can be said.
    """
    old = {PostState.UNKNOWN, PostState.FAILED, PostState.DEFERRED} if state is PostState.PENDING else {PostState.UNKNOWN}
    with database.writing() as connection:
        mine = announcement_post.c.key == key
        row = connection.execute(select(announcement_post).where(mine)).one_or_none()
        values = {"changed_at": now, "not_before": None, "reason": why, "remote": remote or (row.remote if row else "")}
        if state is PostState.PENDING:
            values["counted_at"] = None
        if row is None or connection.execute(transition(old, state).where(mine).values(values)).rowcount == 0:
            return None
        entry = write_down(connection, database, post_of(row), state, now, by, why or "resolved")
    database.seal.on_append(entry)
    return post_of(row)


def _target(connection: Connection, post: StoredPost) -> StoredPost | None:
    if post.follows is None:
        return None
    row = connection.execute(select(announcement_post).where(announcement_post.c.key == post.follows)).one_or_none()
    return None if row is None else post_of(row)
