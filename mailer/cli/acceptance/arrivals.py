"""`todoke status LIST/NUMBER --by receiver`: did it arrive at docomo, at Gmail, …?"""

from __future__ import annotations

from collections.abc import Sequence

import typer

from mailer.cli.runtime import console
from mailer.cli.screen import machine_output
from mailer.cli.screen.listing import Column, Listing, Row
from mailer.cli.screen.machine_output import OutputFormat
from mailer.model.issue import IssueRef
from mailer.model.returned.arrival import Arrival, ReceiverArrivals
from mailer.monitoring.arrivals import bar

TITLES = {
    Arrival.ACCEPTED: "accepted\n受け取り",
    Arrival.COMPLAINED: "complained\n苦情",
    Arrival.FILTERED: "filtered\n受信拒否",
    Arrival.UNKNOWN: "unknown\nあて先なし",
    Arrival.REFUSED: "refused\nその他の拒否",
    Arrival.DEFERRED: "deferred\nあとで再送",
    Arrival.IN_DOUBT: "in doubt\n不明",
    Arrival.WAITING: "waiting\n未送信",
    Arrival.NOT_SENT: "not sent\n送らない",
}
SHARES = {Arrival.FILTERED: 0.02, Arrival.UNKNOWN: 0.02, Arrival.REFUSED: 0.02, Arrival.COMPLAINED: 0.003}
"""From these shares on a receiver is shown in red: 2 % unknown stops a queue, and Gmail and Yahoo want complaints below 0.3 %."""


def print_arrivals(ref: IssueRef, rows: Sequence[ReceiverArrivals], form: OutputFormat) -> None:
    """Print an issue by receiver."""
    objects = [machine_output.receiver_arrivals(row) for row in rows]
    if form is OutputFormat.JSON:
        typer.echo(machine_output.to_json({"list": ref.list, "number": ref.number, "receivers": objects}))
    elif form is OutputFormat.CSV:
        typer.echo(machine_output.to_csv(objects, machine_output.ARRIVAL_COLUMNS), nl=False)
    else:
        console().print(_table(rows))


def _table(rows: Sequence[ReceiverArrivals]) -> Listing:
    shown = [kind for kind in Arrival if any(row.counts.get(kind) for row in rows)]
    columns = (Column("receiver\n受信側"), *(Column(TITLES[kind], is_number=True) for kind in shown), Column("accepted %\n受け取りの割合"))
    return Listing(columns, tuple(_row(row, shown) for row in rows))


def _row(row: ReceiverArrivals, columns: Sequence[Arrival]) -> Row:
    share = row.accepted_share
    words = "" if share is None else f"{share:6.1%} {bar(share)}"
    is_bad = any(row.counts.get(kind, 0) > most * row.total for kind, most in SHARES.items())
    return Row((row.receiver.label, *(f"{row.counts.get(kind, 0):,}" for kind in columns), words), "red" if is_bad else "")
