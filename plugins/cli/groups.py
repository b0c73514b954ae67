"""The site's part of the command line: parses, calls, prints. `todoke.py` gathers it with `register`."""

from __future__ import annotations

import typer

from plugins.cli import build, check, events, feeds, new
from plugins.cli.preview import preview


def register_build(app: typer.Typer) -> None:
    """Add `build`, `check` and `validate`: they load nothing else, so that a build that has nothing to do is over at once."""
    app.command()(build.build)
    app.command()(check.check)
    app.command()(check.validate)


def register(app: typer.Typer) -> None:
    """Add the commands that load more than the build does."""
    issues = typer.Typer(no_args_is_help=True, help="新しい原稿を作ります。 Begin something new.")
    issues.command("issue")(new.new_issue)
    app.add_typer(issues, name="new")
    app.add_typer(feeds.app, name="feeds")
    app.add_typer(events.app, name="events")
    app.command("preview")(preview)
