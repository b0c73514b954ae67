"""The tables of consents and of suppressions. Import them from `schema`, which has all tables and checks what is read from them."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from mailer.database.metadata import metadata
from mailer.database.stored_values import Utc

# What pages and forms said to readers. Kept for as long as a consent refers to it.
consent_words = Table(
    "consent_words",
    metadata,
    Column("digest", String(64), primary_key=True),  # SHA-256 of the text's UTF-8
    Column("version", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("kept_at", Utc, nullable=False),
)


consent = Table(
    "consent",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subscriber_id", ForeignKey("subscriber.id"), nullable=False),
    Column("list", String(64), nullable=False),
    Column("at", Utc, nullable=False),
    Column("way", String(16), nullable=False),  # web | mail | counter | import | preferences
    Column("proof", String(200), nullable=False),  # of a counter the number of the paper form, of an import the file and line
    Column("words", ForeignKey("consent_words.digest")),
    Column("confirmation", String(64), nullable=False),
    Column("frequency", String(8)),  # issue | daily | weekly; of a consent from before digests, or by import, none
    Index("consent_by_subscriber", "subscriber_id", "list"),
    sqlite_autoincrement=True,
)


# Whom not to mail. `subscriber_id` is filled in while there is a subscriber with the address: the freeze of an issue need not hash a million addresses.
suppression = Table(
    "suppression",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("address_hash", String(64), nullable=False),  # `model.readers.suppression.AddressHash`
    Column("key", ForeignKey("address_key.name"), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("scope", String(64), nullable=False),  # the key of a list; empty: all lists
    Column("since", Utc, nullable=False),
    Column("source", String(130), nullable=False),
    Column("lifted_at", Utc),
    Column("lifted_by", String(130), nullable=False, server_default=""),
    Column("lifted_why", Text, nullable=False, server_default=""),
    Column("subscriber_id", ForeignKey("subscriber.id")),
    Index("suppression_by_hash", "address_hash"),
    Index("suppression_by_subscriber", "subscriber_id"),
    sqlite_autoincrement=True,
)


# The names of the keys that have hashed addresses: when one of them is gone from the secrets, that is noticed before anybody is mailed again.
address_key = Table(
    "address_key",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("since", Utc, nullable=False),
)


# How many deliveries of an issue were to people who have been erased since.
erased_delivery = Table(
    "erased_delivery",
    metadata,
    Column("issue_id", ForeignKey("issue.id"), primary_key=True),
    Column("state", String(16), primary_key=True),
    Column("number", Integer, nullable=False),
)
