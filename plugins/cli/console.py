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


def safe_text(text: object) -> str:
    """Return ``text`` on one line, without characters that a terminal obeys: C0 and C1 controls (ECMA-48), bidi controls (Unicode TR 36, section 2.6).

    Everything that a stranger wrote (a feed's titles, a server's words) reaches a terminal through this function only.
    """
    from plugins.magazine.compose.safe_text import strip_controls

    return strip_controls(str(text)).replace("\n", " ").replace("\t", " ")


def moment(now: str | None) -> dt.datetime:
    from plugins.clock import build_moment, parse_moment

    try:
        return parse_moment(now) if now else build_moment(os.environ)
    except ValueError:
        stop(f"日時「{now}」が読めません。2021-03-31T12:00 の形で書いてください / cannot read {now!r}: write 2021-03-31T12:00")


def progress_bar() -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


def print_faults(faults: tuple[object, ...]) -> NoReturn:
    for fault in faults:
        err.print(str(fault), markup=False)
    stop(f"{len(faults)}か所を直してください。公開中のものは前のままです / {len(faults)} faults: nothing was changed")


def print_warnings(warnings: tuple[object, ...]) -> None:
    for warning in warnings:
        err.print(str(warning), markup=False, style="yellow")


def stop(message: str) -> NoReturn:
    err.print(message, markup=False, style="bold red")
    raise typer.Exit(1)
