"""`todoke status`: once, or again and again until nothing is left to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from mailer import overview, preparation, report
from mailer.config import Config
from mailer.database import Database
from mailer.edge import CONFIG, ConfigPath, MaybeRef, now, opened, told
from mailer.issue import IssueRef
from mailer.overview import Overview
from mailer.store import issues

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
