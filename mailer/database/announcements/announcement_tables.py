"""The tables of announcements. Import them from `schema`, which has all tables and checks what is read from them."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, Index, Integer, String, Table, Text

from mailer.database.metadata import metadata
from mailer.database.stored_values import Utc

# One part of one announcement on one channel. What it says is frozen at its first try.
announcement_post = Table(
    "announcement_post",
    metadata,
    Column("key", String(36), primary_key=True),  # UUID version 5 of record, channel and part
    Column("record", String(300), nullable=False),
    Column("channel", String(40), nullable=False),
    Column("part", String(40), nullable=False),  # post, or CHANGE:REVISION of one that follows
    Column("action", String(8), nullable=False),  # post | change | amend | withdraw
    Column("state", String(16), nullable=False),
    Column("revision", String(16), nullable=False),  # of the record, as this post says it
    Column("content", JSON, nullable=False),  # text, language, link, pictures
    Column("follows", String(36)),  # the key of the post that this one changes
    Column("urgent", Integer, nullable=False),  # 1: may use what is kept for emergencies
    Column("drill", Integer, nullable=False),  # 1: for channels of drills only
    Column("issue", String(130), nullable=False, server_default=""),  # LIST/NUMBER of a mail issue
    Column("moment", Utc, nullable=False),  # the record's own
    Column("use_until", Utc, nullable=False),  # it is not posted later than this
    Column("changed_at", Utc, nullable=False),
    Column("not_before", Utc),
    Column("attempts", Integer, nullable=False),
    Column("first_tried", Utc),
    Column("fence", Integer),  # of the lease under which it was claimed last
    Column("counted_at", Utc),  # when it took its place in the quota; NULL: it has none
    Column("yen", Float, nullable=False, server_default="0"),
    Column("remote", Text, nullable=False, server_default=""),  # the network's identifier
    Column("address", Text, nullable=False, server_default=""),  # where people see it
    Column("reason", Text, nullable=False, server_default=""),
    Index("announcement_post_by_channel", "channel", "state"),
    Index("announcement_post_by_quota", "channel", "counted_at"),
    Index("announcement_post_by_record", "record", "channel"),
)


# Which process posts to a channel. The fence grows with each holder and is never used again.
channel_lease = Table(
    "channel_lease",
    metadata,
    Column("channel", String(40), primary_key=True),
    Column("fence", Integer, nullable=False),
    Column("owner", String(120), nullable=False),
    Column("lease_until", Float, nullable=False),  # seconds since 1970, by the database's clock where it has one
    Column("paused_at", Utc),
    Column("paused_by", Text, nullable=False, server_default=""),  # a person, or the program with the network's words
    Column("failures", Integer, nullable=False, server_default="0"),  # tries one after the other that got no answer
    Column("open_until", Utc),  # the circuit breaker: nothing is tried before this moment
)


# When a restored database was adopted: whatever was announced before may be on the networks already.
announcement_restoration = Table(
    "announcement_restoration",
    metadata,
    Column("at", Utc, primary_key=True),
)
