"""The mailer's part of the command line: parses, calls, prints. `todoke.py` gathers it with `register`."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from rich.console import Console

from mailer import approval_commands, bundle, lock, log, operating, preparation, progress, report, secret, sending, status
from mailer.config import Config
from mailer.database import Database
from mailer.edge import CONFIG, MAIL, ConfigPath, LogOption, MailPath, Ref, account, opened, told
from mailer.edge import now as now
from mailer.errors import CsvError
from mailer.issue import IssueRef
from mailer.log import LogKind
from mailer.metrics import exposition
from mailer.rules import State
from mailer.stopping import stop_on_signal
from mailer.store import ledger, subscriptions
from mailer.store.issues import Frozen
from mailer.store.ledger import Entry
from mailer.subscribers import read
from mailer.surroundings import Surroundings
from mailer.tokens import Tokens
from mailer.web import Metrics, create_app


def register(app: typer.Typer) -> None:
    """Add `subscribers`, `send`, `status`, `who-missed`, `serve` and what `operating` has to the one command line."""
    people = typer.Typer(no_args_is_help=True, help="The people who read the magazines. 購読者")
    people.command("import")(import_subscribers)
    app.add_typer(people, name="subscribers")
    app.command("send")(send)
    app.command("status")(status.status)
    app.command("who-missed")(who_missed)
    app.command("serve")(serve)
    approval_commands.register(app)
    app.command("work")(work)
    operating.register(app)


def import_subscribers(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Columns email,name,lists. 購読者のCSV")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen. 試すだけ")] = False,
    config: ConfigPath = CONFIG,
    mail: MailPath = MAIL,
) -> None:
    """Add subscribers from a CSV; safe to repeat. 購読者をCSVから登録する"""
    with told(), opened(Config.load(config)) as database:
        reading = read(_bytes(file), bundle.read_lists(mail))
        done = subscriptions.enrol(database, reading.entries, source=f"import {file.name}"[:64], now=now(), keep=not dry_run)
        for line in report.import_lines(reading, done, dry_run=dry_run):
            typer.echo(line)
    if reading.refusals:
        raise typer.Exit(1)


def send(
    issue: Ref,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how many would get it; send nothing. 試すだけ")] = False,
    resend_unknown: Annotated[
        bool, typer.Option("--resend-unknown", help="Send the unknown ones again: some get two copies. 不明分を再送")
    ] = False,
    test: Annotated[
        list[str] | None, typer.Option("--test", metavar="ADDRESS", help="Send only a test to this address; may be repeated. テスト送信")
    ] = None,
    light: Annotated[bool, typer.Option("--light", help="With --test: the light form. 軽い版を試す")] = False,
    logs: LogOption = LogKind.OFF,
    config: ConfigPath = CONFIG,
    mail: MailPath = MAIL,
) -> None:
    """Send an issue, or go on with it. Exit status: 0 done, 75 run again later, 1 look at it. 号を配信する"""
    log.begin(logs, sys.stderr)
    with told():
        settings, ref = Config.load(config), IssueRef.parse(issue)
        with opened(settings) as database:
            if dry_run:
                _rehearse(settings, database, mail, ref)
                return
            if test:
                raise typer.Exit(approval_commands.try_out(surroundings(settings, database), mail, ref, test, is_light=light))
            ended = _send(settings, database, mail, ref, resend_unknown)
    raise typer.Exit(ended)


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


def serve(
    host: Annotated[str, typer.Option(help="Where to listen. 待ち受けるアドレス")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port. ポート")] = 8025,
    config: ConfigPath = CONFIG,
    mail: MailPath = MAIL,
) -> None:
    """Run the service behind the unsubscribe links. 配信停止の窓口を動かす"""
    with told():
        settings = Config.load(config)
        tokens = Tokens(secret.signing_keys(os.environ, settings.secret_file))
        with opened(settings) as database:
            app = create_app(database, tokens, bundle.read_lists(mail), now, metrics=_metrics(settings, database))
            # No access log: the path of a request is the key to somebody's subscription.
            uvicorn.run(app, host=host, port=port, access_log=False, log_level="warning", server_header=False)


def work(logs: LogOption = LogKind.TEXT, config: ConfigPath = CONFIG) -> None:
    """Send whatever is to be sent, until stopped; on PostgreSQL on any number of machines. 配信係として動き続ける"""
    from mailer import work as room

    async def until_stopped(around: Surroundings) -> None:
        stop = asyncio.Event()
        with stop_on_signal(stop):
            await room.work(around, stop)

    log.begin(logs, sys.stderr)
    with told():
        settings = Config.load(config)
        with opened(settings) as database, nullcontext() if database.is_shared else lock.sending(settings):
            sending.run(until_stopped(replace(surroundings(settings, database), is_patient=True)))


def _metrics(settings: Config, database: Database) -> Metrics | None:
    """Only who shows the key may look; without a key there is no such page."""
    key = secret.metrics_key(os.environ, settings.metrics_key_file)
    return None if key is None else Metrics(key, lambda now: exposition(settings, database, now))


def surroundings(settings: Config, database: Database) -> Surroundings:
    """What a real run needs: secrets from the environment or files, and the clock on the wall.

    :raises SecretMissing: no key to sign links, or no password although there is a user name.
    """
    tokens = Tokens(secret.signing_keys(os.environ, settings.secret_file))
    relay = settings.relay
    password = secret.relay_password(os.environ, relay.password_file) if relay.username else None
    return Surroundings(settings, database, tokens, password, now)


def left_out(database: Database, frozen: Frozen) -> tuple[Entry, ...]:
    """People who have unsubscribed from the list and whom the issue therefore has no delivery for, as rows of `who-missed`."""
    ref, listed = frozen.issue.ref, {entry.address for entry in ledger.missed(database, frozen.issue_id)}
    return tuple(
        Entry(ref.list, ref.number, address, State.SUPPRESSED, 0, None, "unsubscribed from the list", None, None, since)
        for address, since in ledger.unsubscribed(database, ref.list)
        if address not in listed and since < frozen.frozen_at
    )


def _send(settings: Config, database: Database, mail: Path, ref: IssueRef, resend_unknown: bool) -> int:
    console = Console()
    with progress.shown(console, str(ref)) as shown:
        sent = sending.send(surroundings(settings, database), mail, ref, shown, resend_unknown=resend_unknown, actor=account())
    for note in sent.prepared.notes:
        typer.echo(note, err=True)
    for entry in sent.prepared.interrupted:
        typer.echo(f"{entry.list}/{entry.number} to {entry.address}: an earlier run was cut off; it may or may not have arrived.", err=True)
    console.print(report.summary_table(ref, sent.summary))
    if sent.summary.trouble is not None:
        typer.echo(" ".join(str(sent.summary.trouble).split()), err=True)
    if sent.summary.stopped:
        typer.echo("Stopped as asked. Run `send` again to go on.", err=True)
    return sent.summary.exit_status


def _rehearse(settings: Config, database: Database, mail: Path, ref: IssueRef) -> None:
    found = sending.rehearse(settings, database, mail, ref, now())
    for note in found.notes:
        typer.echo(note, err=True)
    word = "frozen already; still due" if found.is_frozen else "not frozen yet; would go to"
    typer.echo(f"{ref}: {word} {found.due} people. Nothing was sent.")
    if found.headers is not None:
        typer.echo(f"\n{found.headers}")


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CsvError(f"{file}: cannot be read ({error.strerror}).") from error
