"""Opens the database for `channels`, and answers what else it needs to know. `channels.outbox` imports this package and nothing else of the mailer."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import exists, func, select

from mailer import secrets
from mailer.config.file import load_config
from mailer.database import audit_log, restoration, rights
from mailer.database.engine import Database, open_database
from mailer.database.schema import channel_lease, delivery, issue
from mailer.model.audit_log import AuditSeal
from mailer.model.errors import TodokeMailError
from mailer.model.issue import IssueStatus
from mailer.model.state import UNTRIED, DeliveryState
from sending_right.records import Right
from storage.settings import LocalStorage, S3Storage, SshStorage

DoorError = TodokeMailError
"""Whatever this package raises for what an operator has to mend."""


@dataclass(frozen=True, slots=True)
class OpenDoor:
    """The database, the storages of the right to send, and the folder of the mailer's state."""

    database: Database
    right: tuple[LocalStorage | SshStorage | S3Storage, ...]
    state: Path


@dataclass(frozen=True, slots=True)
class Identity:
    """Which database it is, and the highest fence of any channel."""

    name: str
    file: str
    generation: int
    fence: int


def open_door(mailer: Path, environ: Mapping[str, str] = os.environ) -> OpenDoor:
    """Open the database that ``mailer.toml`` names.

    :raises TodokeMailError: the settings or the database cannot be used.
    """
    config = load_config(mailer)
    keys = secrets.audit_keys(environ, config.audit_key_file, config.secret_file)
    return OpenDoor(open_database(config.database, AuditSeal(keys or None)), config.right, config.state)


def require_audit(database: Database) -> None:
    """Return if what is announced can be written into the audit log.

    :raises SecretMissing: there is no key to seal it with.
    """
    audit_log.require_key(database.seal)


def sent_issues(database: Database) -> dict[str, datetime]:
    """Which issues have been sent, and since when were they due? Each reader's delivery was tried, and somebody has got it."""

    def has(states: Iterable[DeliveryState]):  # type: ignore[no-untyped-def]  # an Exists
        mine = delivery.c.issue_id == issue.c.id
        return exists(select(delivery.c.issue_id).where(mine, delivery.c.state.in_([state.value for state in states])).correlate(issue))

    due = func.coalesce(issue.c.send_at, issue.c.frozen_at, type_=issue.c.frozen_at.type)
    query = select(issue.c.list, issue.c.number, due).where(issue.c.status == IssueStatus.SENDING, ~has(UNTRIED), has([DeliveryState.SENT]))
    with database.reading() as connection:
        return {f"{row[0]}/{row[1]}": row[2] for row in connection.execute(query)}


def identify(database: Database) -> Identity:
    """Which database is it?"""
    ledger = restoration.identify(database)
    with database.reading() as connection:
        fence = connection.execute(select(func.coalesce(func.max(channel_lease.c.fence), 0))).scalar_one()
    return Identity(ledger.name, ledger.file, ledger.generation, int(fence))


def right_of(database: Database) -> tuple[Right, str, Callable[[], frozenset[str]]]:
    """The right to send that the database holds, where the database is, and the names of the batches that it knows."""
    return rights.read(database), rights.place(database), lambda: rights.claim_names(database)
