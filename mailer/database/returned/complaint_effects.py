"""What follows from a complaint, in one transaction with its record: the list ends, and is suppressed for that address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from mailer.database.deliveries.audience import wants_digest
from mailer.database.engine import Database
from mailer.database.readers import suppressions
from mailer.database.returned import delivery_problems
from mailer.database.schema import delivery, issue, subscription
from mailer.model.digest import DIGEST
from mailer.model.ids import IssueId, SubscriberId
from mailer.model.readers.subscription import SUBSCRIBED, UNSUBSCRIBED
from mailer.model.readers.suppression import SuppressionReason


@dataclass(frozen=True, slots=True)
class Complained:
    """Who complained about what. Without `key` the issue says which list it was."""

    subscriber_id: SubscriberId
    issue_id: IssueId | None
    key: str
    feedback_type: str
    reporter: str


def apply(database: Database, event: str, complained: Complained, *, now: datetime) -> tuple[str, ...]:
    """Record a complaint and end the list. Which lists ended? None if the message was known, or the reader was erased."""
    with database.writing() as connection:
        address = delivery_problems.address_within(connection, complained.subscriber_id)
        key = complained.key or _list_of(connection, complained)
        if address is None or not key:
            return ()
        kind, reporter = complained.feedback_type, complained.reporter
        if not delivery_problems.add_complaint_within(
            connection, event, complained.subscriber_id, key, complained.issue_id, kind, reporter, now
        ):
            return ()
        return tuple(
            each for each in _lists(connection, complained.subscriber_id, key) if _end(connection, database, complained, address, each, now)
        )


def _lists(connection: Connection, subscriber_id: SubscriberId, key: str) -> tuple[str, ...]:
    """The list, or of a digest every list that the reader gets in digests."""
    if key != DIGEST:
        return (key,)
    mine = select(subscription.c.list).where(
        subscription.c.subscriber_id == subscriber_id, subscription.c.state == SUBSCRIBED, wants_digest()
    )
    return tuple(connection.execute(mine.order_by(subscription.c.list)).scalars())


def _end(connection: Connection, database: Database, complained: Complained, address: str, key: str, now: datetime) -> bool:
    row = (subscription.c.subscriber_id == complained.subscriber_id, subscription.c.list == key, subscription.c.state == SUBSCRIBED)
    ended = update(subscription).where(*row).values(state=UNSUBSCRIBED, source="complaint", since=now, changed_at=now)
    was_subscribed = connection.execute(ended).rowcount > 0
    reason, source = SuppressionReason.COMPLAINT, f"complaint ({complained.feedback_type})"
    is_new = suppressions.suppress_within(connection, database.address_keys, address, reason, source=source, now=now, scope=key)
    return was_subscribed or is_new


def _list_of(connection: Connection, complained: Complained) -> str:
    """The list of the issue, if it was sent to this reader."""
    query = select(issue.c.list).join_from(delivery, issue).where(delivery.c.subscriber_id == complained.subscriber_id)
    return connection.execute(query.where(delivery.c.issue_id == complained.issue_id)).scalar_one_or_none() or ""
