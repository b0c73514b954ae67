"""The mailer's part of the command line: parses, calls, prints. `todoke.py` gathers it with `register`."""

from __future__ import annotations

import typer

from mailer.cli import status
from mailer.cli.approval import approve, show_audit
from mailer.cli.daemons import serve, work
from mailer.cli.operator import cancel, pause, resolve_unknown, resume, retry, schedule
from mailer.cli.send import send
from mailer.cli.status import who_missed
from mailer.cli.subscribers import import_subscribers


def register(app: typer.Typer) -> None:
    """Add the mailer's commands to the one command line."""
    people = typer.Typer(no_args_is_help=True, help="The people who read the magazines. 購読者")
    people.command("import")(import_subscribers)
    app.add_typer(people, name="subscribers")
    app.command("send")(send)
    app.command("status")(status.status)
    app.command("who-missed")(who_missed)
    app.command("serve")(serve)
    app.command("approve")(approve)
    app.command("audit")(show_audit)
    app.command("work")(work)
    resolving = typer.Typer(no_args_is_help=True, help="Settle what is not known. 不明なものを決める")
    resolving.command("unknown")(resolve_unknown)
    app.add_typer(resolving, name="resolve")
    app.command("schedule")(schedule)
    app.command("pause")(pause)
    app.command("resume")(resume)
    app.command("cancel")(cancel)
    app.command("retry")(retry)
