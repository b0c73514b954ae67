"""What is listed, for other programs: JSON objects and CSV tables (docs/reference/machine-output.md). Times are ISO 8601 in UTC."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from mailer.approval.approvers import Approver
from mailer.database.deliveries.ledger import LedgerEntry
from mailer.log import escape
from mailer.model.audit_log import AuditEntry
from mailer.model.issue import FrozenIssue, IssueStatus
from mailer.model.returned.arrival import Arrival, ReceiverArrivals
from mailer.model.state import DeliveryState
from mailer.monitoring.status import IssuePhase, IssueStatusRow, StatusSnapshot
from mailer.sending.ready import ReadyIssue

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet runs a cell that begins with one of them as a formula (CWE-1236)."""
Value = str | int | float | None


class OutputFormat(StrEnum):
    """How a command prints what it lists."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


def to_json(value: object, *, indent: int | None = 2) -> str:
    """Return the value as JSON. Japanese text is written as it is; what a terminal would obey, and JSON would not mind, is escaped."""
    return "\n".join(map(escape, json.dumps(value, indent=indent, ensure_ascii=False).split("\n")))


def to_csv(rows: Sequence[Mapping[str, Value]], columns: Iterable[str]) -> str:
    """Return rows as CSV under a heading. A cell that a spreadsheet would run as a formula begins with an apostrophe; one that a terminal would obey is escaped."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(columns := tuple(columns))
    table.writerows([_cell(row[column]) for column in columns] for row in rows)
    return out.getvalue()


ISSUE_COLUMNS = (
    *("list", "number", "class", "status", "frozen_at", "send_at", "next_due"),
    *(state.value for state in DeliveryState),
    *("rate", "seconds_left", "end"),
)


ARRIVAL_COLUMNS = ("receiver", *(kind.value for kind in Arrival), "total", "accepted_share")


def receiver_arrivals(row: ReceiverArrivals) -> dict[str, Value]:
    """Return how an issue fared at one receiver. The share is of 0 to 1, or null while nothing has an end."""
    share = row.accepted_share
    counts: dict[str, Value] = {kind.value: row.counts.get(kind, 0) for kind in Arrival}
    return {"receiver": row.receiver.value, **counts, "total": row.total, "accepted_share": None if share is None else round(share, 4)}


def issue_status(row: IssueStatusRow) -> dict[str, Any]:
    """Return one issue with its counts by state."""
    return {
        "list": row.ref.list,
        "number": row.ref.number,
        "class": row.list_class.value,
        "status": row.phase.value,
        "frozen_at": _time(row.frozen_at),
        "send_at": _time(row.send_at),
        "next_due": _time(row.next_due),
        "counts": {state.value: count for state, count in row.counts.items()},
        "rate": row.rate,
        "seconds_left": row.seconds_left,
        "end": _time(row.end),
    }


def status_snapshot(snapshot: StatusSnapshot) -> dict[str, Any]:
    """Return everything at one moment."""
    return {
        "issues": [issue_status(row) for row in snapshot.issues],
        "queues": [asdict(row) for row in snapshot.queues],
        "relays": [asdict(row) for row in snapshot.relays],
        "senders": snapshot.senders,
        "waiting_since": _time(snapshot.waiting_since),
    }


def status_rows(snapshot: StatusSnapshot) -> list[dict[str, Value]]:
    """Return the issues alone, each state a column."""
    objects = [issue_status(row) for row in snapshot.issues]
    return [{**{name: value for name, value in each.items() if name != "counts"}, **each["counts"]} for each in objects]


MISSED_COLUMNS = ("address", "state", "code", "text", "when")


def missed(entry: LedgerEntry) -> dict[str, Value]:
    """Return who has not got an issue, and why."""
    return {
        "address": entry.address,
        "state": entry.state.value,
        "code": entry.code,
        "text": entry.text,
        "when": _time(entry.changed_at),
    }


SCHEDULE_COLUMNS = ("list", "number", "status", "send_at", "due", "end")


def scheduled(frozen: FrozenIssue, due: int, end: datetime) -> dict[str, Value]:
    """Return an issue that is to be sent later; ``due`` is the number of deliveries."""
    ref, status = frozen.issue.ref, IssuePhase.SCHEDULED if frozen.status is IssueStatus.SENDING else frozen.status
    return {"list": ref.list, "number": ref.number, "status": status.value, "send_at": _time(frozen.send_at), "due": due, "end": _time(end)}


READY_COLUMNS = ("list", "number", "state", "approval", "class", "date", "expires", "due", "archive_url", "why")


def ready(each: ReadyIssue) -> dict[str, Value]:
    """Return an issue that could be sent."""
    issue = each.issue
    return {
        "list": each.ref.list,
        "number": each.ref.number,
        "state": each.state.value,
        "approval": each.approval.value,
        "class": issue.list_class.value if issue else None,
        "date": _time(issue.date) if issue else None,
        "expires": _time(issue.expires) if issue else None,
        "due": each.due,
        "archive_url": issue.archive_url if issue else None,
        "why": each.why,
    }


APPROVER_COLUMNS = ("name", "mail", "lists", "aliases", "key")


def approver(each: Approver) -> dict[str, Value]:
    """Return who may approve; lists and aliases are separated by spaces and commas, the key is its fingerprint."""
    return {
        "name": each.name,
        "mail": each.mail,
        "lists": " ".join(each.lists),
        "aliases": ", ".join(each.aliases),
        "key": each.fingerprint,
    }


AUDIT_COLUMNS = ("number", "at", "what", "issue", "actor", "details", "hash", "mac")


def audit_entry(entry: AuditEntry) -> dict[str, Any]:
    """Return one entry; its details are an object."""
    step = entry.event
    return {
        "number": entry.number,
        "at": entry.at.astimezone(UTC).isoformat(),
        "what": step.what,
        "issue": step.issue,
        "actor": step.actor,
        "details": dict(step.details),
        "hash": entry.hash,
        "mac": entry.mac,
    }


def audit_row(entry: AuditEntry) -> dict[str, Value]:
    """Return one entry; its details are JSON in one cell."""
    return audit_entry(entry) | {"details": to_json(dict(entry.event.details), indent=None)}


def plain(value: Any) -> Any:
    """Return a value of our own classes as JSON knows it: times in UTC, tuples as lists."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _cell(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    return escape(f"'{value}" if value.startswith(FORMULA_SIGNS) else value)
