"""To whom nothing is sent: it holds without the address, outlives the subscriber, and can be lifted; on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
import sqlalchemy as sa

from mailer.database.deliveries import issues
from mailer.database.engine import Database, create_database, open_database
from mailer.database.readers import people, subscriptions, suppressions
from mailer.database.readers.subscriptions import ImportedSubscriber
from mailer.database.schema import delivery, suppression
from mailer.model.errors import SecretMissing
from mailer.model.ids import SubscriberId
from mailer.model.issue import IssueRef
from mailer.model.readers.suppression import LIFTED_BY_CONSENT, AddressKeys, SuppressionReason
from mailer.secrets import address_keys
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW, SECRET
from tests.samples.mail.mail_bundles import people as readers

KEYS = AddressKeys(address_keys({"TODOKE_SECRET": SECRET}, None, None))
NEWER = AddressKeys((b"a newer key", *KEYS.keys))
COMPLAINT, OPERATOR = SuppressionReason.COMPLAINT, SuppressionReason.OPERATOR
READER = "reader2@example.jp"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(create_database(database_url, address_keys=KEYS)) as opened:
        subscriptions.import_subscribers(opened, readers(3), source="t", now=NOW)
        yield opened


def recipients(database: Database, number: str = "45") -> list[str]:
    """Who gets an issue that is frozen now and was not before."""
    content = (
        ISSUE if number == "45" else ISSUE.__class__(IssueRef(LIST.key, number), *(getattr(ISSUE, name) for name in ISSUE.__slots__[1:]))
    )
    frozen = issues.freeze(database, content, LIST, NOW)
    with database.reading() as connection:
        query = sa.select(delivery.c.address).where(delivery.c.issue_id == frozen.issue_id, delivery.c.state == "pending")
        return sorted(connection.execute(query).scalars())


def test_nobody_who_is_suppressed_gets_a_row_when_an_issue_is_frozen(database: Database) -> None:
    assert suppressions.suppress(database, "Reader2@Example.jp", COMPLAINT, source="arf", now=NOW, scope=LIST.key)
    suppressions.suppress(database, "reader3@example.jp", COMPLAINT, source="arf", now=NOW, scope="another-list")
    assert recipients(database) == ["reader1@example.jp", "reader3@example.jp"]
    assert subscriptions.count(database, LIST.key) == 2
    assert READER not in [reader.address for reader in subscriptions.sample(database, LIST.key)]


def test_what_waits_in_issues_that_are_frozen_already_is_held_back(database: Database) -> None:
    recipients(database)
    suppressions.suppress(database, READER, SuppressionReason.UNKNOWN_RECIPIENT, source="bounce", now=NOW)
    assert recipients(database) == ["reader1@example.jp", "reader3@example.jp"]


def test_the_table_holds_no_address_and_no_hash_that_can_be_made_without_the_key(database: Database) -> None:
    suppressions.suppress(database, READER, COMPLAINT, source="arf", now=NOW)
    with database.reading() as connection:
        row = connection.execute(sa.select(suppression)).one()
    assert READER not in map(str, row) and len(row.address_hash) == 64
    assert AddressKeys((b"a guess",)).newest(READER).value != row.address_hash
    assert KEYS.newest("READER2@example.jp").value == row.address_hash


def test_doing_it_twice_changes_nothing(database: Database) -> None:
    assert suppressions.suppress(database, READER, COMPLAINT, source="arf", now=NOW)
    assert not suppressions.suppress(database, READER, COMPLAINT, source="again", now=NOW + timedelta(days=1))
    assert [each.source for each in suppressions.suppressions_of(database, READER)] == ["arf"]


def test_it_is_lifted_with_who_did_it_and_why_and_then_mail_goes_out_again(database: Database) -> None:
    suppressions.suppress(database, READER, COMPLAINT, source="arf", now=NOW)
    assert suppressions.is_suppressed(database, READER) and suppressions.is_suppressed(database, READER, LIST.key)
    assert suppressions.lift(database, READER, by="佐藤", why="called us", now=NOW, reasons=[*SuppressionReason]) == 1
    assert not suppressions.is_suppressed(database, READER)
    lifted = suppressions.suppressions_of(database, READER)
    assert [(each.lifted_at, each.lifted_by, each.lifted_why) for each in lifted] == [(NOW, "佐藤", "called us")]
    assert READER in recipients(database)


def test_a_confirmed_sign_up_lifts_what_the_reader_may_lift_and_nothing_else(database: Database) -> None:
    for reason in SuppressionReason:
        suppressions.suppress(database, READER, reason, source="t", now=NOW)
    with database.writing() as connection:
        left = suppressions.lift_by_consent_within(connection, KEYS, READER, LIST.key, confirmation="c1", now=NOW)
    assert {each.reason for each in left} == {*SuppressionReason} - LIFTED_BY_CONSENT != set()
    assert suppressions.is_suppressed(database, READER)


def test_it_survives_the_subscriber_and_holds_for_whoever_comes_back_with_the_address(database: Database) -> None:
    suppressions.suppress(database, "new@example.jp", OPERATOR, source="t", now=NOW)
    subscriptions.import_subscribers(database, [ImportedSubscriber("NEW@example.jp", "", (LIST.key,))], source="t", now=NOW)
    assert "new@example.jp" not in [address.lower() for address in recipients(database)]


def test_a_change_of_address_takes_no_suppression_along_and_finds_those_of_the_new_one(database: Database) -> None:
    suppressions.suppress(database, READER, OPERATOR, source="t", now=NOW)
    suppressions.suppress(database, "bad@example.jp", OPERATOR, source="t", now=NOW)
    with database.writing() as connection:
        assert people.change_address_within(connection, KEYS, SubscriberId(2), "fresh@example.jp")
        assert people.change_address_within(connection, KEYS, SubscriberId(3), "bad@example.jp")
        assert not people.change_address_within(connection, KEYS, SubscriberId(1), "Fresh@example.jp"), "somebody has it"
    assert recipients(database) == ["fresh@example.jp", "reader1@example.jp"]


def test_a_newer_key_finds_what_an_older_one_hashed(database: Database, database_url: str) -> None:
    suppressions.suppress(database, READER, COMPLAINT, source="arf", now=NOW)
    with closing(open_database(database_url, address_keys=NEWER)) as again:
        assert suppressions.is_suppressed(again, READER)
        assert not suppressions.suppress(again, READER, COMPLAINT, source="again", now=NOW)
        suppressions.suppress(again, "reader3@example.jp", COMPLAINT, source="arf", now=NOW)
        assert suppressions.lift(again, READER, by="a", why="b", now=NOW, reasons=[COMPLAINT]) == 1


@pytest.mark.parametrize("keys", [AddressKeys(), AddressKeys((b"another key",))])
def test_without_the_key_that_hashed_them_nobody_is_added_or_asked_about(database: Database, database_url: str, keys: AddressKeys) -> None:
    suppressions.suppress(database, READER, COMPLAINT, source="arf", now=NOW)
    with closing(open_database(database_url, address_keys=keys)) as keyless:
        with pytest.raises(SecretMissing):
            suppressions.is_suppressed(keyless, "somebody@example.jp")
        with pytest.raises(SecretMissing):
            subscriptions.import_subscribers(keyless, [ImportedSubscriber("new@example.jp", "", (LIST.key,))], source="t", now=NOW)
        assert subscriptions.find(keyless, "new@example.jp") is None


def test_as_long_as_nobody_is_suppressed_no_key_is_needed(database_url: str) -> None:
    with closing(create_database(database_url)) as keyless:
        subscriptions.import_subscribers(keyless, readers(1), source="t", now=NOW)
        assert not suppressions.is_suppressed(keyless, READER)
        with pytest.raises(SecretMissing, match="todoke secret new"):
            suppressions.suppress(keyless, READER, COMPLAINT, source="arf", now=NOW)


def test_a_paused_reader_gets_no_row_until_the_pause_is_over(database: Database) -> None:
    assert people.pause(database, SubscriberId(1), NOW + timedelta(days=1)) and people.pause(database, SubscriberId(3), NOW)
    assert people.paused_until(database, SubscriberId(1)) == NOW + timedelta(days=1)
    assert recipients(database) == ["reader2@example.jp", "reader3@example.jp"]
    assert (subscriptions.count(database, LIST.key), subscriptions.count(database, LIST.key, NOW)) == (3, 2)
    people.pause(database, SubscriberId(1), None)
    assert "reader1@example.jp" in recipients(database, "46")
    assert not people.pause(database, SubscriberId(99), NOW)
