"""An approval that was given. It is an entry of the audit log and nothing besides: without a sealed entry there is no approval."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mailer.database.deliveries.frozen_content import CANCELLED, FROZEN
from mailer.model.audit_log import AuditEntry, AuditEvent, AuditSeal, is_genuine
from mailer.model.issue import IssueRef

APPROVED = "approved"
"""The event of the log that gives an approval; `CANCELLED` ends it."""

KINDS = ("issue", "list", "sender", "commit")


@dataclass(frozen=True, slots=True)
class Approval:
    """A second person's approval of one issue. `parts` are those of `fingerprint`; `size`: how many readers the list had.

    `number` is that of its entry in the log. `signature` is empty where approvers have no keys; `sources` are paths below `content/`; `commit` is empty if the author was stated.
    """

    ref: IssueRef
    bundle: str
    parts: Mapping[str, str]
    size: int
    approver: str
    author: str
    commit: str
    at: datetime
    sources: Sequence[str] = ()
    account: str = ""
    number: int = 0
    signature: str = field(default="", compare=False)

    def statement(self) -> bytes:
        """Return the bytes that the approver signs: one value a line, so that it can be read."""
        values = {
            "issue": str(self.ref),
            "fingerprint": self.bundle,
            "readers": str(self.size),
            "approver": self.approver,
            "author": self.author,
            "commit": self.commit,
            "sources": ",".join(self.sources),
            "at": self.at.astimezone(UTC).isoformat(),
        }
        return (
            "todoke approval 2\n" + "".join(f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items())
        ).encode()

    def event(self) -> AuditEvent:
        """Return the event that stands for this approval in the log."""
        details = {
            "account": self.account,
            "author": self.author,
            "commit": self.commit,
            "bundle": self.bundle,
            "size": str(self.size),
            "at": self.at.astimezone(UTC).isoformat(),
            "sources": json.dumps(list(self.sources), ensure_ascii=False),
            "signature": self.signature,
        }
        return AuditEvent(self.approver, APPROVED, str(self.ref), details | {f"part {name}": value for name, value in self.parts.items()})

    @classmethod
    def from_entry(cls, entry: AuditEntry) -> Approval | None:
        """Read the entry; None if it is one of version 0.1, which held less."""
        details = entry.event.details
        try:
            return cls(
                IssueRef.parse(entry.event.issue),
                details["bundle"],
                {name: details[f"part {name}"] for name in KINDS},
                int(details["size"]),
                entry.event.actor,
                details["author"],
                details["commit"],
                datetime.fromisoformat(details["at"]),
                tuple(json.loads(details["sources"])),
                details["account"],
                entry.number,
                details["signature"],
            )
        except (KeyError, ValueError):
            return None


def latest(entries: Iterable[AuditEntry], ref: IssueRef, seal: AuditSeal) -> Approval | None:
    """Return the newest approval of an issue that was not called off since."""
    granted = None
    for entry in entries:
        if entry.event.issue == str(ref) and entry.event.what in (APPROVED, CANCELLED) and is_genuine(entry, seal):
            granted = Approval.from_entry(entry) if entry.event.what == APPROVED else None
    return granted


def before(entries: Iterable[AuditEntry], ref: IssueRef, seal: AuditSeal, *, until: int = 0) -> Approval | None:
    """Return the newest approval of another issue of the same list with which that issue was frozen.

    Only then has the sender examined it: whoever approves could have written down a commit and sources that hide their own words.

    :param until: the number of an entry; only those before it count. 0: all.
    """
    latest, given = None, dict[str, Approval | None]()
    for entry in entries:
        what, issue = entry.event.what, entry.event.issue
        is_other = issue.startswith(f"{ref.list}/") and issue != str(ref) and (not until or entry.number < until)
        if not is_other or what not in (APPROVED, FROZEN) or not is_genuine(entry, seal):
            continue
        if what == APPROVED:
            given[issue] = Approval.from_entry(entry)
        else:
            latest = given.get(issue) or latest
    return latest
