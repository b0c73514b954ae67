"""What the site's commands share: the two streams, common options, how diagnostics are printed, how a command ends.

Exit status: 0 if all is well, 1 if something is wrong with the content, 2 if something is wrong with the command line, 3 if a build held something back.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from plugins.diagnostics import Diagnostic, Severity

FormatName = Literal["text", "json", "sarif", "github"]
"""The forms of `plugins.diagnostic_formats`. That module is loaded when a diagnostic is printed in one: most builds print none."""

HELD_BACK_STATUS = 3
"""Exit status of a build that published all but what it held back."""

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
        typer.echo(safe_text(message), err=chosen != "text")


def require(*paths: Path, folder: Path | None = None) -> None:
    """End with status 2 if a file of ``paths`` or the ``folder`` is not there: most often somebody stands in another folder. Nothing was made yet."""
    from plugins.inputs import kind_of

    for path in paths:
        if kind := kind_of(path):
            wrong_usage(
                f"{path} はファイルではなく{kind[0]}です。ファイルを置いてください / {path} is {kind[1]}, not a file: put the file there"
            )
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


def print_error(line: str, style: str | None = None) -> None:
    """Print a line on the error stream, in colour where a person looks at it."""
    if style is None or not (sys.stderr.isatty() or os.environ.get("FORCE_COLOR")):
        typer.echo(line, err=True)
    else:
        error_console().print(line, style=style)


@cache
def error_console() -> Console:
    """Return Rich's console on the error stream. Rich takes longer to load than a build with nothing to do needs for the rest."""
    from rich.console import Console

    return Console(stderr=True, soft_wrap=True, highlight=False, markup=False, emoji=False)


@contextmanager
def progress(words: str) -> Iterator[Callable[[], None]]:
    """Show a bar on the error stream, on a terminal only and not with ``--quiet``; yield the function that says that one more is done."""
    if not sys.stderr.isatty() or verbosity() < 0:
        yield lambda: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=error_console(), transient=True) as bar:
        task = bar.add_task(words, total=None)
        yield lambda: bar.advance(task)


def print_diagnostics(diagnostics: Sequence[Diagnostic], chosen: FormatName, summary: Mapping[str, object] | None = None) -> None:
    """Print ``diagnostics``: as text on the error stream, in another format as one document on the output stream.

    ``summary`` adds entries to the JSON document. The descriptions of the rules are loaded for the two formats that print them.
    """
    if chosen == "text":
        from plugins.diagnostics import folded

        for diagnostic in folded(diagnostics):
            print_error(str(diagnostic), _STYLES[diagnostic.severity])
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


def stop_held_back(lines: Sequence[Diagnostic], files: int, chosen: FormatName) -> NoReturn:
    """Print last, in red, what was held back, and end with status 3. In another format than text, ``lines`` are in the document already."""
    for line in lines if chosen == "text" else ():
        print_error(str(line), "bold red")
    stop(f"{files}件の公開を見合わせました。ほかはすべて出ています / {files} held back; all else is published", HELD_BACK_STATUS)


def stop(message: str, status: int = 1) -> NoReturn:
    """Print why the command ends, and end with ``status``; 1 means that something is wrong with the files or the world."""
    print_error(safe_text(message), "bold red")
    raise typer.Exit(status)


def wrong_usage(message: str) -> NoReturn:
    """Print what is wrong with the command line, and end with status 2, as Typer does for what it finds itself."""
    print_error(safe_text(message), "bold red")
    raise typer.Exit(2)
