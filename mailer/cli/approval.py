"""`todoke approve` and `todoke audit`: who let an issue go, and the log that says so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Annotated

import typer

from mailer.approval import approval, authorship
from mailer.approval.authorship import Authorship, AuthorUnknown, NotCommitted
from mailer.cli import machine_output, tables
from mailer.cli.machine_output import OutputFormat
from mailer.cli.runtime import (
    CONFIG,
    MAIL,
    ConfigPath,
    FormatOption,
    MailPath,
    Ref,
    UtcFlag,
    command_session,
    console,
    now,
    open_for_command,
    parse_ref,
    say,
    shown_zone,
    system_account,
    wrong_usage,
)
from mailer.config.file import load_config
from mailer.database import audit_log
from mailer.model.audit_log import AuditEntry, verify
from mailer.model.issue import IssueRef

CONTENT = Path("content")
SHA256 = re.compile(r"[0-9a-f]{64}")


def approve(
    issue: Ref,
    name: Annotated[str, typer.Option("--as", metavar="NAME", help="Who approves; not who wrote it. 承認する人の名前")],
    author: Annotated[
        str, typer.Option("--author", metavar="NAME", help="Who wrote it, where Git cannot say. 書いた人（Gitで分からないとき）")
    ] = "",
    content: Annotated[Path, typer.Option("--content", help="The folder of the sources. 原稿のフォルダー")] = CONTENT,
    config: ConfigPath = CONFIG,
    mail: MailPath = MAIL,
) -> None:
    """Approve an issue for its readers, as a second person. 号を承認する（書いた人とは別の人）"""
    with command_session():
        ref = parse_ref(issue)
        if not name.strip():
            wrong_usage("--as needs the name of who approves. --as に承認する人の名前を書いてください。")
        with open_for_command(load_config(config)) as database:
            granted = approval.approve(
                database, mail, ref, name.strip(), _authorship(content, ref, author), account=system_account(), now=now()
            )
        say(
            f"{ref}: approved by {granted.approver} for {granted.size:,} readers (written by {granted.author}). "
            f"{granted.size:,}人あてに承認しました。 bundle {granted.bundle}"
        )


def show_audit(
    expect: Annotated[
        str | None, typer.Option("--expect", metavar="HASH", help="A hash noted earlier; it must still be there. 控えた値")
    ] = None,
    output_format: FormatOption = OutputFormat.TEXT,
    is_utc: UtcFlag = False,
    config: ConfigPath = CONFIG,
) -> None:
    """Print and verify the log of approvals and sendings. 承認と配信の記録を確かめて見せる"""
    with command_session():
        noted = None if expect is None else expect.strip().lower()
        if noted is not None and not SHA256.fullmatch(noted):
            wrong_usage(f"{expect!r} is not a hash: 64 characters 0-9 a-f. ハッシュ値は64文字です。")
        settings = load_config(config)
        with open_for_command(settings) as database:
            entries = audit_log.entries(database)
        _print_entries(entries, output_format, shown_zone(settings, is_utc))  # also when the log is broken: somebody must look at it
        newest = verify(entries, noted)
        if output_format is OutputFormat.TEXT:
            say(f"{len(entries)} entries, all hashes hold. {len(entries)}件、すべて正しくつながっています。")
            say("Newest hash 最新のハッシュ値:")
            say(newest)


def _print_entries(entries: Sequence[AuditEntry], form: OutputFormat, zone: tzinfo) -> None:
    if form is OutputFormat.CSV:
        typer.echo(machine_output.to_csv([*map(machine_output.audit_row, entries)], machine_output.AUDIT_COLUMNS), nl=False)
    elif form is OutputFormat.JSON:
        typer.echo(machine_output.to_json([*map(machine_output.audit_entry, entries)]))
    elif entries:
        console().print(tables.audit_table(entries, zone))


def _authorship(content: Path, ref: IssueRef, author: str) -> Authorship:
    """Return who wrote the issue: Git's answer, or the stated name where there is no Git. A stated name never stands for a commit."""
    try:
        return authorship.authors_of_file(content / "mail" / ref.list / f"{ref.number}.md")
    except NotCommitted:
        raise
    except AuthorUnknown:
        if author.strip():
            return authorship.stated_author(author.strip())
        raise
