"""Which subscribers an issue is frozen for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select

from mailer.database.schema import subscriber, subscription, suppression
from mailer.model.digest import HELD_FREQUENCIES
from mailer.model.readers.subscription import SUBSCRIBED
from mailer.model.readers.suppression import ALL_LISTS


def receives(key: str, now: datetime | None) -> ColumnElement[bool]:
    """The condition that a subscriber, joined with the subscription, gets the list: subscribed, not suppressed, not paused.

    :param now: None: those who are paused count too.
    """
    condition = and_(subscription.c.list == key, subscription.c.state == SUBSCRIBED, not_suppressed(key))
    if now is None:
        return condition
    return and_(condition, or_(subscriber.c.paused_until.is_(None), subscriber.c.paused_until <= now))


def wants_digest() -> ColumnElement[bool]:
    """The condition that a subscription is one whose issues come in a digest."""
    return subscription.c.frequency.in_([frequency.value for frequency in HELD_FREQUENCIES])


def not_suppressed(key: str | ColumnElement[str]) -> ColumnElement[bool]:
    """The condition that a subscriber may be written to at all, with this list."""
    # `NOT IN` is computed once, and not for each subscriber: few are suppressed.
    suppressed = select(suppression.c.subscriber_id).where(
        suppression.c.subscriber_id.is_not(None),
        suppression.c.lifted_at.is_(None),
        or_(suppression.c.scope == ALL_LISTS, suppression.c.scope == key),
    )
    return subscriber.c.id.not_in(suppressed)
