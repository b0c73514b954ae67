"""The table of confirmations that wait for an answer. Import it from `schema`, which has all tables and checks what is read from them."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text

from mailer.database.metadata import metadata
from mailer.database.stored_values import Utc

# Confirmations that strangers asked for: at most one row for a mailbox, deleted a week after the last one. No address can be read here.
sign_up = Table(
    "sign_up",
    metadata,
    Column("mailbox", String(64), primary_key=True),  # keyed hash of the address
    Column("asked_at", Utc, nullable=False),  # the last three confirmations
    Column("second_at", Utc),
    Column("third_at", Utc),
    Column("token", Text, nullable=False),  # sealed; empty once it is confirmed or too old
    Column("sent_at", Utc),  # when a relay took the mail
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("not_before", Utc),  # when the next try is due; NULL: none is
    Column("refused_until", Utc),  # whoever reads the mailbox wants no more of these mails
    Index("sign_up_by_next_try", "not_before"),
    Index("sign_up_by_age", "asked_at"),
)
