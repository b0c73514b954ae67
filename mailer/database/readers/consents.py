"""Who asked for which list, when and after which words: kept as proof, and erased with the subscriber."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from mailer.database.engine import Database
from mailer.database.schema import consent, consent_words
from mailer.model.ids import SubscriberId
from mailer.model.readers.consent import ConsentRecord, ConsentWay, Words
from mailer.model.readers.subscription import Frequency

LONGEST_PROOF = 200
"""Characters of the column."""


def keep_words(database: Database, words: Words, *, now: datetime) -> str:
    """Keep what a page or form says, and return its digest. The same words are kept once, with the version that they had first."""
    with database.writing() as connection:
        return keep_words_within(connection, words, now)


def keep_words_within(connection: Connection, words: Words, now: datetime) -> str:
    """Keep words in the caller's transaction."""
    if connection.execute(select(consent_words.c.digest).where(consent_words.c.digest == words.digest)).first() is None:
        values = {"digest": words.digest, "version": words.version, "text": words.text, "kept_at": now}
        connection.execute(insert(consent_words).values(values))
    return words.digest


def words_of(database: Database, digest: str) -> Words | None:
    """The words with this digest, if any reader was shown them."""
    columns = (consent_words.c.digest, consent_words.c.version, consent_words.c.text)
    with database.reading() as connection:
        row = connection.execute(select(*columns).where(consent_words.c.digest == digest)).one_or_none()
    return None if row is None else Words(*row)


def record_consent(database: Database, record: ConsentRecord) -> None:
    """Record one consent. Its words must be kept already.

    :raises ValueError: the proof is longer than its column, which is a mistake in our code.
    """
    with database.writing() as connection:
        record_consent_within(connection, record)


def record_consent_within(connection: Connection, record: ConsentRecord) -> None:
    """Record one consent in the caller's transaction, so that there is no subscription without its proof."""
    if len(record.proof) > LONGEST_PROOF:
        raise ValueError("the proof of a consent is too long for its column")
    values = {
        "subscriber_id": record.subscriber_id,
        "list": record.list,
        "at": record.at,
        "way": record.way,
        "proof": record.proof,
        "words": record.words,
        "confirmation": record.confirmation,
        "frequency": record.frequency,
    }
    connection.execute(insert(consent).values(values))


def consents_of(database: Database, subscriber_id: SubscriberId) -> tuple[ConsentRecord, ...]:
    """All consents of a subscriber, oldest first."""
    columns = (
        consent.c.subscriber_id,
        consent.c.list,
        consent.c.at,
        consent.c.way,
        consent.c.proof,
        consent.c.words,
        consent.c.confirmation,
        consent.c.frequency,
    )
    query = select(*columns).where(consent.c.subscriber_id == subscriber_id).order_by(consent.c.at, consent.c.id)
    with database.reading() as connection:
        return tuple(
            ConsentRecord(
                row.subscriber_id,
                row.list,
                row.at,
                ConsentWay(row.way),
                row.proof,
                row.words,
                row.confirmation,
                None if row.frequency is None else Frequency(row.frequency),
            )
            for row in connection.execute(query)
        )
