"""The tables of approvals and of the audit log, beside those of `schema`. A change here needs a new numbered migration."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Integer, String, Table, Text

from mailer.schema import Utc, metadata

approval = Table(
    "approval",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("list", String(64), nullable=False),
    Column("number", String(64), nullable=False),
    Column("bundle", String(64), nullable=False),  # SHA-256 of issue and list, see approval.fingerprint
    Column("audience", String(64), nullable=False),  # SHA-256 of the subscribers' numbers, in order
    Column("size", Integer, nullable=False),  # how many they were
    Column("approver", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("at", Utc, nullable=False),
)

# Append-only: triggers refuse UPDATE and DELETE. `number` has no gaps.
audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False),
    Column("actor", Text, nullable=False),
    Column("what", String(32), nullable=False),
    Column("issue", String(130), nullable=False),
    Column("details", JSON, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)
