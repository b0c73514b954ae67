"""The audit log: every event of approval and sending, each entry bound to the one before by a hash. Pure.

An entry's hash covers its own words and the hash before it, so a changed, removed or inserted entry breaks every hash
after it. If the last entries were cut off, only somebody who has noted the newest hash elsewhere can see it: `todoke audit`
prints that hash, and `--expect HASH` checks that it is still there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from mailer.model.errors import TodokeMailError

FIRST = "0" * 64
"""The hash before the first entry."""


class AuditBroken(TodokeMailError):
    """The log is not what was written. `number` is the first entry that is wrong, or None."""

    def __init__(self, message: str, number: int | None = None) -> None:
        self.number = number
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """Something that somebody did: `what` in a few words, to which issue, with which details."""

    actor: str
    what: str
    issue: str
    details: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An event in the log. `number` counts from 1."""

    number: int
    at: datetime
    event: AuditEvent
    previous: str
    hash: str


def entry_hash(number: int, at: datetime, event: AuditEvent, previous: str) -> str:
    """SHA-256 of the entry's canonical JSON, in hexadecimal."""
    values = [number, at.astimezone(UTC).isoformat(), event.actor, event.what, event.issue, dict(event.details), previous]
    return hashlib.sha256(json.dumps(values, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def next_entry(event: AuditEvent, last: AuditEntry | None, at: datetime) -> AuditEntry:
    """The entry that follows `last`."""
    number, previous = (1, FIRST) if last is None else (last.number + 1, last.hash)
    return AuditEntry(number, at, event, previous, entry_hash(number, at, event, previous))


def verify(entries: Iterable[AuditEntry], expected: str | None = None) -> str:
    """The newest hash, if every entry is as it was written.

    :param expected: a hash that was noted earlier and must still be in the chain.
    :raises AuditBroken: an entry was changed, removed or put in.
    """
    newest, hashes = FIRST, set[str]()
    for number, entry in enumerate(entries, 1):
        if entry.number != number or entry.previous != newest:
            raise AuditBroken(f"The audit log is broken at entry {number}: an entry before it is missing or was put in.", number)
        if entry.hash != entry_hash(entry.number, entry.at, entry.event, entry.previous):
            raise AuditBroken(f"The audit log is broken at entry {number}: its words are not those that were written.", number)
        newest = entry.hash
        hashes.add(newest)
    if expected is not None and expected not in hashes:
        raise AuditBroken(f"The hash {expected} is not in the audit log: entries at its end were cut off, or it is another log.")
    return newest
