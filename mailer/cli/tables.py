"""Values → Rich tables, JSON and CSV for the operator. Nothing is asked or decided here."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from mailer.database.ledger import LedgerEntry
from mailer.model.issue import IssueRef
from mailer.model.state import DeliveryState
from mailer.monitoring.status import IssueStatusRow, StatusSnapshot
from mailer.sending.run import IssueSummary

WORDS = {
    DeliveryState.SENT: "sent 送信済み",
    DeliveryState.PENDING: "pending 未送信",
    DeliveryState.DEFERRED: "deferred あとで再送",
    DeliveryState.FAILED: "failed 届かない",
    DeliveryState.UNKNOWN: "unknown 届いたか不明",
    DeliveryState.SUPPRESSED: "suppressed 配信停止",
    DeliveryState.CLAIMED: "claimed 送信中",
    DeliveryState.EXPIRED: "expired 期限切れ",
}


STYLES = {DeliveryState.SENT: "green", DeliveryState.FAILED: "red", DeliveryState.UNKNOWN: "yellow", DeliveryState.DEFERRED: "cyan"}


def summary_table(ref: IssueRef, summary: IssueSummary) -> Table:
    """The one table at the end of `send`."""
    table = Table("state", "number", title=str(ref), caption=_next(summary))
    table.columns[1].justify = "right"
    for state, word in WORDS.items():
        if summary.counts[state]:
            table.add_row(word, str(summary.counts[state]), style=STYLES.get(state))
    table.add_section()
    table.add_row("all 合計", str(sum(summary.counts.values())))
    return table


def status_tables(found: StatusSnapshot) -> Group:
    """All issues, one line each; the lanes and relays while somebody is at work."""
    shown: list[RenderableType] = [_issues_table(found)]
    if found.senders or len(found.lanes) > 1:
        shown += [_lanes_table(found), _relays_table(found)]
    return Group(*shown)


def status_json(found: StatusSnapshot, *, indent: int | None = 2) -> str:
    """The same for other programs: an object with issues, lanes, relays, senders and waiting_since."""
    told = {
        "issues": [_status(one) for one in found.issues],
        "lanes": [asdict(one) for one in found.lanes],
        "relays": [asdict(one) for one in found.relays],
        "senders": found.senders,
        "waiting_since": _moment(found.waiting_since),
    }
    return json.dumps(told, indent=indent, sort_keys=True)


def _issues_table(found: StatusSnapshot) -> Table:
    used = [state for state in WORDS if any(one.counts[state] for one in found.issues)]
    table = Table("issue", "status", "frozen (UTC)", *(WORDS[state] for state in used), "messages/s", "time left 残り")
    for one in found.issues:
        numbers = (f"{one.counts[state]:,}" for state in used)
        rate = f"{one.rate:,.1f}" if one.rate else ""
        table.add_row(str(one.ref), one.status.value, f"{one.frozen_at:%Y-%m-%d %H:%M}", *numbers, rate, format_duration(one.seconds_left))
    return table


def _lanes_table(found: StatusSnapshot) -> Table:
    table = Table("lane 宛先の組", "waiting", "connections", "domains resting", "messages/s", title=f"{found.senders} senders at work")
    for one in found.lanes:
        limit = "" if one.limit is None else f" / {one.limit}"
        table.add_row(one.name or "everybody", f"{one.waiting:,}", f"{one.connections}{limit}", str(one.resting), f"{one.rate:,.1f}")
    return table


def _relays_table(found: StatusSnapshot) -> Table:
    table = Table("relay 中継", "connections", "")
    for one in found.relays:
        table.add_row(one.name, f"{one.connections} / {one.limit}", "resting" if one.resting else "")
    return table


def format_duration(seconds: int | None) -> str:
    """12 s, 3 min 05 s, 2 h 10 min; nothing if nobody knows."""
    if seconds is None:
        return ""
    minutes, hours = seconds // 60, seconds // 3600
    if hours:
        return f"{hours} h {minutes % 60:02} min"
    return f"{minutes} min {seconds % 60:02} s" if minutes else f"{seconds} s"


def missed_table(ref: IssueRef, entries: Sequence[LedgerEntry]) -> Table:
    """Who has not got an issue, and why."""
    table = Table("address", "state", "code", "reply", "since (UTC)", title=f"{ref}: {len(entries)} not delivered")
    for entry in entries:
        code = "" if entry.code is None else str(entry.code)
        style = STYLES.get(entry.state)
        table.add_row(
            escape(entry.address), WORDS[entry.state], code, escape(entry.text), f"{entry.changed_at:%Y-%m-%d %H:%M}", style=style
        )
    return table


def missed_csv(entries: Iterable[LedgerEntry]) -> str:
    """The same as CSV with a heading; cells that a spreadsheet would run as a formula are quoted with an apostrophe."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(("address", "state", "code", "text", "when"))
    for entry in entries:
        table.writerow((_cell(entry.address), entry.state, entry.code, _cell(entry.text), entry.changed_at.isoformat()))
    return out.getvalue()


def _status(one: IssueStatusRow) -> dict[str, Any]:
    return {
        "list": one.ref.list,
        "number": one.ref.number,
        "class": one.list_class,
        "status": one.status.value,
        "frozen_at": one.frozen_at.isoformat(),
        "send_at": _moment(one.send_at),
        "next_due": _moment(one.next_due),
        "counts": {state.value: number for state, number in one.counts.items()},
        "rate": one.rate,
        "seconds_left": one.seconds_left,
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _next(summary: IssueSummary) -> str | None:
    if summary.next_due is None:
        return None
    return f"next try after {summary.next_due:%Y-%m-%d %H:%M} UTC"


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
