"""`todoke status`, once or until nothing is left to do, and `todoke who-missed`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import tzinfo
from enum import StrEnum
from typing import Annotated

import typer
from rich.live import Live

from mailer.cli.acceptance.arrivals import print_arrivals
from mailer.cli.runtime import (
    CONFIG,
    ConfigPath,
    CsvFlag,
    FormatOption,
    JsonFlag,
    MaybeRef,
    Ref,
    UtcFlag,
    chosen_format,
    command_session,
    console,
    notify,
    now,
    open_for_command,
    parse_ref,
    shown_zone,
    wrong_usage,
)
from mailer.cli.screen import machine_output, tables
from mailer.cli.screen.machine_output import OutputFormat
from mailer.config.file import load_config
from mailer.config.settings import Config
from mailer.database.deliveries import issues, ledger
from mailer.database.deliveries.ledger import LedgerEntry
from mailer.database.engine import Database
from mailer.database.returned import queue_stops
from mailer.drill_reports import late_drill
from mailer.model.issue import FrozenIssue, IssueRef
from mailer.model.state import DeliveryState
from mailer.monitoring.arrivals import by_receiver
from mailer.monitoring.status import StatusSnapshot, take_snapshot
from mailer.sending import freeze


class StatusBy(StrEnum):
    """What an issue's status is divided by."""

    RECEIVER = "receiver"


INTERVAL = 2.0
"""Seconds between two snapshots of `--watch`: a sender reports its figures to the database every few seconds, so more often shows nothing new."""


def who_missed(
    issue: Ref,
    output_format: FormatOption = OutputFormat.TEXT,
    is_csv: CsvFlag = False,
    is_utc: UtcFlag = False,
    config: ConfigPath = CONFIG,
) -> None:
    """List who has not got an issue, and why. 届いていない人と理由"""
    with command_session():
        ref, form, settings = parse_ref(issue), chosen_format(output_format, is_csv=is_csv), load_config(config)
        with open_for_command(settings) as database:
            frozen = freeze.find_frozen(database, ref)
            entries = ledger.missed(database, frozen.issue_id) + unsubscribed_before_freeze(database, frozen)
        if form is OutputFormat.TEXT:
            console().print(tables.missed_table(ref, entries, shown_zone(settings, is_utc)))
        elif form is OutputFormat.CSV:
            typer.echo(machine_output.to_csv([*map(machine_output.missed, entries)], machine_output.MISSED_COLUMNS), nl=False)
        else:
            typer.echo(machine_output.to_json([*map(machine_output.missed, entries)]))


def unsubscribed_before_freeze(database: Database, frozen: FrozenIssue) -> tuple[LedgerEntry, ...]:
    """Return people who have unsubscribed from the list and whom the issue therefore has no delivery for, as rows of `who-missed`."""
    ref, listed = frozen.issue.ref, {entry.address for entry in ledger.missed(database, frozen.issue_id)}
    return tuple(
        LedgerEntry(ref.list, ref.number, address, DeliveryState.SUPPRESSED, 0, None, "unsubscribed from the list", None, None, since)
        for address, since in ledger.unsubscribed(database, ref.list)
        if address not in listed and since < frozen.frozen_at
    )


def status(
    issue: MaybeRef = None,
    output_format: FormatOption = OutputFormat.TEXT,
    is_json: JsonFlag = False,
    by: Annotated[StatusBy | None, typer.Option("--by", help="With an issue: did it arrive, by receiver? 受信側ごとに示す")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Show it live until all is sent. 終わるまで見続ける")] = False,
    is_utc: UtcFlag = False,
    config: ConfigPath = CONFIG,
) -> None:
    """Show how far each issue is, how fast, and how long it will take. 配信の進み具合"""
    with command_session():
        ref, form = None if issue is None else parse_ref(issue), chosen_format(output_format, is_json=is_json)
        if watch and form is OutputFormat.CSV:
            wrong_usage("--watch shows text or JSON, not CSV. --watch は text か json で使います。")
        if by is not None and (ref is None or watch):
            wrong_usage("--by goes with LIST/NUMBER, and not with --watch. --by は号と一緒に、--watch なしで使います。")
        settings = load_config(config)
        with open_for_command(settings) as database:
            for stop in queue_stops.stops(database):
                queue = stop.queue or "others"
                notify(f"The queue {queue} is stopped: {stop.reason} 宛先の組 {queue} は止まっています。 todoke inbound stops")
            if (late := late_drill(settings.doctor.drill, settings.doctor.drill_days, now())) is not None:
                notify(f"The drill 復旧訓練: {late.en} ({late.subject}). {late.ja}")
            if by is not None and ref is not None:
                print_arrivals(ref, by_receiver(database, freeze.find_frozen(database, ref).issue_id), form)
                return
            _print(lambda: _snapshot(settings, database, ref), form, shown_zone(settings, is_utc), watch=watch)


def show_live(take: Callable[[], StatusSnapshot], show: Callable[[StatusSnapshot], None], pause: Callable[[float], None]) -> None:
    """Show snapshots until nothing is under way or nobody reads any more. Ctrl-C ends this view only: whoever sends goes on."""
    with suppress(KeyboardInterrupt):
        while True:
            snapshot = take()
            show(snapshot)
            if not snapshot.is_under_way or sys.stdout.closed:
                return
            pause(INTERVAL)


def _print(take: Callable[[], StatusSnapshot], form: OutputFormat, zone: tzinfo, *, watch: bool) -> None:
    def print_json(snapshot: StatusSnapshot) -> None:  # one snapshot a line when there are many
        typer.echo(machine_output.to_json(machine_output.status_snapshot(snapshot), indent=None if watch else 2))

    if watch and form is OutputFormat.JSON:
        show_live(take, print_json, time.sleep)
    elif watch:
        with Live(console=console(), auto_refresh=False) as live:
            show_live(take, lambda snapshot: live.update(tables.status_tables(snapshot, zone), refresh=True), time.sleep)
    elif form is OutputFormat.JSON:
        print_json(take())
    elif form is OutputFormat.CSV:
        typer.echo(machine_output.to_csv(machine_output.status_rows(take()), machine_output.ISSUE_COLUMNS), nl=False)
    else:
        console().print(tables.status_tables(take(), zone))


def _snapshot(settings: Config, database: Database, ref: IssueRef | None) -> StatusSnapshot:
    chosen = issues.all_issues(database) if ref is None else (freeze.find_frozen(database, ref),)
    return take_snapshot(settings, database, chosen, now=now())
