"""Whoever is erased is in no table and no file any more; what an issue did stays true; the keyed hash keeps the address from being mailed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from mailer.database.deliveries import claims, issues, ledger
from mailer.database.deliveries.claims import ClaimRequest
from mailer.database.deliveries.ledger import ResultGroup
from mailer.database.engine import Database, create_database, sqlite_file
from mailer.database.readers import consents, erasure, people, retention, subscriptions, suppressions
from mailer.database.readers.subscriptions import ImportedSubscriber
from mailer.database.schema import metadata
from mailer.database.scrub import scrub
from mailer.delivery.journal import format_timestamp
from mailer.model.errors import SubscriberBusy
from mailer.model.ids import IssueId, SubscriberId
from mailer.model.issue import IssueRef
from mailer.model.outcome import DeliveryResult
from mailer.model.readers.consent import ConsentRecord, ConsentWay
from mailer.model.readers.retention import Retention
from mailer.model.readers.suppression import AddressKeys, SuppressionReason
from mailer.model.state import DeliveryState
from tests.samples.mail.databases import with_tables
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW
from tests.samples.mail.mail_bundles import people as readers

KEYS = AddressKeys((b"a key of these tests",))
GONE = "hanako-to-be-erased@example.jp"
HANAKO = SubscriberId(4)
RULES = Retention()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(create_database(database_url, address_keys=KEYS)) as opened:
        subscriptions.import_subscribers(opened, readers(3), source="t", now=NOW)
        subscriptions.import_subscribers(opened, [ImportedSubscriber(GONE, "消える花子", (LIST.key, "mailmaga"))], source="t", now=NOW)
        yield opened


def send(database: Database, number: str = "45") -> IssueId:
    """An issue goes to all of its recipients, and the relay's replies name them."""
    frozen = issues.freeze(database, replace(ISSUE, ref=IssueRef(LIST.key, number)), LIST, NOW)
    claim = claims.claim_batch(database, ClaimRequest(frozen.issue_id, ""), token=f"t{number}", owner="me", lease=60, now=NOW)
    assert claim is not None
    at = format_timestamp(NOW)
    results = [DeliveryResult(row.subscriber_id, "sent", 1, 250, f"2.0.0 {row.address}", at, "", at, "<x@y>") for row in claim.rows]
    ledger.record(database, [ResultGroup(frozen.issue_id, claim.fence, results, is_last=True, is_complete=True)], now=NOW)
    return frozen.issue_id


def everything(database: Database) -> str:
    """Every value of every table, and for SQLite every byte of its files."""
    with database.reading() as connection:
        rows = [str(row) for table in metadata.sorted_tables for row in connection.execute(sa.select(table))]
    file = sqlite_file(database.address)
    files = [] if file is None else [path.read_bytes().decode("utf-8", "replace") for path in file.parent.iterdir() if path.is_file()]
    return "\n".join([*rows, *files]).lower()


def test_nothing_of_an_erased_person_remains_in_any_table_or_file_but_the_keyed_hash(database: Database) -> None:
    send(database)
    consents.record_consent(database, ConsentRecord(HANAKO, LIST.key, NOW, ConsentWay.COUNTER, proof="form of 消える花子"))
    suppressions.suppress(database, GONE, SuppressionReason.COMPLAINT, source="arf", now=NOW, scope=LIST.key)
    subscriptions.import_subscribers(
        database, [ImportedSubscriber(f"after{n}-{GONE}x", "", (LIST.key,)) for n in range(1)], source="t", now=NOW
    )
    before = everything(database)
    assert GONE in before and "消える花子" in before
    erased = erasure.erase(database, HANAKO, source="operator", now=NOW)
    assert erased is not None and erased.rows["delivery"] == 1 and erased.rows["subscription"] == 2
    with database.writing() as connection:
        number = people.find_within(connection, f"after0-{GONE}x")
        assert number is not None
        erasure.erase_within(connection, number)
    scrub(database, GONE)
    after = everything(database)
    assert GONE not in after and "消える花子" not in after
    assert KEYS.newest(GONE).value in after


def test_what_an_issue_did_stays_true_without_the_people_who_were_erased(database: Database) -> None:
    issue_id = send(database)
    before = ledger.counts(database, issue_id)
    assert before[DeliveryState.SENT] == 4
    erasure.erase(database, HANAKO, source="operator", now=NOW)
    erasure.erase(database, SubscriberId(1), source="operator", now=NOW)
    assert ledger.counts(database, issue_id) == before


def test_an_erased_address_is_not_mailed_or_imported_again_and_its_id_does_not_come_back(database: Database) -> None:
    erasure.erase(database, HANAKO, source="operator", now=NOW)
    again = subscriptions.import_subscribers(database, [ImportedSubscriber(GONE.upper(), "", (LIST.key,))], source="t", now=NOW)
    assert (again.people, again.subscriptions) == (0, 0) and again.suppressed == ((GONE.upper(), LIST.key),)
    subscriptions.import_subscribers(database, [ImportedSubscriber("next@example.jp", "", (LIST.key,))], source="t", now=NOW)
    assert subscriptions.find(database, "next@example.jp") == 5


def test_a_dry_run_counts_and_changes_nothing_and_a_stranger_is_none(database: Database) -> None:
    planned = erasure.erase(database, HANAKO, source="operator", now=NOW, keep=False)
    assert planned is not None and planned.rows == {"consent": 2, "subscription": 2, "subscriber": 1}
    assert subscriptions.find(database, GONE) == HANAKO and not suppressions.is_suppressed(database, GONE)
    assert erasure.erase(database, SubscriberId(99), source="operator", now=NOW) is None


def test_while_a_sender_holds_a_message_nothing_is_erased(database: Database) -> None:
    frozen = issues.freeze(database, ISSUE, LIST, NOW)
    claims.claim_batch(database, ClaimRequest(frozen.issue_id, ""), token="t", owner="me", lease=60, now=NOW)
    with pytest.raises(SubscriberBusy, match="subscriber 4"):
        erasure.erase(database, HANAKO, source="operator", now=NOW)
    assert subscriptions.find(database, GONE) == HANAKO and not suppressions.is_suppressed(database, GONE)


def test_every_table_that_names_a_subscriber_is_known_to_the_erasure() -> None:
    named = {column.table.name for column in erasure.references()} | erasure.KEPT
    assert named == {
        table.name for table in metadata.sorted_tables if any(key.column.table.name == "subscriber" for key in table.foreign_keys)
    }


def test_an_ended_subscription_goes_after_its_time_and_is_remembered_by_the_hash_alone(database: Database) -> None:
    subscriptions.unsubscribe(database, HANAKO, LIST.key, source="link", now=NOW)
    assert retention.expire(database, RULES, now=NOW + RULES.ended - timedelta(seconds=1)) == retention.Expired()
    assert retention.expire(database, RULES, now=NOW + RULES.ended, keep=False).subscriptions == 1
    assert retention.expire(database, RULES, now=NOW + RULES.ended).subscriptions == 1
    assert [each.list for each in subscriptions.preferences(database, HANAKO)] == ["mailmaga"]
    assert suppressions.is_suppressed(database, GONE, LIST.key) and not suppressions.is_suppressed(database, GONE, "mailmaga")


def test_the_proof_of_a_consent_stays_for_the_time_of_the_law_after_the_last_mail(database: Database) -> None:
    send(database)
    for key in (LIST.key, "mailmaga"):
        subscriptions.unsubscribe(database, HANAKO, key, source="link", now=NOW)
    retention.expire(database, RULES, now=NOW + RULES.evidence - timedelta(seconds=1))
    assert len(consents.consents_of(database, HANAKO)) == 2
    expired = retention.expire(database, RULES, now=NOW + RULES.evidence)
    assert (expired.consents, expired.people) == (2, 1)
    assert subscriptions.find(database, GONE) is None and GONE not in everything(database)
    assert len(consents.consents_of(database, SubscriberId(1))) == 1, "a standing subscription keeps its proof for as long as it stands"


def test_a_person_of_whom_nothing_is_left_is_erased_and_one_whose_message_is_being_sent_waits(database: Database) -> None:
    frozen = issues.freeze(database, ISSUE, LIST, NOW)
    claims.claim_batch(database, ClaimRequest(frozen.issue_id, ""), token="t", owner="me", lease=60, now=NOW)
    for key in (LIST.key, "mailmaga"):
        subscriptions.unsubscribe(database, HANAKO, key, source="link", now=NOW)
    expired = retention.expire(database, RULES, now=NOW + RULES.evidence)
    assert (expired.people, expired.busy) == (0, 1)
    assert subscriptions.find(database, GONE) == HANAKO


def test_scrubbing_finds_an_old_copy_beside_the_rows_of_a_page_that_was_split(tmp_path: Path) -> None:
    with closing(create_database(with_tables(f"sqlite:///{tmp_path / 'x.db'}"), address_keys=KEYS)) as database:
        rows = [ImportedSubscriber(f"{n:04}-{GONE}", "", (LIST.key,)) for n in range(0, 2000, 2)]
        subscriptions.import_subscribers(database, rows, source="t", now=NOW)
        rows = [ImportedSubscriber(f"{n:04}-{GONE}", "", (LIST.key,)) for n in range(1, 2000, 2)]
        subscriptions.import_subscribers(database, rows, source="t", now=NOW)
        number = subscriptions.find(database, f"1000-{GONE}")
        assert number is not None
        erasure.erase(database, number, source="operator", now=NOW)
        assert scrub(database, f"1000-{GONE}")
        assert f"1000-{GONE}" not in everything(database)
        assert subscriptions.count(database, LIST.key) == 1999


def test_while_somebody_reads_an_old_state_that_is_told_and_done_later(tmp_path: Path) -> None:
    url = with_tables(f"sqlite:///{tmp_path / 'x.db'}")
    with closing(create_database(url, address_keys=KEYS)) as database, closing(create_database(url)) as other:
        subscriptions.import_subscribers(database, [ImportedSubscriber(GONE, "", (LIST.key,))], source="t", now=NOW)
        with other.reading() as connection:
            connection.execute(sa.select(metadata.tables["subscriber"])).all()
            with database.without_transaction() as cursor:
                cursor.execute("PRAGMA busy_timeout = 50")
                cursor.fetchall()
            erasure.erase(database, SubscriberId(1), source="operator", now=NOW)
            assert not scrub(database, GONE)
        assert scrub(database, GONE, is_thorough=True) and GONE not in everything(database)
