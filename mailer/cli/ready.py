"""`todoke ready`: what could be sent now, for people and for a program that publishes the site."""

from __future__ import annotations

import typer

from mailer.cli.runtime import CONFIG, MAIL, ConfigPath, FormatOption, MailPath, command_session, console, now, open_for_command, say
from mailer.cli.screen import machine_output, tables
from mailer.cli.screen.listing import Column, Listing, Row
from mailer.cli.screen.machine_output import OutputFormat
from mailer.config.file import load_config
from mailer.sending.ready import ReadyIssue, ready_issues

COLUMNS = (
    Column("issue\n号"),
    Column("state\n状態"),
    Column("approval\n承認"),
    Column("readers\n人数", is_number=True),
    Column("note\n備考", can_wrap=True),
)


def ready(output_format: FormatOption = OutputFormat.TEXT, config: ConfigPath = CONFIG, mail: MailPath = MAIL) -> None:
    """List the issues that are built and not sent, and whether each may be. まだ送っていない号と、承認の有無"""
    with command_session():
        settings = load_config(config)
        with open_for_command(settings) as database:
            ready = ready_issues(settings, database, mail, now())
        if output_format is OutputFormat.JSON:
            typer.echo(machine_output.to_json([*map(machine_output.ready, ready)]))
        elif output_format is OutputFormat.CSV:
            typer.echo(machine_output.to_csv([*map(machine_output.ready, ready)], machine_output.READY_COLUMNS), nl=False)
        elif ready:
            console().print(Listing(COLUMNS, tuple(map(_row, ready))))
        else:
            say("Every issue that is built has been sent. 送っていない号はありません。")


def _row(each: ReadyIssue) -> Row:
    return Row((str(each.ref), each.state.value, each.approval.value, tables.count(each.due, "person", "people"), each.why))
