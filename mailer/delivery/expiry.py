"""Whether it is too late for an issue, by any clock that a sender has seen: one that was put back does not make old news new."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from enum import Enum, auto

from mailer.config.settings import Config
from mailer.database.deliveries import expirations
from mailer.database.engine import Database
from mailer.model.clock import format_time
from mailer.model.errors import IssueExpired
from mailer.model.issue import FrozenIssue, IssueRef

IMPLAUSIBLE = timedelta(days=180)
"""A clock that is so far past an issue's maximum age is more often wrong than right. It is obeyed, and not remembered."""


class Expiry(Enum):
    """Whether an issue may be sent."""

    OPEN = auto()
    CLOSED = auto()  # by this clock; a clock that was far ahead and is put right opens it again
    OVER = auto()  # for good


def expiry(config: Config, database: Database, frozen: FrozenIssue, now: datetime) -> Expiry:
    """Return whether a frozen issue may be sent: until its author's expiry, and no longer than its class allows (`[max_age]`)."""
    ref, end = frozen.issue.ref, config.max_age.end(frozen)
    if end != frozen.issue.expires and now >= end + IMPLAUSIBLE:
        return Expiry.CLOSED
    return Expiry.OVER if expirations.has_expired(database, ref, end, now) else Expiry.OPEN


def refuse_expired(database: Database, expires: datetime | None, ref: IssueRef, now: datetime, zone: tzinfo) -> None:
    """Return if its author lets the issue be sent now.

    :raises IssueExpired: a restored machine must not send what is long over.
    """
    if expirations.has_expired(database, ref, expires, now):
        assert expires is not None
        raise IssueExpired(f"{ref} expired at {format_time(expires, zone)}: it is not sent any more. Publish a new issue.")


def refuse_ended(config: Config, database: Database, frozen: FrozenIssue, now: datetime) -> None:
    """Return if the frozen issue may still be sent.

    :raises IssueExpired: it has expired, or is older than the settings allow.
    """
    if expiry(config, database, frozen, now) is Expiry.OPEN:
        return
    ref, name, end = frozen.issue.ref, frozen.issue.list_class, config.max_age.end(frozen)
    refuse_expired(database, frozen.issue.expires, ref, now, config.time_zone)
    local_time, hours = format_time(end, config.time_zone), config.max_age.of(name) / timedelta(hours=1)
    raise IssueExpired(
        f"{ref} ended at {local_time}: it is not sent any more, since its time was {hours:g} hours before ([max_age] {name} in mailer.toml). "
        f"Publish a new issue. {local_time} で期限が切れたため、もう送りません。新しい号を出してください。"
    )
