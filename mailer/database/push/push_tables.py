"""The tables of Web Push. Import them from `schema`, which has all tables and checks what is read from them."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from mailer.database.metadata import metadata
from mailer.database.stored_values import Utc

# A browser that wants to be told (Push API, "PushSubscription"). It is joined to no reader. A restored database may have one that was ended since:
# its push service answers 410, and it goes again.
push_subscription = Table(
    "push_subscription",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("endpoint_hash", String(64), nullable=False, unique=True),  # SHA-256 of the endpoint: the key of a text that is too long for one
    Column("endpoint", Text, nullable=False),  # whoever has it and the keys may push to this browser
    Column("p256dh", String(88), nullable=False),
    Column("auth", String(24), nullable=False),
    Column("server_key", String(88), nullable=False),  # our public key that it was made with: no other key may push to it
    Column("failures", Integer, nullable=False, server_default="0"),  # posts one after the other that could not be told
    Column("created_at", Utc, nullable=False),
    Index("push_subscription_by_key", "server_key", "id"),
    sqlite_autoincrement=True,  # a number is never used twice: a receipt would speak of another browser
)


# Which posts a browser has got, or needs no more tries for. Kept for as long as a post may be tried.
push_receipt = Table(
    "push_receipt",
    metadata,
    Column("post", String(36), primary_key=True),
    Column("subscription_id", ForeignKey("push_subscription.id", ondelete="CASCADE"), primary_key=True),
    Column("at", Utc, nullable=False),
    Index("push_receipt_by_age", "at"),
    Index("push_receipt_by_subscription", "subscription_id"),
)
