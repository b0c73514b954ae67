"""`todoke status`: once, or again and again until nothing is left to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from mailer.cli import tables as report
from mailer.cli.runtime import CONFIG, ConfigPath, MaybeRef, Ref, opened, told
from mailer.cli.runtime import now as now
from mailer.config import Config
from mailer.database import issues, ledger
from mailer.database.engine import Database
from mailer.database.ledger import Entry
from mailer.model.issue import Frozen, IssueRef
from mailer.model.state import State
from mailer.monitoring import status as overview
from mailer.monitoring.status import Overview
from mailer.sending import freeze as preparation


def who_missed(
    issue: Ref,
    as_csv: Annotated[bool, typer.Option("--csv", help="For a spreadsheet. CSVで出す")] = False,
    config: ConfigPath = CONFIG,
) -> None:
    """Who has not got an issue, and why. 届いていない人と理由"""
    with told(), opened(Config.load(config)) as database:
        frozen = preparation.frozen(database, IssueRef.parse(issue))
        entries = ledger.missed(database, frozen.issue_id) + left_out(database, frozen)
    if as_csv:
        typer.echo(report.missed_csv(entries), nl=False)
    else:
        Console().print(report.missed_table(frozen.issue.ref, entries))


def left_out(database: Database, frozen: Frozen) -> tuple[Entry, ...]:
    """People who have unsubscribed from the list and whom the issue therefore has no delivery for, as rows of `who-missed`."""
    ref, listed = frozen.issue.ref, {entry.address for entry in ledger.missed(database, frozen.issue_id)}
    return tuple(
        Entry(ref.list, ref.number, address, State.SUPPRESSED, 0, None, "unsubscribed from the list", None, None, since)
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
    with told():
        settings, ref = Config.load(config), None if issue is None else IssueRef.parse(issue)
        with opened(settings) as database:
            _show(lambda: _look(settings, database, ref), as_json=as_json, watch=watch)


def show_live(look: Callable[[], Overview], show: Callable[[Overview], None], pause: Callable[[float], None]) -> None:
    """Look again and again until nothing is under way. Ctrl-C ends it, and only it: whoever sends goes on."""
    with suppress(KeyboardInterrupt):
        while True:
            found = look()
            show(found)
            if not found.is_under_way:
                return
            pause(EVERY)


def _show(look: Callable[[], Overview], *, as_json: bool, watch: bool) -> None:
    if watch and as_json:
        show_live(look, lambda found: typer.echo(report.status_json(found, indent=None)), time.sleep)
    elif watch:
        with Live(auto_refresh=False) as live:
            show_live(look, lambda found: live.update(report.status_tables(found), refresh=True), time.sleep)
    elif as_json:
        typer.echo(report.status_json(look()))
    else:
        Console().print(report.status_tables(look()))


def _look(settings: Config, database: Database, ref: IssueRef | None) -> Overview:
    chosen = issues.every(database) if ref is None else (preparation.frozen(database, ref),)
    return overview.look(settings, database, chosen, now=now())
