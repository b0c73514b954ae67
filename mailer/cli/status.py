"""`todoke status`: once, or again and again until nothing is left to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from mailer.cli import tables
from mailer.cli.runtime import CONFIG, ConfigPath, MaybeRef, Ref, command_session, now, open_for_command
from mailer.config import Config
from mailer.database import issues, ledger
from mailer.database.engine import Database
from mailer.database.ledger import LedgerEntry
from mailer.model.issue import FrozenIssue, IssueRef
from mailer.model.state import DeliveryState
from mailer.monitoring import status as overview
from mailer.monitoring.status import StatusSnapshot
from mailer.sending import freeze


def who_missed(
    issue: Ref,
    as_csv: Annotated[bool, typer.Option("--csv", help="For a spreadsheet. CSVで出す")] = False,
    config: ConfigPath = CONFIG,
) -> None:
    """Who has not got an issue, and why. 届いていない人と理由"""
    with command_session(), open_for_command(Config.load(config)) as database:
        frozen = freeze.find_frozen(database, IssueRef.parse(issue))
        entries = ledger.missed(database, frozen.issue_id) + unsubscribed_before_freeze(database, frozen)
    if as_csv:
        typer.echo(tables.missed_csv(entries), nl=False)
    else:
        Console().print(tables.missed_table(frozen.issue.ref, entries))


def unsubscribed_before_freeze(database: Database, frozen: FrozenIssue) -> tuple[LedgerEntry, ...]:
    """People who have unsubscribed from the list and whom the issue therefore has no delivery for, as rows of `who-missed`."""
    ref, listed = frozen.issue.ref, {entry.address for entry in ledger.missed(database, frozen.issue_id)}
    return tuple(
        LedgerEntry(ref.list, ref.number, address, DeliveryState.SUPPRESSED, 0, None, "unsubscribed from the list", None, None, since)
        for address, since in ledger.unsubscribed(database, ref.list)
        if address not in listed and since < frozen.frozen_at
    )


EVERY = 2.0  # seconds


def status(
    issue: MaybeRef = None,
    as_json: Annotated[bool, typer.Option("--json", help="For other programs. JSONで出す")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Show it live until all is sent. 終わるまで見続ける")] = False,
    config: ConfigPath = CONFIG,
) -> None:
    """How far each issue is, how fast, and how long it will take. 配信の進み具合"""
    with command_session():
        settings, ref = Config.load(config), None if issue is None else IssueRef.parse(issue)
        with open_for_command(settings) as database:
            _show(lambda: _look(settings, database, ref), as_json=as_json, watch=watch)


def show_live(look: Callable[[], StatusSnapshot], show: Callable[[StatusSnapshot], None], pause: Callable[[float], None]) -> None:
    """Look again and again until nothing is under way. Ctrl-C ends it, and only it: whoever sends goes on."""
    with suppress(KeyboardInterrupt):
        while True:
            found = look()
            show(found)
            if not found.is_under_way:
                return
            pause(EVERY)


def _show(look: Callable[[], StatusSnapshot], *, as_json: bool, watch: bool) -> None:
    if watch and as_json:
        show_live(look, lambda found: typer.echo(tables.status_json(found, indent=None)), time.sleep)
    elif watch:
        with Live(auto_refresh=False) as live:
            show_live(look, lambda found: live.update(tables.status_tables(found), refresh=True), time.sleep)
    elif as_json:
        typer.echo(tables.status_json(look()))
    else:
        Console().print(tables.status_tables(look()))


def _look(settings: Config, database: Database, ref: IssueRef | None) -> StatusSnapshot:
    chosen = issues.all_issues(database) if ref is None else (freeze.find_frozen(database, ref),)
    return overview.take_snapshot(settings, database, chosen, now=now())
