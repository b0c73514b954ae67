"""What proves that a reader asked for a list: kept with the words that were shown, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from mailer.database.engine import Database, create_database
from mailer.database.readers import consents, subscriptions
from mailer.database.schema import consent
from mailer.model.errors import DatabaseError
from mailer.model.ids import SubscriberId
from mailer.model.readers.consent import ConsentRecord, ConsentWay, Words
from tests.samples.mail.mail_bundles import NOW, people

WORDS = Words.of("みやぎ復興プレスを受け取ります。", "2026-03")
READER = SubscriberId(1)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(create_database(database_url)) as opened:
        subscriptions.import_subscribers(opened, people(2), source="t", now=NOW)
        yield opened


def asked_of(database: Database, reader: SubscriberId) -> list[ConsentRecord]:
    """The consents of a reader, but for what the import of the fixture says of where it came from."""
    return [each for each in consents.consents_of(database, reader) if each.way is not ConsentWay.IMPORT]


def test_a_consent_is_read_back_as_it_was_recorded_with_the_words_that_were_shown(database: Database) -> None:
    digest = consents.keep_words(database, WORDS, now=NOW)
    asked = ConsentRecord(READER, "fukko-press", NOW, ConsentWay.WEB, words=digest, confirmation="c1")
    paper = ConsentRecord(READER, "mailmaga", NOW + timedelta(days=1), ConsentWay.COUNTER, proof="石巻-0042")
    for record in (paper, asked):
        consents.record_consent(database, record)
    assert asked_of(database, READER) == [asked, paper]
    assert asked_of(database, SubscriberId(2)) == []
    assert consents.words_of(database, digest) == WORDS


def test_the_same_words_are_kept_once_and_other_words_beside_them(database: Database) -> None:
    first = consents.keep_words(database, WORDS, now=NOW)
    assert consents.keep_words(database, WORDS, now=NOW) == first
    assert consents.keep_words(database, Words.of(WORDS.text + " ", "2026-04"), now=NOW) != first
    assert consents.words_of(database, "0" * 64) is None


def test_a_consent_to_words_that_were_not_kept_is_refused(database: Database) -> None:
    with pytest.raises(DatabaseError):
        consents.record_consent(database, ConsentRecord(READER, "fukko-press", NOW, ConsentWay.WEB, words=WORDS.digest))
    assert asked_of(database, READER) == []


def test_there_is_no_place_for_an_ip_address() -> None:
    assert {*consent.columns.keys()} == {"id", "subscriber_id", "list", "at", "way", "proof", "words", "confirmation", "frequency"}
