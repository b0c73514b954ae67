"""The id of a subscriber is never used twice, so that an old link never rules another person's subscriptions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from tempfile import TemporaryDirectory

import pytest
from alembic import command
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.database.deliveries import claims, issues
from mailer.database.deliveries.claims import ClaimRequest
from mailer.database.engine import Database, create_database, open_database
from mailer.database.readers import subscriptions
from mailer.database.readers.erasure import erase_within
from mailer.database.readers.people import FIRST_VERSIONS, random_version
from mailer.database.readers.subscriptions import ImportedSubscriber
from mailer.model.ids import IssueId, SubscriberId
from tests.mailer.database.test_migrations import alembic
from tests.samples.mail.databases import with_tables
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW, people


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(create_database(database_url)) as opened:
        yield opened


def add(database: Database, address: str) -> SubscriberId:
    person = ImportedSubscriber(address, "", (LIST.key,))
    subscriptions.import_subscribers(database, [person], source="t", now=NOW, first_version=lambda: 1)
    found = subscriptions.find(database, address)
    assert found is not None
    return found


def erase(database: Database, *ids: int) -> None:
    """Every trace of these people."""
    with database.writing() as connection:
        for number in ids:
            erase_within(connection, SubscriberId(number))


def test_the_id_of_an_erased_subscriber_does_not_come_back(database: Database) -> None:
    first, second = add(database, "a@example.jp"), add(database, "b@example.jp")
    erase(database, second)
    third = add(database, "c@example.jp")
    erase(database, first, third)
    assert len({first, second, third, add(database, "d@example.jp")}) == 4


def test_nor_does_it_after_the_program_has_been_started_again(database: Database, database_url: str) -> None:
    known = {add(database, "a@example.jp"), add(database, "b@example.jp")}
    erase(database, *known)
    database.close()
    with closing(open_database(database_url)) as again:
        assert add(again, "c@example.jp") not in known


def test_nor_in_a_database_of_an_older_version_whose_newest_subscriber_is_erased_after_the_migration(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Only SQLite gave ids twice. The migration rebuilds the table with foreign keys off, and turns them on again."""
    url = f"sqlite:///{tmp_path_factory.mktemp('x') / 'x.db'}"
    with closing(create_database(url)) as made:
        subscriptions.import_subscribers(made, people(3), source="t", now=NOW)
        issues.freeze(made, ISSUE, LIST, NOW)
        with made.writing() as connection:
            command.downgrade(alembic(connection), "0006")
        with made.writing() as connection:
            connection.exec_driver_sql("DELETE FROM subscription WHERE subscriber_id = 3")
            connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = 'subscriber'")  # as if the table had never had one
    with closing(open_database(url)) as database:
        assert subscriptions.count(database, LIST.key) == 2
        erase(database, 3)
        assert add(database, "new@example.jp") == 4
        with database.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []


@given(st.lists(st.sampled_from(["add", "erase newest", "erase oldest"]), max_size=30))
@settings(derandomize=True, max_examples=25, deadline=None)
def test_no_order_of_joining_and_erasing_gives_an_id_twice(orders: list[str]) -> None:
    with TemporaryDirectory() as folder, closing(create_database(with_tables(f"sqlite:///{folder}/x.db"))) as database:
        given_ids: list[SubscriberId] = []
        alive: list[SubscriberId] = []
        for number, order in enumerate(orders):
            if order == "add":
                alive.append(add(database, f"reader{number}@example.jp"))
                given_ids.append(alive[-1])
            elif alive:
                erase(database, alive.pop(-1 if order == "erase newest" else 0))
        assert len(given_ids) == len(set(given_ids))


def test_links_of_a_new_subscriber_begin_at_random_and_never_with_the_version_of_old_links() -> None:
    versions = {random_version() for _ in range(200)}
    assert len(versions) > 190 and min(versions) >= 1 and max(versions) <= FIRST_VERSIONS < 2**31


def test_a_message_that_is_claimed_after_a_revocation_has_the_new_links(database: Database) -> None:
    subscriptions.import_subscribers(database, people(2), source="t", now=NOW, first_version=lambda: 7)
    issues.freeze(database, ISSUE, LIST, NOW)
    subscriptions.revoke_links(database, SubscriberId(2))
    claim = claims.claim_batch(database, ClaimRequest(IssueId(1), ""), token="t", owner="me", lease=60, now=NOW)
    assert claim is not None and [(row.subscriber_id, row.token_version) for row in claim.rows] == [(1, 7), (2, 8)]
    assert subscriptions.token_version(database, SubscriberId(2)) == 8
