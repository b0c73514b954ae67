"""What the site's commands share: the two streams, common options, how diagnostics are printed, how a command ends."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


Now = Annotated[str | None, typer.Option(help="公開時点。例 2021-03-31T12:00（省けば今）。 The moment to build for; default: now.")]
Content = Annotated[Path, typer.Option(help="原稿のフォルダー。 Folder of the sources.")]
Output = Annotated[Path, typer.Option(help="できあがりのフォルダー。 Folder for the result.")]
Toml = Annotated[Path, typer.Option(help="出版物の一覧。 The list of publications.")]


def verbosity() -> int:
    """-1 with ``--quiet``, 1 with ``--verbose``, else 0. `todoke.py` leaves it in the context; without a command running it is 0."""
    context = typer.main.get_current_context(silent=True)  # type: ignore[attr-defined]  # Typer has no public name for it
    return int(context.meta.get("todoke.verbosity", 0)) if context else 0


def say(message: str) -> None:
    """Print what is neither asked-for data nor a fault: what was done, and what to do next. Not with ``--quiet``."""
    if verbosity() >= 0:
        out.print(message, markup=False)


def safe_text(text: object) -> str:
    """Return ``text`` on one line, without characters that a terminal obeys: C0 and C1 controls (ECMA-48), bidi controls (Unicode TR 36, section 2.6).

    Everything that a stranger wrote (a feed's titles, a server's words) reaches a terminal through this function only.
    """
    from plugins.magazine.compose.safe_text import strip_controls

    return strip_controls(str(text)).replace("\n", " ").replace("\t", " ")


def moment(now: str | None) -> dt.datetime:
    """Return the moment that ``--now`` names, or the build's own. Ends with status 2 if it cannot be read."""
    from plugins.clock import build_moment, parse_moment

    try:
        return parse_moment(now) if now else build_moment(os.environ)
    except ValueError:
        wrong_usage(f"日時「{now}」が読めません。2021-03-31T12:00 の形で書いてください / cannot read {now!r}: write 2021-03-31T12:00")


def progress_bar() -> Progress:
    """Return a bar on standard error, which shows on a terminal only and not with ``--quiet``."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal or verbosity() < 0)


def print_faults(faults: tuple[object, ...]) -> NoReturn:
    """Print each fault on a line, and end with status 1."""
    for fault in faults:
        err.print(str(fault), markup=False)
    stop(f"{len(faults)}か所を直してください。公開中のものは前のままです / {len(faults)} faults: nothing was changed")


def print_warnings(warnings: tuple[object, ...]) -> None:
    """Print each warning on a line."""
    for warning in warnings:
        err.print(str(warning), markup=False, style="yellow")


def stop(message: str) -> NoReturn:
    """Say why it ends, and end with status 1: something is wrong with the files or the world."""
    err.print(message, markup=False, style="bold red")
    raise typer.Exit(1)


def wrong_usage(message: str) -> NoReturn:
    """Say what is wrong with the command line, and end with status 2, as Typer does for what it finds itself."""
    err.print(message, markup=False, style="bold red")
    raise typer.Exit(2)
