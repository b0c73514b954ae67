"""What the columns may hold: an impossible value is told with its column on SQLite and on PostgreSQL, and is never taken for a passing trouble."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
import sqlalchemy as sa

from mailer.database.deliveries import claims, issues, ledger
from mailer.database.deliveries.claims import ClaimRequest
from mailer.database.engine import Database, create_database
from mailer.database.readers import subscriptions
from mailer.model.errors import DatabaseError, DatabaseUnavailable, ImpossibleValue
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW, REF, people


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(create_database(database_url)) as opened:
        subscriptions.import_subscribers(opened, people(1), source="t", now=NOW)
        issues.freeze(opened, ISSUE, LIST, NOW)
        yield opened


def write_by_hand(database: Database, sql: str) -> None:
    with database.writing() as connection:
        connection.execute(sa.text(sql))


def test_a_state_that_does_not_exist_is_told(database: Database) -> None:
    write_by_hand(database, "UPDATE delivery SET state = 'nonsense'")
    with pytest.raises(ImpossibleValue, match=r"delivery\.state"):
        ledger.counts(database, next(iter(issues.all_issues(database))).issue_id)


def test_more_attempts_than_there_can_be_are_told_before_one_is_added(database: Database) -> None:
    write_by_hand(database, "UPDATE delivery SET attempts = 2147483647")
    frozen = issues.find(database, REF)
    assert frozen is not None
    with pytest.raises(ImpossibleValue, match=r"delivery\.attempts"):
        claims.claim_batch(database, ClaimRequest(frozen.issue_id, ""), token="t", owner="me", lease=60.0, now=NOW)


def test_a_time_that_cannot_be_read_is_no_trouble_that_passes(database: Database) -> None:
    write_by_hand(database, "UPDATE issue SET send_at = 'infinity'")
    with pytest.raises(DatabaseError) as caught:
        issues.find(database, REF)
    assert not isinstance(caught.value, DatabaseUnavailable)
