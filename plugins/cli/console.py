"""What the site's commands share: the two streams, common options, how diagnostics are printed, how a command ends.

Exit status: 0 if all is well, 1 if something is wrong with the content, 2 if something is wrong with the command line.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from plugins.diagnostics import Diagnostic, Severity

out = Console(soft_wrap=True, highlight=False, markup=False, emoji=False)
err = Console(stderr=True, soft_wrap=True, highlight=False, markup=False, emoji=False)

FormatName = Literal["text", "json", "sarif", "github"]
"""The forms of `plugins.diagnostic_formats`. That module is loaded when a diagnostic is printed in one: most builds print none."""

_STYLES: dict[Severity, str | None] = {"error": None, "warning": "yellow", "note": "dim"}

Now = Annotated[str | None, typer.Option(help="公開時点。例 2021-03-31T12:00（省けば今）。 The moment to build for; default: now.")]
Content = Annotated[Path, typer.Option(help="原稿のフォルダー。 Folder of the sources.")]
Output = Annotated[Path, typer.Option(help="できあがりのフォルダー。 Folder for the result.")]
Toml = Annotated[Path, typer.Option(help="出版物の一覧。 The list of publications.")]
Format = Annotated[
    FormatName,
    typer.Option(
        "--format",
        help="直すところの書き方。text は人に、json と sarif はプログラムに、github は GitHub Actions に。"
        " How diagnostics are printed: for people, for programs, for GitHub Actions.",
    ),
]


def verbosity() -> int:
    """-1 with ``--quiet``, 1 with ``--verbose``, else 0. `todoke.py` leaves it in the context; without a command running it is 0."""
    context = typer.main.get_current_context(silent=True)  # type: ignore[attr-defined]  # Typer has no public name for it
    return int(context.meta.get("todoke.verbosity", 0)) if context else 0


def say(message: str, chosen: FormatName = "text") -> None:
    """Print what is neither asked-for data nor an error, on one line: what was done, and what to do next. Not with ``--quiet``.

    In another format than text it goes to the error stream: a program that reads the output stream gets the document and nothing else.
    """
    if verbosity() >= 0:
        (out if chosen == "text" else err).print(safe_text(message))


def require(*paths: Path, folder: Path | None = None) -> None:
    """End with status 2 if a file of ``paths`` or the ``folder`` is not there: most often somebody stands in another folder. Nothing was made yet."""
    missing = [str(path) for path in paths if not path.is_file()]
    if folder is not None and not folder.is_dir():
        missing.append(f"{folder}/")
    if missing:
        names = "、".join(missing)
        wrong_usage(
            f"{names} がありません。原稿のフォルダー（publications.toml のあるところ）で実行してください"
            f" / not found: {', '.join(missing)}. Run it in the folder that holds publications.toml, or name them with the options"
        )


def safe_text(text: object) -> str:
    r"""Return ``text`` on one line; a character that a terminal obeys is written out, such as ``\x1b``, as in every diagnostic.

    Everything that a stranger wrote (a feed's titles, a server's words) reaches a terminal through this function only.
    """
    from plugins.diagnostics import printable

    return printable(str(text).replace("\n", " ").replace("\t", " "))


def moment(now: str | None) -> dt.datetime:
    """Return the moment that ``--now`` names, or the build's own. Ends with status 2 if it cannot be read."""
    from plugins.clock import build_moment, parse_moment

    try:
        return parse_moment(now) if now else build_moment(os.environ)
    except ValueError:
        wrong_usage(f"日時「{now}」が読めません。2021-03-31T12:00 の形で書いてください / cannot read {now!r}: write 2021-03-31T12:00")


def progress_bar() -> Progress:
    """Return a bar on the error stream, which shows on a terminal only and not with ``--quiet``."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal or verbosity() < 0)


def print_diagnostics(diagnostics: Sequence[Diagnostic], chosen: FormatName, summary: Mapping[str, object] | None = None) -> None:
    """Print ``diagnostics``: as text on the error stream, in another format as one document on the output stream.

    ``summary`` adds entries to the JSON document. The descriptions of the rules are loaded for the two formats that print them.
    """
    if chosen == "text":
        for diagnostic in diagnostics:
            err.print(str(diagnostic), style=_STYLES[diagnostic.severity])
        return
    from plugins.diagnostic_formats import as_github, as_json, as_sarif

    if chosen == "json":
        sys.stdout.write(as_json(diagnostics, summary))
        return
    from importlib.metadata import version

    from plugins.builder.rules import read_descriptions

    rules = read_descriptions()
    sys.stdout.write(as_github(diagnostics, rules) if chosen == "github" else as_sarif(diagnostics, rules, version("todoke")))


def stop_with_errors(diagnostics: Sequence[Diagnostic], chosen: FormatName, summary: Mapping[str, object] | None = None) -> NoReturn:
    """Print ``diagnostics`` and end with status 1."""
    print_diagnostics(diagnostics, chosen, summary)
    stop_because_of(diagnostics)


def stop_because_of(diagnostics: Sequence[Diagnostic]) -> NoReturn:
    """Print how many of ``diagnostics`` are errors and end with status 1."""
    count = sum(diagnostic.severity == "error" for diagnostic in diagnostics)
    stop(f"{count}か所を直してください。公開中のものは前のままです / {count} errors: nothing was changed")


def stop(message: str, status: int = 1) -> NoReturn:
    """Print why the command ends, and end with ``status``; 1 means that something is wrong with the files or the world."""
    err.print(safe_text(message), style="bold red")
    raise typer.Exit(status)


def wrong_usage(message: str) -> NoReturn:
    """Print what is wrong with the command line, and end with status 2, as Typer does for what it finds itself."""
    err.print(safe_text(message), style="bold red")
    raise typer.Exit(2)
