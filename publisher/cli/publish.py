"""`todoke publish`: from a commit to readers."""

from __future__ import annotations

import datetime as dt
import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from publisher.cli.runtime import CONFIG, EX_MIRRORS, ConfigPath, err, load, now, signing_keys
from publisher.config import PublishConfig
from publisher.model.errors import PublisherError
from publisher.pipeline.build_process import BuildProcess
from publisher.pipeline.commands import Commands
from publisher.pipeline.follow import Follower
from publisher.pipeline.lock import PublishBusy, publish_lock
from publisher.pipeline.log import OperatorLog
from publisher.pipeline.moments import due_moment
from publisher.pipeline.rehearsal import rehearse
from publisher.pipeline.report import Report
from publisher.pipeline.run import Publisher, Watcher
from publisher.pipeline.source.checkout import checkout_of
from publisher.release.store import ReleaseStore
from publisher.targets.mirrors import targets_of

EX_BUSY = 75
"""Exit status when another publish is at work: run it again later (sysexits.h)."""


def publish(
    config: ConfigPath = CONFIG,
    follow: Annotated[
        bool, typer.Option("--follow", help="Stay: publish each new commit, and whenever something begins or ends. 動き続ける")
    ] = False,
    due: Annotated[
        bool,
        typer.Option(
            "--due", help="Only if something has begun or ended since the last build; for a timer. 始まり・終わりがあったときだけ"
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen. 何が起こるかだけを示す")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Publish the newest commit although a rollback took it back. 取り下げた版をもう一度出す")
    ] = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for another publish. ほかの公開処理を待つ秒数")] = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="The report for other programs. 機械向け")] = False,
) -> None:
    """Publish the newest commit: build, sign, bring to every mirror, look, hand over the mail. コミットから公開と配信まで

    With --due it says nothing and does nothing unless a moment has come; todoke next says which is the next. A mail goes to the mailer only when its page was fetched from the first mirror. May be repeated: what is done is found done. Exit status 0: all of it;
    3: something is not live, or was held back; 75: another publish is at work; 1: it cannot begin.
    """
    try:
        settings, store = load(config)
        if dry_run:
            rehearsal = rehearse(settings, store, Commands(), now())
            for line in rehearsal.lines(tuple(mirror.name for mirror in settings.mirrors)):
                typer.echo(line)
            return
        if due and due_moment(settings.publish.folder / "output", now()) is None:
            return
        with publish_lock(settings.publish.folder, now(), wait) as lock, _progress() as watcher:
            publisher = make_publisher(settings, store, Commands(lock), watcher)
            status = _follow(publisher, as_json) if follow else _once(publisher, as_json, again=again)
    except PublisherError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EX_BUSY if isinstance(error, PublishBusy) else 1) from None
    raise typer.Exit(status)


def make_publisher(
    settings: PublishConfig, store: ReleaseStore, commands: Commands, watcher: Watcher, clock: Callable[[], dt.datetime] = now
) -> Publisher:
    """Return what publishes with these settings. Keys are read when something is signed."""
    return Publisher(
        settings,
        store,
        keys=lambda: signing_keys(settings),
        targets=lambda only: targets_of(settings, store, clock, only),
        commands=commands,
        checkout=checkout_of(settings.publish, commands),
        clock=clock,
        log=OperatorLog(settings.publish.log, clock),
        watcher=watcher,
    )


def _once(publisher: Publisher, as_json: bool, *, again: bool) -> int:
    with _stopped_by_signals(publisher) as signals:
        report = publisher.publish(*publisher.choose_commit(again=again))
    _print(report, as_json)
    return 128 + signals[0] if signals else (0 if report.is_complete else EX_MIRRORS)


def _follow(publisher: Publisher, as_json: bool) -> int:
    publisher.build_process = BuildProcess(publisher.commands)
    try:
        with _stopped_by_signals(publisher):
            Follower(publisher, lambda report: _print(report, as_json, indent=None), publisher.stop.wait).run()
    finally:
        publisher.build_process.end()
    typer.echo("Stopped as asked; the next start goes on. 止めました。次に動かすと続きます", err=True)
    return 0


@contextmanager
def _stopped_by_signals(publisher: Publisher) -> Iterator[list[int]]:
    """Let the first SIGTERM or Ctrl-C end the publish after the step that is under way, and the second one at once. Yields the signals that came."""
    caught: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        caught.append(number)
        signal.signal(number, before[signal.Signals(number)])
        publisher.stop.set()
        publisher.commands.end_early()

    if threading.current_thread() is not threading.main_thread():
        yield caught
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        signal.signal(number, stop)
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print(report: Report, as_json: bool, indent: int | None = 1) -> None:
    if as_json:
        typer.echo(json.dumps(report.record(), ensure_ascii=False, indent=indent))
        return
    for line in report.lines():
        typer.echo(line)


@contextmanager
def _progress() -> Iterator[Watcher]:
    """Show the step that is under way, and how far it is on each mirror, if a person looks on."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("publish")
        yield Watcher(
            lambda words: bar.update(task, description=words),
            lambda name, done, total: bar.update(task, description=f"release: {name} {done}/{total}"),
        )
