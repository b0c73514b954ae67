"""The audit log: every event of approval and sending, each entry bound to the one before by a hash and sealed with a key. Pure.

1. An entry's hash covers its own words and the hash before it: a changed, removed or inserted entry breaks every hash after it.
2. The hashes alone can be computed again by anybody. So each entry carries a MAC of its hash (HMAC-SHA256, RFC 2104) whose key is not in the
   database: whoever can only write there cannot write an entry.
3. What is cut off at the end leaves a log that is whole. Only an anchor shows it: a number and a hash that were noted elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mailer.model.errors import TodokeMailError

FIRST = "0" * 64
"""The hash before the first entry."""

LOG_SEALED = "log sealed"
"""The event by which an operator confirms the entries from before version 0.2, which have no MAC. Details: `entries` and `hash` of the last."""


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
    """An event in the log. `number` counts from 1; `mac` is hexadecimal, or empty in an entry from before version 0.2."""

    number: int
    at: datetime
    event: AuditEvent
    previous: str
    hash: str
    mac: str = ""


@dataclass(frozen=True, slots=True)
class AuditSeal:
    """The keys of the log, newest first, and what is told of each new entry.

    No keys: entries are written without a MAC, for tools that have no log to protect. None: nothing can be written, and nothing is believed;
    `problem` is why, if a file of keys cannot be read.
    """

    keys: tuple[bytes, ...] | None = field(default=(), repr=False)
    on_append: Callable[[AuditEntry], None] = lambda _entry: None
    problem: TodokeMailError | None = None

    def mac(self, digest: str) -> str:
        """Return the MAC of a hash with the newest key, or nothing without keys."""
        return _mac(self.keys[0], digest) if self.keys else ""

    def holds(self, entry: AuditEntry) -> bool:
        """Whether one of the keys made the entry's MAC; with no keys every MAC is taken on trust."""
        return self.keys == () or any(hmac.compare_digest(_mac(key, entry.hash).encode(), entry.mac.encode()) for key in self.keys or ())


@dataclass(frozen=True, slots=True)
class Anchor:
    """The newest entry of the log at some moment, noted where whoever writes to the database does not reach."""

    number: int
    hash: str
    at: datetime

    @classmethod
    def of(cls, entry: AuditEntry) -> Anchor:
        """Note this entry."""
        return cls(entry.number, entry.hash, entry.at)


def entry_hash(number: int, at: datetime, event: AuditEvent, previous: str) -> str:
    """SHA-256 of the entry's canonical JSON, in hexadecimal."""
    values = [number, at.astimezone(UTC).isoformat(), event.actor, event.what, event.issue, dict(event.details), previous]
    return hashlib.sha256(json.dumps(values, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def next_entry(event: AuditEvent, last: AuditEntry | None, at: datetime, seal: AuditSeal) -> AuditEntry:
    """The entry that follows `last`."""
    number, previous = (1, FIRST) if last is None else (last.number + 1, last.hash)
    digest = entry_hash(number, at, event, previous)
    return AuditEntry(number, at, event, previous, digest, seal.mac(digest))


def is_genuine(entry: AuditEntry, seal: AuditSeal) -> bool:
    """Whether the entry holds the words that were sealed with a key. It says nothing of the entries around it."""
    return entry.hash == entry_hash(entry.number, entry.at, entry.event, entry.previous) and seal.holds(entry)


def verify(entries: Sequence[AuditEntry], seal: AuditSeal, anchors: Iterable[Anchor] = (), expected: str | None = None) -> str:
    """The newest hash, if every entry is as it was written.

    :param anchors: what was noted earlier; each must still be in the log.
    :param expected: a hash that was noted earlier, without its number.
    :raises AuditBroken: an entry was changed, removed or put in, or entries at the end were cut off.
    """
    newest = verify_chain(entries, seal)
    _require_confirmed(entries, seal)
    for anchor in anchors:
        _verify_anchor(entries, anchor)
    if expected is not None and expected not in {entry.hash for entry in entries}:
        raise AuditBroken(f"The hash {expected} is not in the audit log: entries at its end were cut off, or it is another log.")
    return newest


def verify_chain(entries: Sequence[AuditEntry], seal: AuditSeal) -> str:
    """The newest hash, if every entry follows from the one before and is sealed, but for those from before version 0.2 at the beginning.

    :raises AuditBroken: an entry was changed, removed or put in.
    """
    newest = FIRST
    for number, entry in enumerate(entries, 1):
        if entry.number != number or entry.previous != newest:
            raise AuditBroken(f"The audit log is broken at entry {number}: an entry before it is missing or was put in.", number)
        if entry.hash != entry_hash(entry.number, entry.at, entry.event, entry.previous):
            raise AuditBroken(f"The audit log is broken at entry {number}: its words are not those that were written.", number)
        newest = entry.hash
    for entry in entries[unsealed(entries) :]:
        if not seal.holds(entry):
            reason = "it was written without the key, or with one that is no longer in the list of keys"
            raise AuditBroken(f"The audit log is broken at entry {entry.number}: its seal (MAC) does not hold: {reason}.", entry.number)
    return newest


def unsealed(entries: Sequence[AuditEntry]) -> int:
    """How many entries at the beginning have no MAC?"""
    return next((position for position, entry in enumerate(entries) if entry.mac), len(entries))


def is_confirmed(entries: Sequence[AuditEntry], count: int, seal: AuditSeal) -> bool:
    """Whether a sealed entry confirms the first `count` entries, which have no MAC."""
    details = {"entries": str(count), "hash": entries[count - 1].hash}
    return any(entry.event.what == LOG_SEALED and entry.event.details == details and seal.holds(entry) for entry in entries[count:])


def _require_confirmed(entries: Sequence[AuditEntry], seal: AuditSeal) -> None:
    bare = 0 if seal.keys == () else unsealed(entries)
    if bare and not is_confirmed(entries, bare, seal):
        raise AuditBroken(
            f"The audit log is not proved: entries 1 to {bare} have no seal (MAC). If they are from before version 0.2, read them and run "
            "`todoke audit --seal` once; otherwise somebody has written them into the database.",
            1,
        )


def _verify_anchor(entries: Sequence[AuditEntry], anchor: Anchor) -> None:
    noted = f"entry {anchor.number} of {anchor.at.isoformat()} was noted as {anchor.hash[:16]}…"
    if anchor.number > len(entries):
        raise AuditBroken(f"The audit log was cut off: {noted}, and the log ends at entry {len(entries)}.", len(entries) + 1)
    if entries[anchor.number - 1].hash != anchor.hash:
        raise AuditBroken(f"The audit log was written anew: {noted}, and another entry stands there.", anchor.number)


def _mac(key: bytes, digest: str) -> str:
    return hmac.new(key, digest.encode(), hashlib.sha256).hexdigest()
