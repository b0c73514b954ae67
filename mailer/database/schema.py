"""The tables, as SQLAlchemy Core sees them. A change here needs a new numbered file in `migrations/versions`."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from mailer.database.announcements.announcement_tables import announcement_post, announcement_restoration, channel_lease
from mailer.database.announcements.states import PostState
from mailer.database.consent_tables import address_key, consent, consent_words, erased_delivery, suppression
from mailer.database.metadata import metadata, server_clock
from mailer.database.push.push_tables import push_receipt, push_subscription
from mailer.database.returned.dmarc_tables import dmarc_report, dmarc_source
from mailer.database.returned.returned_tables import automatic_reply, complaint, delivery_problem, queue_stop
from mailer.database.sign_up_tables import sign_up
from mailer.database.stored_values import Utc, check_columns
from mailer.model.issue import IssueStatus, ListClass
from mailer.model.readers.consent import ConsentWay
from mailer.model.readers.subscription import FORMATS, SUBSCRIPTION_STATES, Frequency
from mailer.model.readers.suppression import SuppressionReason
from mailer.model.returned.bounce import BounceClass
from mailer.model.state import DeliveryState

__all__ = [
    "address_key", "announcement_post", "announcement_restoration", "audit", "automatic_reply", "bucket", "channel_lease", "claim", "complaint", "consent", "consent_words", "delivery", "delivery_problem", "digest_member", "dmarc_report", "dmarc_source", "erased_delivery", "expired", "heartbeat", "issue", "ledger", "metadata",
    "push_receipt", "push_subscription", "queue_stop", "recorded_claim", "sending_right", "sent_before", "server_clock", "sign_up", "slot", "subscriber", "subscription", "suppression",
]  # fmt: skip


subscriber = Table(
    "subscriber",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", String(254), nullable=False),
    Column("email_key", String(254), nullable=False, unique=True),  # in lower case: one person, one row
    Column("name", String(200), nullable=False),
    Column("created_at", Utc, nullable=False),
    # In each of the subscriber's links; a higher one revokes all that were signed before. 0: a subscriber from before links had a version.
    Column("token_version", Integer, nullable=False, server_default="0"),
    Column("paused_until", Utc),  # nothing is frozen for the subscriber before this moment
    sqlite_autoincrement=True,  # an id is never used twice: an old link would rule another person's subscriptions
)


subscription = Table(
    "subscription",
    metadata,
    Column("subscriber_id", ForeignKey("subscriber.id"), primary_key=True),
    Column("list", String(64), primary_key=True),
    Column("state", String(16), nullable=False),  # subscribed | unsubscribed
    Column("source", String(64), nullable=False),  # where consent or its end came from
    Column("since", Utc, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("format", String(8), nullable=False, server_default="html"),  # html | light
    Column("confirmation_at", Utc),  # when the last confirmation of joining again was mailed
    Column("frequency", String(8), nullable=False, server_default="issue"),  # issue | daily | weekly
    Index("subscription_by_list", "list", "state"),
)


# A frozen issue is sent to its end, whatever is built meanwhile. So the list's headers are here too.
issue = Table(
    "issue",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("list", String(64), nullable=False),
    Column("number", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("date", Utc, nullable=False),
    Column("list_class", String(16), nullable=False),  # newsletter | emergency
    Column("expires", Utc),
    Column("archive_url", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("list_title", Text, nullable=False),
    Column("from_name", Text, nullable=False),
    Column("from_address", String(254), nullable=False),
    Column("reply_to", String(254), nullable=False),
    Column("list_id", String(255), nullable=False),
    Column("contact", String(254), nullable=False),
    Column("list_archive_url", Text, nullable=False),
    Column("frozen_at", Utc, nullable=False),
    Column("light", Text),
    Column("light_charset", String(16)),
    Column("status", String(16), nullable=False, server_default="sending"),  # sending | paused | cancelled | reopened
    Column("send_at", Utc),  # not before this moment
    Column("reported_at", Utc),  # when it was reported that every delivery had been tried
    Column("settled_at", Utc),  # when it was reported that none is left to be tried again
    Column("sections", Text, nullable=False, server_default=""),  # the issue in fragments, for digests; empty: it comes in none
    UniqueConstraint("list", "number"),
)


delivery = Table(
    "delivery",
    metadata,
    Column("issue_id", ForeignKey("issue.id"), primary_key=True),
    Column("subscriber_id", ForeignKey("subscriber.id"), primary_key=True),
    Column("address", String(254), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("code", Integer),
    Column("text", Text, nullable=False),
    Column("message_id", String(255)),
    Column("first_tried", Utc),
    Column("not_before", Utc),
    Column("changed_at", Utc, nullable=False),
    Column("queue", String(120), nullable=False, server_default=""),  # a queue of mailer.toml, or empty for all other domains
    Column("fence", Integer),  # the number of the claim that holds it, or held it last
    Column("merged_into", Integer),  # the issue that is the digest which carries it, where the state is `merged`
    Index("delivery_by_state", "issue_id", "state", "queue", "subscriber_id"),
    sqlite_with_rowid=False,  # stored in the order in which they are sent: a change of state costs half
)


# Which issues a digest carries. The digest is an issue itself, of the list `digest`.
digest_member = Table(
    "digest_member",
    metadata,
    Column("digest_id", ForeignKey("issue.id"), primary_key=True),
    Column("issue_id", ForeignKey("issue.id"), primary_key=True),
    Column("position", Integer, nullable=False),
    Index("digest_member_by_issue", "issue_id"),
)


# A batch of one issue that one process is sending. Its number is the fencing token: it grows and is never used again.
claim = Table(
    "claim",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("issue_id", ForeignKey("issue.id"), nullable=False),
    Column("token", String(120), nullable=False, unique=True),  # the name of its journal
    Column("owner", String(120), nullable=False),
    Column("lease_until", Float, nullable=False),  # seconds since 1970, by the database's clock where it has one
    Column("high_water_mark", Integer, nullable=False),  # bodies up to this subscriber may have left
    sqlite_autoincrement=True,
)


# How much of a rate is left, so that a restart does not begin with a full bucket. Keys: relay:NAME, queue:NAME.
bucket = Table(
    "bucket",
    metadata,
    Column("key", String(130), primary_key=True),
    Column("level", Float, nullable=False),
    Column("at", Float, nullable=False),
)


# A connection that some process holds, so that the limits hold over all machines together.
slot = Table(
    "slot",
    metadata,
    Column("key", String(130), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("owner", String(120), nullable=False),
    Column("until", Float, nullable=False),
)


# What each sender reports of itself every two seconds: for `status` and `/metrics`. Nothing is decided by it.
heartbeat = Table(
    "heartbeat",
    metadata,
    Column("owner", String(120), primary_key=True),
    Column("kind", String(8), primary_key=True),  # issue | queue | relay
    Column("name", String(130), primary_key=True),  # the id of the issue, or the name of the queue or the relay
    Column("connections", Integer, nullable=False),
    Column("waiting", Integer, nullable=False),  # rows in hand
    Column("backing_off", Integer, nullable=False),  # domains of a queue, or the relay itself (1), that are left alone for a while
    Column("rate", Float, nullable=False),  # results a second
    Column("at", Float, nullable=False),  # seconds since 1970, by the database's clock where it has one
)


# Append-only: triggers refuse UPDATE, DELETE and INSERT OR REPLACE. `number` has no gaps.
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
    Column("mac", String(64), nullable=False, server_default=""),  # keyed; empty in entries from before version 0.2
)


# Which ledger this is (`restoration`). One row.
ledger = Table(
    "ledger",
    metadata,
    Column("name", String(32), primary_key=True),  # random
    Column("generation", Integer, nullable=False),  # one more each time that a restored ledger is adopted
)


# Which fence of the right to send this database holds (`sending_right.protocol`). One row; fence 0: nobody has taken the right.
sending_right = Table(
    "sending_right",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("fence", Integer, nullable=False),
    Column("holder", String(32), nullable=False),  # random
    Column("place", String(200), nullable=False),  # the file or cluster in which it was taken: a copy lies in another one
)


# Every batch that was claimed under that fence: whoever finds one outside that is not here has a copy of the database.
recorded_claim = Table(
    "recorded_claim",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("token", String(32), nullable=False),
)


# Who got an issue that was frozen after the backup from which the ledger was restored.
sent_before = Table(
    "sent_before",
    metadata,
    Column("list", String(64), primary_key=True),
    Column("number", String(64), primary_key=True),
    Column("subscriber_id", ForeignKey("subscriber.id"), primary_key=True),
    Column("state", String(16), nullable=False),  # sent | unknown
)


# Issues that have expired by the clock of some sender at some time, whatever it shows now. An issue that is built anew with another end is not among them.
expired = Table(
    "expired",
    metadata,
    Column("list", String(64), primary_key=True),
    Column("number", String(64), primary_key=True),
    Column("expires", Utc, primary_key=True),
    Column("seen_at", Utc, nullable=False),
)


check_columns(
    metadata,
    {
        "subscription.state": SUBSCRIPTION_STATES,
        "subscription.format": FORMATS,
        "subscription.frequency": tuple(Frequency),
        "consent.way": tuple(ConsentWay),
        "consent.frequency": tuple(Frequency),
        "suppression.reason": tuple(SuppressionReason),
        "erased_delivery.state": tuple(DeliveryState),
        "delivery_problem.class": tuple(BounceClass),
        "queue_stop.class": tuple(BounceClass),
        "issue.list_class": tuple(ListClass),
        "issue.status": tuple(IssueStatus),
        "delivery.state": tuple(DeliveryState),
        "announcement_post.state": tuple(PostState),
        "announcement_post.action": ("post", "change", "amend", "withdraw"),
        "sent_before.state": (DeliveryState.SENT, DeliveryState.UNKNOWN),
    },
)
