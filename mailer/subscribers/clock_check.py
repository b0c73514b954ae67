"""Whether the clock can be believed before something is done that cannot be undone: decision 0064 for what a date alone decides."""

from __future__ import annotations

from datetime import datetime, timedelta

from mailer.database import audit_log
from mailer.database.engine import Database
from mailer.model.errors import ClockDoubted

IDLE = timedelta(days=40)
"""A monthly magazine leaves an entry more often, and `todoke subscribers expire`, which runs each night, leaves one itself."""


def idle_since(database: Database, now: datetime) -> datetime | None:
    """When was the last entry of the audit log, if that is longer ago than `IDLE`? Then the clock is ahead, or an old copy of the database was put back.

    None: there is nothing to doubt, or no entry yet.
    """
    newest = audit_log.newest(database)
    return newest.at if newest is not None and now - newest.at > IDLE else None


def require_plausible(database: Database, now: datetime) -> None:
    """Return if nothing speaks against the clock.

    :raises ClockDoubted: something does.
    """
    since = idle_since(database, now)
    if since is not None:
        raise ClockDoubted(
            f"Nothing has been entered into the audit log since {since:%Y-%m-%d}, and it is {now:%Y-%m-%d} by the clock of this machine. If the clock is "
            "right, say so: --clock-is-right. If not, set it first; nothing was erased."
        )
