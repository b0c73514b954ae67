"""Values → Rich tables, JSON and CSV for the operator. Nothing is asked or decided here."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rich.markup import escape
from rich.table import Table

from mailer.delivery import Summary
from mailer.issue import IssueRef
from mailer.rules import State
from mailer.store.ledger import Entry
from mailer.store.subscriptions import Enrolled
from mailer.subscribers import Reading

WORDS = {
    State.SENT: "sent 送信済み",
    State.PENDING: "pending 未送信",
    State.DEFERRED: "deferred あとで再送",
    State.FAILED: "failed 届かない",
    State.UNKNOWN: "unknown 届いたか不明",
    State.SUPPRESSED: "suppressed 配信停止",
    State.CLAIMED: "claimed 送信中",
    State.EXPIRED: "expired 期限切れ",
}
STYLES = {State.SENT: "green", State.FAILED: "red", State.UNKNOWN: "yellow", State.DEFERRED: "cyan"}


def summary_table(ref: IssueRef, summary: Summary) -> Table:
    """The one table at the end of `send`."""
    table = Table("state", "number", title=str(ref), caption=_next(summary))
    table.columns[1].justify = "right"
    for state, word in WORDS.items():
        if summary.counts[state]:
            table.add_row(word, str(summary.counts[state]), style=STYLES.get(state))
    table.add_section()
    table.add_row("all 合計", str(sum(summary.counts.values())))
    return table


def status_table(rows: Sequence[tuple[IssueRef, datetime, Summary]]) -> Table:
    """All issues, one line each."""
    table = Table("issue", "frozen (UTC)", *WORDS.values())
    for ref, frozen_at, summary in rows:
        table.add_row(str(ref), f"{frozen_at:%Y-%m-%d %H:%M}", *(str(summary.counts[state]) for state in WORDS))
    return table


def status_json(rows: Iterable[tuple[IssueRef, datetime, Summary]]) -> str:
    """The same for other programs: a list of objects with list, number, frozen_at, next_due and counts by state."""
    return json.dumps([_status(*row) for row in rows], indent=2, sort_keys=True)


def missed_table(ref: IssueRef, entries: Sequence[Entry]) -> Table:
    """Who has not got an issue, and why."""
    table = Table("address", "state", "code", "reply", "since (UTC)", title=f"{ref}: {len(entries)} not delivered")
    for entry in entries:
        code = "" if entry.code is None else str(entry.code)
        style = STYLES.get(entry.state)
        table.add_row(
            escape(entry.address), WORDS[entry.state], code, escape(entry.text), f"{entry.changed_at:%Y-%m-%d %H:%M}", style=style
        )
    return table


def missed_csv(entries: Iterable[Entry]) -> str:
    """The same as CSV with a heading; cells that a spreadsheet would run as a formula are quoted with an apostrophe."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(("address", "state", "code", "text", "when"))
    for entry in entries:
        table.writerow((_cell(entry.address), entry.state, entry.code, _cell(entry.text), entry.changed_at.isoformat()))
    return out.getvalue()


def import_lines(reading: Reading, done: Enrolled, *, dry_run: bool) -> list[str]:
    """What an import did, one sentence a line: refusals first, the sum last."""
    lines = [f"line {refusal.line}: {refusal.reason}" for refusal in reading.refusals]
    lines += [f"{address} has left {key} and was not subscribed again" for address, key in done.kept_out]
    verb = "would be added" if dry_run else "added"
    lines.append(
        f"{done.people} people and {done.subscriptions} subscriptions {verb}; {done.already} were there already; "
        f"{len(done.kept_out)} left alone; {len(reading.refusals)} lines refused ({reading.encoding})."
    )
    return lines


def _status(ref: IssueRef, frozen_at: datetime, summary: Summary) -> dict[str, Any]:
    return {
        "list": ref.list,
        "number": ref.number,
        "frozen_at": frozen_at.isoformat(),
        "next_due": None if summary.next_due is None else summary.next_due.isoformat(),
        "counts": {state.value: number for state, number in summary.counts.items()},
    }


def _next(summary: Summary) -> str | None:
    if summary.next_due is None:
        return None
    return f"next try after {summary.next_due:%Y-%m-%d %H:%M} UTC"


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
