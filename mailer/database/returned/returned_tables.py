"""The tables of what comes back. Import them from `schema`, which has all tables and checks what is read from them."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from mailer.database.metadata import metadata
from mailer.database.stored_values import Utc

# One row for each refusal and each returned message of a subscriber. `event` names it, so that a message that comes twice counts once.
delivery_problem = Table(
    "delivery_problem",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("event", String(64), nullable=False, unique=True),
    Column("subscriber_id", ForeignKey("subscriber.id"), nullable=False),
    Column("issue_id", ForeignKey("issue.id")),
    Column("queue", String(120), nullable=False),
    Column("class", String(16), nullable=False),  # `model.returned.bounce.BounceClass`
    Column("way", String(16), nullable=False),  # dsn | plain | taught | flufl | automatic | reply
    Column("receiver", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("code", Integer),
    Column("phase", String(8), nullable=False),
    Column("is_hard", Integer, nullable=False),
    Column("text", Text, nullable=False),  # without addresses
    Column("at", Utc, nullable=False),
    Column("forgiven_at", Utc),  # it counts no more: the reader or an operator has said that the address is good
    Index("delivery_problem_by_subscriber", "subscriber_id", "at"),
    Index("delivery_problem_by_issue", "issue_id", "queue", "class"),
    sqlite_autoincrement=True,
)


complaint = Table(
    "complaint",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("event", String(64), nullable=False, unique=True),
    Column("subscriber_id", ForeignKey("subscriber.id"), nullable=False),
    Column("list", String(64), nullable=False),
    Column("issue_id", ForeignKey("issue.id")),
    Column("feedback_type", String(32), nullable=False),
    Column("reporter", String(100), nullable=False),
    Column("at", Utc, nullable=False),
    Index("complaint_by_list", "list", "at"),
    Index("complaint_by_subscriber", "subscriber_id"),
    sqlite_autoincrement=True,
)


# A queue of which newsletters are sent to nobody, until an operator releases it.
queue_stop = Table(
    "queue_stop",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("queue", String(120), nullable=False),
    Column("issue_id", ForeignKey("issue.id"), nullable=False),
    Column("class", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", Utc, nullable=False),
    Column("released_at", Utc),
    Column("released_by", String(130), nullable=False, server_default=""),
    Column("released_why", Text, nullable=False, server_default=""),
    Index("queue_stop_by_queue", "queue", "released_at"),
    sqlite_autoincrement=True,
)


# Answers that a program gave, so that nobody's mailbox can be filled with them. The sender is a keyed hash.
automatic_reply = Table(
    "automatic_reply",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sender_hash", String(64), nullable=False),
    Column("kind", String(80), nullable=False),
    Column("at", Utc, nullable=False),
    Index("automatic_reply_by_sender", "sender_hash", "at"),
    sqlite_autoincrement=True,
)
