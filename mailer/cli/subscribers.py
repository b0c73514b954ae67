"""The mailer's part of the command line: parses, calls, prints. `todoke.py` gathers it with `register`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mailer import bundle
from mailer.cli.runtime import CONFIG, MAIL, ConfigPath, MailPath, command_session, now, open_for_command
from mailer.config import Config
from mailer.database import subscriptions
from mailer.database.subscriptions import ImportResult
from mailer.model.errors import CsvError
from mailer.subscribers.csv_import import CsvContent, parse_csv


def import_lines(reading: CsvContent, done: ImportResult, *, dry_run: bool) -> list[str]:
    """What an import did, one sentence a line: refusals first, the sum last."""
    lines = [f"line {refusal.line}: {refusal.reason}" for refusal in reading.refusals]
    lines += [f"{address} has left {key} and was not subscribed again" for address, key in done.kept_out]
    verb = "would be added" if dry_run else "added"
    lines.append(
        f"{done.people} people and {done.subscriptions} subscriptions {verb}; {done.already} were there already; "
        f"{len(done.kept_out)} left alone; {len(reading.refusals)} lines refused ({reading.encoding})."
    )
    return lines


def import_subscribers(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Columns email,name,lists. 購読者のCSV")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen. 試すだけ")] = False,
    config: ConfigPath = CONFIG,
    mail: MailPath = MAIL,
) -> None:
    """Add subscribers from a CSV; safe to repeat. 購読者をCSVから登録する"""
    with command_session(), open_for_command(Config.load(config)) as database:
        reading = parse_csv(_bytes(file), bundle.read_lists(mail))
        done = subscriptions.import_subscribers(database, reading.entries, source=f"import {file.name}"[:64], now=now(), keep=not dry_run)
        for line in import_lines(reading, done, dry_run=dry_run):
            typer.echo(line)
    if reading.refusals:
        raise typer.Exit(1)


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CsvError(f"{file}: cannot be read ({error.strerror}).") from error
