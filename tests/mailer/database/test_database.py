"""The database: opened, migrated, and its promises kept by the database itself."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from mailer.database.deliveries import claims, expirations, issues, ledger, limits
from mailer.database.deliveries.claims import Claim, ClaimRequest
from mailer.database.deliveries.ledger import ResultGroup
from mailer.database.deliveries.limits import TokenBucket
from mailer.database.engine import Database, create_database
from mailer.database.readers import subscriptions
from mailer.database.schema import delivery, metadata, subscriber
from mailer.delivery.journal import format_timestamp
from mailer.model.errors import DatabaseError, IllegalTransition
from mailer.model.ids import Fence, SubscriberId
from mailer.model.issue import FrozenIssue
from mailer.model.outcome import DeliveryResult
from mailer.model.state import DeliveryState
from tests import fork
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW, REF, people


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(create_database(database_url)) as opened:
        yield opened


def frozen(database: Database, readers: int = 3) -> FrozenIssue:
    subscriptions.import_subscribers(database, people(readers), source="t", now=NOW)
    return issues.freeze(database, ISSUE, LIST, NOW)


def take(
    database: Database, issue: FrozenIssue, *, limit: int = 500, after: int = 0, window: int = 500, lease: float = 60.0
) -> Claim | None:
    request = ClaimRequest(issue.issue_id, "", after, limit, window)
    return claims.claim_batch(database, request, token=f"t{random.random()}", owner="me", lease=lease, now=NOW)


def result(number: int, state: DeliveryState = DeliveryState.SENT, text: str = "ok") -> DeliveryResult:
    return DeliveryResult(
        SubscriberId(number), state.value, 1, 250, text, format_timestamp(NOW), "", format_timestamp(NOW), f"<{number}@x>"
    )


def states(database: Database, issue: FrozenIssue) -> dict[DeliveryState, int]:
    return {state: number for state, number in ledger.counts(database, issue.issue_id).items() if number}


def test_the_migrations_make_the_tables_of_the_schema(database: Database) -> None:
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_opening_twice_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    subscriptions.import_subscribers(create_database(url), people(2), source="t", now=NOW)
    assert subscriptions.count(create_database(url), "fukko-press") == 2


def test_several_threads_may_open_a_new_database_at_once(tmp_path: Path) -> None:
    opened: list[Database] = []
    threads = [threading.Thread(target=lambda: opened.append(create_database(f"sqlite:///{tmp_path / 'x.db'}"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4


def open_and_ask(url: str) -> None:
    create_database(url).ping()


def test_several_processes_may_open_a_new_database_at_once(tmp_path: Path) -> None:
    processes = [fork.start(open_and_ask, f"sqlite:///{tmp_path / 'x.db'}") for _ in range(4)]
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]


@pytest.mark.parametrize("url", ["nonsense", "mysql+nothing://x", "sqlite:////dev/null/x.db"])
def test_a_database_that_cannot_be_opened_is_one_error(url: str) -> None:
    with pytest.raises(DatabaseError, match="database"):
        create_database(url)


def test_a_file_that_is_no_database_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("これはデータベースではない" * 100, "utf-8")
    with pytest.raises(DatabaseError, match=r"x\.db"):
        create_database(f"sqlite:///{tmp_path / 'x.db'}")


def test_times_come_back_aware_and_in_utc(database: Database) -> None:
    tokyo = datetime.fromisoformat("2026-03-11T14:46:00+09:00")
    subscriptions.import_subscribers(database, people(1), source="t", now=tokyo)
    with database.reading() as connection:
        created_at = connection.execute(sa.select(subscriber.c.created_at)).scalar_one()
    assert (created_at, created_at.tzinfo) == (tokyo, UTC)


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises((DatabaseError, ValueError)):
        subscriptions.import_subscribers(database, people(1), source="t", now=datetime(2026, 3, 11))


def test_a_frozen_issue_comes_back_as_it_was_and_is_frozen_once(database: Database) -> None:
    first = frozen(database)
    assert issues.find(database, REF) == first
    subscriptions.import_subscribers(database, people(9), source="t", now=NOW)
    assert issues.freeze(database, ISSUE, LIST, NOW + timedelta(days=1)) == first
    assert ledger.counts(database, first.issue_id)[DeliveryState.PENDING] == 3
    assert issues.all_issues(database) == (first,)


def test_the_database_itself_refuses_a_second_row_for_the_same_person(database: Database) -> None:
    issue = frozen(database)
    with pytest.raises(DatabaseError), database.writing() as connection:
        row = connection.execute(sa.select(delivery).where(delivery.c.issue_id == issue.issue_id).limit(1)).one()
        connection.execute(sa.insert(delivery).values(row._asdict()))


def test_the_database_itself_refuses_a_delivery_to_nobody(database: Database) -> None:
    issue = frozen(database)
    values = {
        "issue_id": issue.issue_id,
        "subscriber_id": 999,
        "address": "a@b.example",
        "state": "pending",
        "attempts": 0,
        "text": "",
        "changed_at": NOW,
    }
    with pytest.raises(DatabaseError), database.writing() as connection:
        connection.execute(sa.insert(delivery).values(values))


def test_batches_are_claimed_without_gap_or_overlap(database: Database) -> None:
    issue, claimed = frozen(database, 25), list[int]()
    while claim := take(database, issue, limit=10):
        claimed += [row.subscriber_id for row in claim.rows]
    assert len(claimed) == len(set(claimed)) == 25
    assert states(database, issue) == {DeliveryState.CLAIMED: 25}


def test_rows_between_those_of_a_batch_stay_as_they_are(database: Database) -> None:
    issue = frozen(database, 6)
    with database.writing() as connection:
        for number, values in (
            (2, {"queue": "x"}),
            (3, {"state": "failed"}),
            (4, {"state": "deferred", "not_before": NOW + timedelta(days=1)}),
        ):
            connection.execute(sa.update(delivery).where(delivery.c.subscriber_id == number).values(values))
    claim = take(database, issue, limit=2)
    assert claim is not None and [row.subscriber_id for row in claim.rows] == [1, 5]
    assert states(database, issue) == {
        DeliveryState.PENDING: 2,
        DeliveryState.CLAIMED: 2,
        DeliveryState.FAILED: 1,
        DeliveryState.DEFERRED: 1,
    }


def test_results_count_once_and_only_with_the_right_fencing_token(database: Database) -> None:
    issue = frozen(database)
    claim = take(database, issue)
    assert claim is not None
    assert ledger.record(database, [ResultGroup(issue.issue_id, Fence(claim.fence + 1), [result(1)])], now=NOW) == 0
    for counted in (1, 0):
        assert ledger.record(database, [ResultGroup(issue.issue_id, claim.fence, [result(1)])], now=NOW) == counted
    assert states(database, issue) == {DeliveryState.SENT: 1, DeliveryState.CLAIMED: 2}
    ledger.record(database, [ResultGroup(issue.issue_id, claim.fence, [], is_last=True)], now=NOW)
    assert states(database, issue) == {DeliveryState.SENT: 1, DeliveryState.PENDING: 2}
    assert claims.open_claims(database) == ()


def test_after_a_vanished_sender_only_rows_up_to_its_high_water_mark_are_in_doubt(database: Database) -> None:
    issue = frozen(database, 10)
    claim = take(database, issue, window=4, lease=-1.0)
    assert claim is not None
    assert claims.take_over(database, claims.open_claims(database, expired_only=True)[0], now=NOW) == 4
    assert states(database, issue) == {DeliveryState.UNKNOWN: 4, DeliveryState.PENDING: 6}
    assert not claims.raise_high_water_mark(database, claim, SubscriberId(10), lease=60.0)  # fenced off
    assert (
        ledger.record(database, [ResultGroup(issue.issue_id, claim.fence, [result(2)])], now=NOW) == 1
    )  # a late result is evidence about its own message
    assert claims.release_never_sent(database, claim.fence, issue.issue_id, {SubscriberId(2), SubscriberId(3)}, now=NOW) == 2
    assert states(database, issue) == {DeliveryState.SENT: 1, DeliveryState.UNKNOWN: 1, DeliveryState.PENDING: 8}


def test_a_claim_whose_lease_was_renewed_is_not_taken_over(database: Database) -> None:
    issue = frozen(database)
    claim = take(database, issue, lease=-1.0)
    assert claim is not None and claims.raise_high_water_mark(database, claim, SubscriberId(3), lease=60.0)
    assert claims.open_claims(database, expired_only=True) == ()
    assert claims.take_over(database, claims.open_claims(database)[0], now=NOW) == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (DeliveryState.SENT, DeliveryState.PENDING),
        (DeliveryState.PENDING, DeliveryState.SENT),
        (DeliveryState.SUPPRESSED, DeliveryState.CLAIMED),
    ],
)
def test_a_step_that_the_table_does_not_have_changes_nothing(database: Database, old: DeliveryState, new: DeliveryState) -> None:
    issue = frozen(database)
    with pytest.raises(IllegalTransition):
        ledger.change_state(database, issue.issue_id, {old}, new, now=NOW)
    assert states(database, issue) == {DeliveryState.PENDING: 3}


def test_a_reply_is_kept_short_and_harmless_to_a_terminal() -> None:
    text = ledger.printable("no\x1b[31m\r\n" + "x" * 999)
    assert text.isprintable() and len(text) == 500


def test_queues_follow_the_settings(database: Database) -> None:
    issue = frozen(database)
    ledger.assign_queues(database, issue.issue_id, {"own": ("example.jp",)})
    assert take(database, issue) is None
    ledger.assign_queues(database, issue.issue_id, {})
    assert (claim := take(database, issue)) is not None and len(claim.rows) == 3


def test_a_bucket_gives_what_its_rate_allows_and_remembers_it(tmp_path: Path) -> None:
    url, slow = f"sqlite:///{tmp_path / 'x.db'}", TokenBucket("queue:x", 0.001, 5.0)
    assert limits.take_tokens(create_database(url), slow, 3)[0] == 3
    granted, seconds = limits.take_tokens(create_database(url), slow, 3)
    assert granted == 2 and 900 < seconds <= 1000


def test_connections_are_counted_over_all_processes_and_those_of_dead_processes_are_freed(database: Database) -> None:
    assert [limits.acquire_slot(database, "relay:x", 2, owner="a", lease=60) for _ in range(3)] == [0, 1, None]
    limits.release(database, "a", "relay:x", 0)
    assert limits.acquire_slot(database, "relay:x", 2, owner="b", lease=60) == 0
    limits.release_dead(database, {"a"})
    assert limits.acquire_slot(database, "relay:x", 2, owner="b", lease=-1) == 1
    assert limits.acquire_slot(database, "relay:x", 2, owner="c", lease=60) == 1


def test_an_error_rolls_everything_back(database: Database) -> None:
    with pytest.raises(RuntimeError), database.writing() as connection:
        values = {"email": "a@b.example", "email_key": "a@b.example", "name": "", "created_at": NOW}
        connection.execute(sa.insert(subscriber).values(values))
        raise RuntimeError
    assert subscriptions.find(database, "a@b.example") is None


def test_nothing_is_claimed_once_the_clock_of_any_sender_has_been_at_the_end(database: Database) -> None:
    """Another process has written it down between two claims: this one asks for nothing but its next batch."""
    issue, end = frozen(database), NOW + timedelta(hours=1)
    request = ClaimRequest(issue.issue_id, "", limit=1, content=issue, end=end)
    assert claims.claim_batch(database, request, token="a", owner="me", lease=60, now=NOW) is not None
    assert expirations.has_expired(database, REF, end, end)
    assert claims.claim_batch(database, request, token="b", owner="me", lease=60, now=NOW) is None
    later = ClaimRequest(issue.issue_id, "", limit=1, content=issue, end=end + timedelta(hours=1))  # built anew with another end
    assert claims.claim_batch(database, later, token="c", owner="me", lease=60, now=NOW) is not None
