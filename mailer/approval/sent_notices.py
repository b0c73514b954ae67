"""Who sent an urgent notice out, in the audit log. `todoke emergency` keeps it in a file until the database can be reached.

A notice leaves although the database is locked or away. So who is responsible for it is written down first beside the program, a file for each order
(docs/reference/machine-output.md), and from there into the log, once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import regular_file
from mailer.approval import names
from mailer.database import audit_log
from mailer.database.engine import Database
from mailer.model.audit_log import AuditEvent
from mailer.model.errors import TodokeMailError

WHAT = "emergency notice sent out"

LONGEST = 20_000
"""Bytes of one file: a signature by SSH takes some hundred."""

_KEYS = ("notice", "verb", "second", "sha256", "signature")


class NoticeUnreadable(TodokeMailError):
    """A file that should say who sent a notice out, and does not."""


@dataclass(frozen=True, slots=True)
class SentNotice:
    """At which moment who sent what out: the path of the notice and its SHA-256, the second person and the signature of `two_people`, each or nothing."""

    at: datetime
    first: str
    details: Mapping[str, str]

    @property
    def event(self) -> AuditEvent:
        """The entry of the log."""
        return AuditEvent(self.first, WHAT, "", {"sent": self.at.isoformat()} | dict(self.details))


def read(file: Path) -> SentNotice:
    """Return what a file says.

    :raises NoticeUnreadable: it says nothing of that kind.
    :raises NameRefused: a name cannot stand for one person.
    """
    try:
        data = regular_file.read_bytes(file)
        record = json.loads(data[: LONGEST + 1])
        at = datetime.fromisoformat(record["at"])
        details = {key: str(record[key]) for key in _KEYS if record.get(key)}
        first, *others = map(names.canonical, record["people"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise NoticeUnreadable(f"{file} does not say who sent a notice out: {error}.") from error
    if at.tzinfo is None or any(not text.isprintable() for key, text in details.items() if key != "signature"):
        raise NoticeUnreadable(f"{file} has a time without a zone, or a text with control characters.")
    return SentNotice(at, first, details | ({"second": others[0]} if others else {}))


def record(database: Database, sent: SentNotice, now: datetime) -> bool:
    """Appends it to the log, unless it is there already. Tells whether it was new.

    :raises SecretMissing: there is no key to seal the log with.
    """
    with database.writing() as connection:
        known = audit_log.recent_within(connection, WHAT, sent.at)  # no entry is older than what it tells
        if any(entry.event == sent.event for entry in known):
            return False
        entry = audit_log.append_within(connection, database.seal, sent.event, now)
    database.seal.on_append(entry)
    return True
