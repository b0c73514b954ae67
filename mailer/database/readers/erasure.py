"""Everything about a subscriber, taken out of every table. What remains is the keyed hash of the address with the reason, and counts.

Tables that name a subscriber are found by their foreign keys, so that a table of a later version is not forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, delete, insert, select, update

from mailer.database.deliveries import transitions
from mailer.database.engine import Database
from mailer.database.readers import suppressions
from mailer.database.schema import delivery, erased_delivery, metadata, subscriber, suppression
from mailer.model.errors import SubscriberBusy
from mailer.model.ids import SubscriberId
from mailer.model.readers.suppression import SuppressionReason
from mailer.model.state import CALLABLE_OFF, DeliveryState

KEPT = frozenset({suppression.name, delivery.name})
"""Tables whose rows are not simply deleted: suppressions are unlinked, deliveries counted."""


@dataclass(frozen=True, slots=True)
class Erased:
    """How many rows went, by table."""

    rows: Mapping[str, int]


def erase(database: Database, subscriber_id: SubscriberId, *, source: str, now: datetime, keep: bool = True) -> Erased | None:
    """Erase a subscriber and suppress the address. None: there is no such subscriber. `scrub.scrub` makes it so in the files too.

    :param source: who wanted it, in a few words without an address.
    :param keep: False: a dry run.
    :raises SubscriberBusy: a sender holds a message to the subscriber: the result would be written after the erasure.
    :raises SecretMissing: there is no key to hash the address with.
    """
    with database.writing(keep=keep) as connection:
        address = connection.execute(select(subscriber.c.email).where(subscriber.c.id == subscriber_id)).scalar_one_or_none()
        if address is None:
            return None
        reason = SuppressionReason.ERASED
        suppressions.suppress_within(connection, database.address_keys, address, reason, source=source, now=now)
        return erase_within(connection, subscriber_id)


def addresses_of(database: Database, subscriber_id: SubscriberId) -> tuple[str, ...]:
    """The address of a subscriber, and those to which issues went before it was changed. Empty: there is no such subscriber."""
    current = select(subscriber.c.email).where(subscriber.c.id == subscriber_id)
    former = select(delivery.c.address).where(delivery.c.subscriber_id == subscriber_id).distinct()
    with database.reading() as connection:
        names = [*connection.execute(current).scalars(), *connection.execute(former).scalars()]
    return tuple(dict.fromkeys(names))


def erase_within(connection: Connection, subscriber_id: SubscriberId) -> Erased:
    """Take a subscriber out of every table, in the caller's transaction.

    :raises SubscriberBusy: a sender holds a message to the subscriber.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")  # sqlite.org/pragma.html: what is deleted is overwritten with zeros
    rows = {"delivery": _erase_deliveries(connection, subscriber_id)}
    suppressions.unlink_within(connection, subscriber_id)
    for column in references():
        rows[column.table.name] = connection.execute(delete(column.table).where(column == subscriber_id)).rowcount
    rows["subscriber"] = connection.execute(delete(subscriber).where(subscriber.c.id == subscriber_id)).rowcount
    return Erased({table: number for table, number in rows.items() if number})


def references() -> tuple[Column[int], ...]:
    """The columns that name a subscriber, but those of `KEPT`; rows that refer to others come first."""
    return tuple(
        key.parent
        for table in reversed(metadata.sorted_tables)
        if table.name not in KEPT
        for key in sorted(table.foreign_keys, key=lambda key: key.parent.name)
        if key.column is subscriber.c.id
    )


def _erase_deliveries(connection: Connection, subscriber_id: SubscriberId) -> int:
    mine = delivery.c.subscriber_id == subscriber_id
    states = connection.execute(select(delivery.c.issue_id, delivery.c.state).where(mine)).all()
    if any(state == DeliveryState.CLAIMED for _, state in states):
        raise SubscriberBusy(
            f"A sender holds a message to subscriber {subscriber_id} at this moment: nothing was erased. Try again in a minute."
        )
    for issue_id, state in states:
        if state not in CALLABLE_OFF:
            _count(connection, issue_id, state)
    return connection.execute(transitions.erase().where(mine)).rowcount


def _count(connection: Connection, issue_id: int, state: str) -> None:
    same = (erased_delivery.c.issue_id == issue_id, erased_delivery.c.state == state)
    if not connection.execute(update(erased_delivery).where(*same).values(number=erased_delivery.c.number + 1)).rowcount:
        connection.execute(insert(erased_delivery).values(issue_id=issue_id, state=state, number=1))
