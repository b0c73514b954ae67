"""The mailer's part of the command line: parses, calls, prints. `todoke.py` gathers it with `register`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from mailer.cli import progress, tables
from mailer.cli.runtime import (
    CONFIG,
    MAIL,
    ConfigPath,
    LogOption,
    MailPath,
    Ref,
    command_session,
    delivery_context,
    notify,
    now,
    open_for_command,
    system_account,
)
from mailer.config import Config
from mailer.database import audit_log
from mailer.database.engine import Database
from mailer.delivery.context import DeliveryContext
from mailer.log import LogKind
from mailer.model.audit_log import AuditEvent
from mailer.model.issue import IssueRef
from mailer.sending import preflight
from mailer.sending import send as sending
from mailer.sending.preflight import dry_run


def run_test_send(around: DeliveryContext, mail: Path, ref: IssueRef, to: Sequence[str], *, is_light: bool) -> int:
    """Send a test, say what became of it, write it into the audit log; return the exit status."""
    tried = preflight.send_test(around, mail, ref, to, is_light=is_light)
    for one in tried:
        typer.echo(f"{one.address}: {'test sent' if one.is_sent else 'refused'} ({one.outcome.code or ''} {one.outcome.text.strip()})")
    sent = [one.address for one in tried if one.is_sent]
    audit_log.append(around.database, AuditEvent(system_account(), "test sent", str(ref), {"to": ", ".join(sent)}), now=now())
    return 0 if len(sent) == len(tried) else 1


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
    with command_session(logs):
        settings, ref = Config.load(config), IssueRef.parse(issue)
        with open_for_command(settings) as database:
            if dry_run:
                _rehearse(settings, database, mail, ref)
                return
            if test:
                raise typer.Exit(run_test_send(delivery_context(settings, database), mail, ref, test, is_light=light))
            ended = _send(settings, database, mail, ref, resend_unknown)
    raise typer.Exit(ended)


def _send(settings: Config, database: Database, mail: Path, ref: IssueRef, resend_unknown: bool) -> int:
    console = Console()
    with progress.progress_display(console, str(ref)) as shown:
        sent = sending.send(delivery_context(settings, database), mail, ref, shown, resend_unknown=resend_unknown, actor=system_account())
    for note in sent.prepared.notes:
        notify(note)
    for entry in sent.prepared.interrupted:
        notify(f"{entry.list}/{entry.number} to {entry.address}: an earlier run was cut off; it may or may not have arrived.")
    console.print(tables.summary_table(ref, sent.summary))
    if sent.summary.trouble is not None:
        notify(str(sent.summary.trouble))
    if sent.summary.stopped:
        notify("Stopped as asked. Run `send` again to go on.")
    return sent.summary.exit_status


def _rehearse(settings: Config, database: Database, mail: Path, ref: IssueRef) -> None:
    found = dry_run(settings, database, mail, ref, now())
    for note in found.notes:
        notify(note)
    word = "frozen already; still due" if found.is_frozen else "not frozen yet; would go to"
    typer.echo(f"{ref}: {word} {found.due} people. Nothing was sent.")
    if found.headers is not None:
        typer.echo(f"\n{found.headers}")
