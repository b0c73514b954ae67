"""`todoke approve`, `todoke audit`, and the test of `todoke send --test`: parse, call, print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mailer.approval import approval, authorship
from mailer.approval.authorship import Authorship, AuthorUnknown, NotCommitted
from mailer.cli.runtime import CONFIG, MAIL, ConfigPath, MailPath, Ref, command_session, now, open_for_command, system_account
from mailer.config import Config
from mailer.database import audit_log
from mailer.model.audit_log import AuditEntry, verify
from mailer.model.issue import IssueRef

CONTENT = Path("content")


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
    with command_session(), open_for_command(Config.load(config)) as database:
        ref = IssueRef.parse(issue)
        given = approval.approve(database, mail, ref, name.strip(), _authorship(content, ref, author), account=system_account(), now=now())
        typer.echo(f"{ref}: approved by {given.approver} for {given.size:,} readers (written by {given.author}). bundle {given.bundle}")


def show_audit(
    expect: Annotated[
        str | None, typer.Option("--expect", metavar="HASH", help="A hash noted earlier; it must still be there. 控えた値")
    ] = None,
    config: ConfigPath = CONFIG,
) -> None:
    """Print and verify the log of approvals and sendings. 承認と配信の記録を確かめて見せる"""
    with command_session(), open_for_command(Config.load(config)) as database:
        entries = audit_log.entries(database)
        for entry in entries:
            typer.echo(_line(entry))
        newest = verify(entries, expect)
        typer.echo(f"{len(entries)} entries, all hashes hold. Newest: {newest}")


def _authorship(content: Path, ref: IssueRef, author: str) -> Authorship:
    try:
        return authorship.authors_of_file(content / "mail" / ref.list / f"{ref.number}.md")
    except NotCommitted:
        raise
    except AuthorUnknown:
        if author.strip():
            return authorship.stated_author(author.strip())
        raise


def _line(entry: AuditEntry) -> str:
    """One entry in one line; a terminal must not obey what somebody wrote into it."""
    step = entry.event
    details = "; ".join(f"{key}={value}" for key, value in step.details.items() if value)
    text = f"{entry.number}  {entry.at:%Y-%m-%d %H:%M:%S} UTC  {step.what}  {step.issue}  by {step.actor}  [{details}]  {entry.hash}"
    return "".join(sign if sign.isprintable() else " " for sign in text)
