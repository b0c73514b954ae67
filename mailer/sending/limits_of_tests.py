"""The bound of test sends: so many addresses a call and in 24 hours, counted in the audit log, in which each test stands before it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from mailer.config.settings import Config
from mailer.database import audit_log
from mailer.database.engine import Database
from mailer.model.audit_log import AuditEntry, AuditEvent
from mailer.model.errors import TodokeMailError
from mailer.model.issue import IssueRef

BEGUN = "test begun"
DAY = timedelta(hours=24)


class TooManyTests(TodokeMailError):
    """The test has more addresses than one call or one day may have."""


def begin(config: Config, database: Database, ref: IssueRef, to: Sequence[str], *, actor: str, now: datetime) -> None:
    """Enter a test into the audit log, if the bounds allow it. Two processes cannot both take what is left of the day.

    :raises TooManyTests: they do not; nothing was sent.
    """
    if len(to) > config.test_addresses:
        raise TooManyTests(
            f"A test may go to {config.test_addresses} addresses at a time, and these are {len(to)} (test_addresses in mailer.toml). Nothing was "
            "sent; readers get an issue by `send` without --test. テストの宛先が多すぎます。"
        )
    details = _details(to)
    with database.writing() as connection:
        used = sum(_addresses(entry) for entry in audit_log.recent_within(connection, BEGUN, now - DAY))
        if used + len(to) > config.test_addresses_per_day:
            raise TooManyTests(
                f"Tests may go to {config.test_addresses_per_day} addresses in 24 hours, and {used} were used (test_addresses_per_day in "
                "mailer.toml). Nothing was sent. 一日のテスト送信の上限です。"
            )
        entry = audit_log.append_within(connection, database.seal, AuditEvent(actor, BEGUN, str(ref), details), now)
    database.seal.on_append(entry)


def end(database: Database, ref: IssueRef, sent: Sequence[str], *, actor: str, now: datetime) -> None:
    """Enter into the audit log for how many the relay took it."""
    audit_log.append(database, AuditEvent(actor, "test sent", str(ref), _details(sent)), now=now)


def _details(to: Sequence[str]) -> dict[str, str]:
    """How many, and at which receivers. The log is kept for ever and nothing in it can be erased: no address goes in."""
    domains = sorted({address.rpartition("@")[2].strip(">").lower() for address in to})
    return {"addresses": str(len(to)), "domains": ", ".join(domains)}


def _addresses(entry: AuditEntry) -> int:
    number = entry.event.details.get("addresses", "")
    return int(number) if number.isascii() and number.isdigit() else 1
