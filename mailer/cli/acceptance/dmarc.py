"""`todoke dmarc`: what receivers report about mail that claims to be ours, by sending address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

import regular_file
from mailer.bounces import mime
from mailer.bounces.mime import UnreadableMessage
from mailer.cli.runtime import CONFIG, ConfigPath, FormatOption, command_session, console, notify, now, open_for_command, say
from mailer.cli.screen import machine_output
from mailer.cli.screen.listing import Column, Listing, Row
from mailer.cli.screen.machine_output import OutputFormat
from mailer.config.file import load_config
from mailer.config.settings import Config
from mailer.database.engine import Database
from mailer.database.returned import dmarc_reports
from mailer.dmarc import attachment
from mailer.dmarc.attachment import ReportUnreadable
from mailer.inbound.dmarc import take
from mailer.model.returned.dmarc_report import SourceSummary

FIELDS = ("address", "ours", "header_from", "number", "passed", "dkim", "spf", "refused", "organizations")
COLUMNS = (
    Column("from address\n送信元"),
    Column("From\n差出人", can_wrap=True),
    *(Column(title, is_number=True) for title in ("messages\n通数", "passed\n合格", "DKIM", "SPF", "refused\n拒否", "reports of\n報告元")),
    Column("whose\n"),
)


def dmarc(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="Reports to read first: XML, gzip, zip, or a mail. 読み込む報告")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=400, help="Only what ended within so many days. 何日分か")] = 30,
    output_format: FormatOption = OutputFormat.TEXT,
    config: ConfigPath = CONFIG,
) -> None:
    """Show who sends mail with our domains, as receivers report it (DMARC). 自分のドメインを使う送信元を示す"""
    with command_session():
        settings, unreadable = load_config(config), 0
        with open_for_command(settings) as database:
            for file in files or ():
                unreadable += not _read(database, file)
            rows = dmarc_reports.by_source(database, since=now() - timedelta(days=days))
        _print(settings, rows, output_format)
    raise typer.Exit(1 if unreadable else 0)


def _read(database: Database, file: Path) -> bool:
    """Read one file. False, with a line that says why: it could not be read."""
    try:
        content = regular_file.read_bytes(file)
        is_packed = content.startswith((attachment.GZIP, attachment.ZIP)) or content.lstrip()[:1] == b"<"
        attached = content if is_packed else attachment.attached_report(mime.parse(content)) or b""
        say(f"{file}: {take(database, attached, (), now())}. 読み込みました。")
    except (ReportUnreadable, UnreadableMessage) as error:
        notify(f"{file}: {error} 報告として読めません。")
        return False
    except OSError as error:
        notify(f"{file}: cannot be read ({error.strerror or error}). 読めません。")
        return False
    return True


def _print(settings: Config, rows: Sequence[SourceSummary], form: OutputFormat) -> None:
    own = frozenset(settings.authentication.addresses)
    objects = [asdict(row) | {"ours": row.address in own} for row in rows]
    if form is OutputFormat.JSON:
        typer.echo(machine_output.to_json(objects))
    elif form is OutputFormat.CSV:
        typer.echo(machine_output.to_csv(objects, FIELDS), nl=False)
    elif rows:
        console().print(Listing(COLUMNS, tuple(_row(row, is_own=row.address in own) for row in rows)))
    else:
        say(
            "No reports yet. They come to the address in rua= of the DMARC record; `todoke dmarc FILE` reads one by hand. まだ報告がありません。"
        )


def _row(row: SourceSummary, *, is_own: bool) -> Row:
    figures = (row.number, row.passed, row.dkim, row.spf, row.refused, row.organizations)
    style = "red" if is_own and row.passed < row.number else "yellow" if row.passed < row.number else "green"
    return Row((row.address, row.header_from, *(f"{figure:,}" for figure in figures), "ours 自分" if is_own else "others ほか"), style)
