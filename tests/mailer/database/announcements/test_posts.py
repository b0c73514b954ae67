"""The outbox in the database: one table of states, one holder of a channel, quotas with a part for emergencies. On SQLite and PostgreSQL."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
import sqlalchemy as sa

import mailer
from mailer.database import audit_log
from mailer.database.announcements import channel_leases, post_claims, posts
from mailer.database.announcements.post_claims import DAY, MONTH, ClaimedPost, ClaimRequest, LeaseLost, QuotaRule, Result, Waiting
from mailer.database.announcements.posts import Entry, Plan
from mailer.database.announcements.states import TRANSITIONS, PostState
from mailer.database.announcements.transitions import transition
from mailer.database.engine import Database, open_database
from mailer.model.errors import DatabaseError, IllegalTransition, ImpossibleValue
from tests.mailer.database.announcements import post_guard

NOW = datetime(2026, 3, 11, 6, 0, tzinfo=UTC)
HOME = Path(mailer.__file__).parent
WRITERS = {"insert", "update", "delete"}
DONE = Result(PostState.SENT, remote="1")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(open_database(database_url)) as opened:
        post_guard.install(opened)
        yield opened


def entry(number: int, **values: Any) -> Entry:
    record = f"article/x/{number}"
    fields: dict[str, Any] = {
        "key": str(uuid5(NAMESPACE_URL, record)),
        "record": record,
        "channel": "a",
        "part": "post",
        "action": "post",
        "revision": "r1",
        "content": {"text": record},
        "moment": NOW + timedelta(seconds=number),
        "use_until": NOW + timedelta(days=1),
    }
    return Entry(**(fields | values))


def enter(database: Database, *entries: Entry) -> None:
    posts.carry_out(database, [each.record for each in entries], lambda _stored: Plan(entries), now=NOW, actor="t")


def acquire(database: Database, owner: str = "me", lease: float = 60.0) -> int:
    fence = channel_leases.acquire(database, "a", owner=owner, lease=lease, now=NOW)
    assert fence is not None
    return fence


def request(fence: int, *, now: datetime = NOW, **values: Any) -> ClaimRequest:
    fields: dict[str, Any] = {"channel": "a", "fence": fence, "lease": 60.0, "is_drill": False, "quota": (), "now": now}
    return ClaimRequest(**(fields | values))


def claim(database: Database, fence: int, **values: Any) -> ClaimedPost:
    claimed = post_claims.claim_next(database, request(fence, **values), actor="t")
    assert isinstance(claimed, ClaimedPost), claimed
    return claimed


def finish(database: Database, claimed: ClaimedPost, result: Result) -> bool:
    return post_claims.finish(database, claimed, result, failures=0, open_until=None, now=NOW, actor="t")


def test_no_module_writes_to_posts_past_the_table_of_states() -> None:
    writing = {
        path.relative_to(HOME).as_posix()
        for path in HOME.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and (node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")) in WRITERS
        and any(
            getattr(part, "id", getattr(part, "attr", "")) == "announcement_post"
            for part in [*node.args, getattr(node.func, "value", None)]
        )
    }
    assert writing == {"database/announcements/transitions.py"}


def test_a_step_that_is_not_in_the_table_cannot_be_built_and_a_hand_cannot_make_it(database: Database) -> None:
    for old in PostState:
        for new in set(PostState) - TRANSITIONS[old]:
            with pytest.raises(IllegalTransition):
                transition({old}, new)
    enter(database, entry(1))
    with pytest.raises(DatabaseError, match=post_guard.REFUSAL), database.writing() as connection:
        connection.exec_driver_sql("UPDATE announcement_post SET state = 'sent'")


def test_every_step_of_the_table_happens(database: Database) -> None:
    enter(database, *(entry(number) for number in range(1, 9)), entry(9, use_until=NOW))
    fence = acquire(database)
    for state in (PostState.SENT, PostState.FAILED, PostState.DEFERRED, PostState.UNKNOWN):
        finish(database, claim(database, fence), Result(state))
    post_claims.give_back(database, claim(database, fence), NOW)  # claimed → pending
    held = [claim(database, fence) for _ in range(4)]  # the deferred one comes first: it is the oldest
    finish(database, held[0], Result(PostState.DEFERRED, not_before=NOW - timedelta(1)))
    channel_leases.release(database, "a", fence)
    acquire(database)  # claimed → unknown: the holder is gone
    for each, state in zip(held[1:], (PostState.SENT, PostState.FAILED, PostState.DEFERRED), strict=True):
        assert finish(database, each, Result(state))  # its answers come late
    failed = posts.list_posts(database, states=[PostState.FAILED])
    assert all(post_claims.resolve(database, post.key, PostState.PENDING, by="t", now=NOW) for post in failed)
    deferred = posts.list_posts(database, states=[PostState.DEFERRED])
    assert post_claims.resolve(database, deferred[0].key, PostState.PENDING, by="t", now=NOW)
    fence = _next_holder(database)
    finish(database, claim(database, fence, can_search=True), Result(PostState.UNKNOWN))  # unknown → claimed → unknown
    (unknown,) = posts.list_posts(database, states=[PostState.UNKNOWN])
    assert post_claims.resolve(database, unknown.key, PostState.PENDING, by="t", now=NOW)
    later = NOW + timedelta(days=2)
    assert isinstance(post_claims.claim_next(database, request(fence, now=later), actor="t"), Waiting)  # pending, deferred → expired
    enter(database, entry(20), entry(21))
    finish(database, claim(database, fence), Result(PostState.DEFERRED))
    with database.writing() as connection:
        posts.mark_restored(connection, NOW)  # pending, deferred → unknown
    assert post_guard.steps(database) == {(old, new) for old, reachable in TRANSITIONS.items() for new in reachable}


def _next_holder(database: Database) -> int:
    (state,) = channel_leases.all_channels(database)
    channel_leases.release(database, "a", state.fence)
    return acquire(database)


def test_one_process_holds_a_channel_and_a_holder_that_lost_it_claims_and_keeps_nothing(database: Database) -> None:
    enter(database, entry(1))
    fence = acquire(database)
    assert channel_leases.acquire(database, "a", owner="other", lease=60.0, now=NOW) is None
    channel_leases.release(database, "a", fence)
    second = acquire(database, "other")
    assert second > fence
    assert isinstance(post_claims.claim_next(database, request(fence), actor="t"), LeaseLost)
    assert not channel_leases.renew(database, "a", fence, lease=60.0)
    assert channel_leases.renew(database, "a", second, lease=60.0)


def test_a_late_answer_does_not_count_once_somebody_else_has_claimed_the_post(database: Database) -> None:
    enter(database, entry(1))
    first = claim(database, acquire(database))
    again = claim(database, _next_holder(database), can_search=True)
    assert not finish(database, first, Result(PostState.FAILED))
    assert finish(database, again, DONE)
    (post,) = posts.list_posts(database)
    assert (post.state, post.remote) == (PostState.SENT, "1")


def test_an_uncertain_post_is_claimed_again_only_while_its_key_is_known_or_it_can_be_looked_for(database: Database) -> None:
    enter(database, entry(1))
    fence = acquire(database)
    finish(database, claim(database, fence), Result(PostState.UNKNOWN))
    for values in ({}, {"unknown_since": NOW + timedelta(seconds=1)}):
        assert isinstance(post_claims.claim_next(database, request(fence, **values), actor="t"), Waiting)
    again = claim(database, fence, unknown_since=NOW - timedelta(seconds=1))
    assert again.was_unknown and again.post.attempts == 1


def test_a_part_of_the_quota_is_kept_for_emergencies_and_they_come_first(database: Database) -> None:
    enter(database, *(entry(number) for number in range(1, 5)), *(entry(number, is_urgent=True) for number in (7, 8, 9)))
    fence, quota = acquire(database), (QuotaRule(DAY, 4, 2),)
    claimed = []
    while isinstance(each := post_claims.claim_next(database, request(fence, quota=quota), actor="t"), ClaimedPost):
        finish(database, each, DONE)
        claimed.append(each.post.record)
    assert claimed == [f"article/x/{number}" for number in (7, 8, 9)]
    assert isinstance(each, Waiting) and each.why == "quota"
    tomorrow = NOW + timedelta(hours=23, minutes=59)
    assert isinstance(post_claims.claim_next(database, request(fence, quota=quota, now=tomorrow), actor="t"), Waiting)


def test_news_stop_at_their_share_and_a_refused_post_takes_none(database: Database) -> None:
    enter(database, *(entry(number) for number in range(1, 5)))
    fence, quota = acquire(database), (QuotaRule(DAY, 4, 2),)
    finish(database, claim(database, fence, quota=quota), Result(PostState.FAILED, gives_back=True))
    finish(database, claim(database, fence, quota=quota), DONE)
    finish(database, claim(database, fence, quota=quota), DONE)
    assert isinstance(post_claims.claim_next(database, request(fence, quota=quota), actor="t"), Waiting)


def test_a_budget_in_yen_is_never_exceeded(database: Database) -> None:
    enter(database, *(entry(number, yen=30.0) for number in range(1, 5)))
    fence, quota = acquire(database), (QuotaRule(MONTH, 70.0, 0.0, is_yen=True),)
    finish(database, claim(database, fence, quota=quota), DONE)
    finish(database, claim(database, fence, quota=quota), DONE)
    assert isinstance(post_claims.claim_next(database, request(fence, quota=quota), actor="t"), Waiting)


def test_a_channel_of_drills_gets_no_post_of_the_real_thing_even_if_the_settings_were_changed_since(database: Database) -> None:
    enter(database, entry(1), entry(2, is_drill=True))
    fence = acquire(database)
    assert claim(database, fence, is_drill=True).post.record == "article/x/2"
    assert isinstance(post_claims.claim_next(database, request(fence, is_drill=True), actor="t"), Waiting)


def test_what_is_older_than_the_adoption_of_a_restored_database_is_in_doubt_and_what_is_newer_is_not(database: Database) -> None:
    with database.writing() as connection:
        posts.mark_restored(connection, NOW)
    enter(database, entry(-1), entry(1))
    assert {post.record: post.state for post in posts.list_posts(database)} == {
        "article/x/-1": PostState.UNKNOWN,
        "article/x/1": PostState.PENDING,
    }


def test_what_became_of_a_post_stands_in_the_audit_log_once(database: Database) -> None:
    enter(database, entry(1), entry(2, use_until=NOW))
    fence = acquire(database)
    finish(database, claim(database, fence), Result(PostState.UNKNOWN))
    finish(database, claim(database, fence, can_search=True), Result(PostState.UNKNOWN))
    finish(database, claim(database, fence, can_search=True), DONE)
    channel_leases.pause(database, "a", by="佐藤", now=NOW)
    told = [(each.event.what, each.event.details.get("state")) for each in audit_log.entries(database)]
    assert told == [("announced", "expired"), ("announced", "unknown"), ("announced", "sent"), ("channel paused", None)]


def test_a_paused_channel_posts_nothing_and_a_state_that_does_not_exist_is_told(database: Database) -> None:
    enter(database, entry(1))
    fence = acquire(database)
    channel_leases.pause(database, "a", by="t", now=NOW)
    waiting = post_claims.claim_next(database, request(fence), actor="t")
    assert isinstance(waiting, Waiting) and waiting.why == "paused"
    with database.writing() as connection:
        connection.execute(sa.text("UPDATE announcement_post SET action = 'nonsense'"))
    with pytest.raises(ImpossibleValue, match=r"announcement_post\.action"):
        posts.list_posts(database)
