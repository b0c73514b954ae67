"""How often readers want a list: a change takes effect on what waits already, and leaves an entry in the audit log, with numbers and no address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, and_, select, update

from mailer.database import audit_log
from mailer.database.deliveries import digests
from mailer.database.engine import Database
from mailer.database.schema import subscription
from mailer.model.audit_log import AuditEntry, AuditEvent
from mailer.model.ids import SubscriberId
from mailer.model.readers.subscription import SUBSCRIBED, Frequency

CHANGED = "frequency changed"
"""The event in the audit log. Details: `reader` (the number), `list`, `before`, `after`."""


def save(database: Database, subscriber_id: SubscriberId, wishes: Mapping[str, Frequency], *, by: str, now: datetime) -> int:
    """Change how often a reader wants these lists. How many are changed? A list that the reader does not have now is left alone.

    :param by: the account that asked for it, or `reader`.
    :raises SecretMissing: there is no key to seal the audit log with, and something would be changed.
    """
    with database.writing() as connection:
        changes = save_within(connection, database, subscriber_id, wishes, by=by, now=now)
    for entry in changes:
        database.seal.on_append(entry)
    return len(changes)


def save_within(
    connection: Connection, database: Database, subscriber_id: SubscriberId, wishes: Mapping[str, Frequency], *, by: str, now: datetime
) -> tuple[AuditEntry, ...]:
    """Do what `save` does in the caller's transaction. The caller tells `seal.on_append` of each entry afterwards."""
    entries: list[AuditEntry] = []
    for key, wish in sorted(wishes.items()):
        row = and_(subscription.c.subscriber_id == subscriber_id, subscription.c.list == key, subscription.c.state == SUBSCRIBED)
        before = connection.execute(select(subscription.c.frequency).where(row).with_for_update()).scalar_one_or_none()
        if before is None or before == wish:
            continue
        connection.execute(update(subscription).where(row).values(frequency=wish, changed_at=now))
        if wish is Frequency.ISSUE:  # what waits for a digest is due now
            digests.release_within(connection, subscriber_id, key, now)
        details = {"reader": str(subscriber_id), "list": key, "before": str(before), "after": wish.value}
        entries.append(audit_log.append_within(connection, database.seal, AuditEvent(by, CHANGED, "", details), now))
    return tuple(entries)


def of_reader(database: Database, subscriber_id: SubscriberId) -> Mapping[str, Frequency]:
    """How often the reader gets each list that is not left."""
    query = select(subscription.c.list, subscription.c.frequency)
    query = query.where(subscription.c.subscriber_id == subscriber_id, subscription.c.state == SUBSCRIBED).order_by(subscription.c.list)
    with database.reading() as connection:
        return {row.list: Frequency(row.frequency) for row in connection.execute(query)}
