"""Approvals, and the people whom an issue would reach."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func, insert, select

from mailer.database.engine import Database
from mailer.database.schema import approval, subscription
from mailer.database.subscriptions import SUBSCRIBED
from mailer.model.issue import IssueRef


@dataclass(frozen=True, slots=True)
class Audience:
    """The people who would get an issue now: how many they are, and the SHA-256 of their numbers in order."""

    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Approval:
    """A second person's approval of one bundle for one audience."""

    list: str
    number: str
    bundle: str
    audience: str
    size: int
    approver: str
    author: str
    at: datetime


def audience(database: Database, key: str) -> Audience:
    """Who is subscribed to the list now?"""
    query = select(subscription.c.subscriber_id).where(subscription.c.list == key, subscription.c.state == SUBSCRIBED)
    count, digest = 0, hashlib.sha256()
    with database.reading() as connection:
        for number in connection.execute(query.order_by(subscription.c.subscriber_id)).scalars():
            digest.update(b"%d\n" % number)
            count += 1
    return Audience(count, digest.hexdigest())


def joined_since(database: Database, key: str, moment: datetime) -> int:
    """How many of those who are subscribed now began after this moment?"""
    query = select(func.count()).select_from(subscription)
    query = query.where(subscription.c.list == key, subscription.c.state == SUBSCRIBED, subscription.c.since > moment)
    with database.reading() as connection:
        return connection.execute(query).scalar_one()


def save(database: Database, new: Approval) -> None:
    """Stores an approval; earlier ones stay."""
    with database.writing() as connection:
        connection.execute(insert(approval).values(asdict(new)))


def latest(database: Database, ref: IssueRef) -> Approval | None:
    """The newest approval of an issue, whatever bundle and audience it was bound to."""
    columns = [approval.c[name] for name in ("list", "number", "bundle", "audience", "size", "approver", "author", "at")]
    query = select(*columns).where(approval.c.list == ref.list, approval.c.number == ref.number).order_by(approval.c.id.desc()).limit(1)
    with database.reading() as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else Approval(*row)
