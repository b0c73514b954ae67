"""`todoke approve`, `todoke approvers` and `todoke audit`: who may let an issue go, who did, and the log that says so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Annotated

import typer

from mailer import bundle
from mailer.approval import anchors, approval, approvers, confirmation
from mailer.approval.approvers import Approver
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
    notify,
    now,
    open_for_command,
    open_for_orders,
    parse_ref,
    say,
    shown_zone,
    system_account,
    wrong_usage,
)
from mailer.cli.screen import machine_output, tables
from mailer.cli.screen.machine_output import OutputFormat
from mailer.config.file import load_config
from mailer.config.settings import ApprovalRules, Config
from mailer.database import audit_log
from mailer.model.audit_log import Anchor, AuditEntry, verify
from mailer.model.clock import format_time
from mailer.model.errors import BundleError

SHA256 = re.compile(r"[0-9a-f]{64}")


def approve(
    issue: Ref,
    name: Annotated[str, typer.Option("--as", metavar="NAME", help="Who approves: name or address. 承認する人の名前かアドレス")],
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="Their private SSH key; otherwise ~/.ssh and the agent. 秘密鍵")
    ] = None,
    author: Annotated[
        str, typer.Option("--author", metavar="NAME", help='Who wrote it, with authors = "stated". 書いた人（Gitを使わないとき）')
    ] = "",
    content: Annotated[
        Path | None, typer.Option("--content", help="The folder of the sources, if it is not that of the settings. 原稿のフォルダー")
    ] = None,
    config: ConfigPath = CONFIG,
    mail: MailPath = MAIL,
) -> None:
    """Approve an issue for its list, as a second person. 号を承認する（書いた人とは別の人）"""
    with command_session():
        ref = parse_ref(issue)
        if not name.strip():
            wrong_usage("--as needs the name of who approves. --as に承認する人の名前を書いてください。")
        settings = load_config(config)
        if author and settings.approval.authors == "git":
            notify("--author is not used: Git says who wrote the issue. 書いた人はGitの記録で決まります。")
        who = approval.candidate(settings, ref, name, account=system_account(), key=key)
        with open_for_orders(settings) as database:
            written = approval.authorship_of(settings, database, mail, ref, content=content, stated=author)
            granted = approval.approve(settings, database, mail, ref, who, written, now=now())
        say(
            f"{ref}: approved by {granted.approver} for {tables.count(granted.size, 'reader', 'readers')} (written by {granted.author}). "
            f"{granted.size:,}人あてに承認しました。 fingerprint {granted.bundle}"
        )


def show_approvers(output_format: FormatOption = OutputFormat.TEXT, config: ConfigPath = CONFIG, mail: MailPath = MAIL) -> None:
    """Check approvers.toml and show who may approve which lists. 承認できる人を確かめて見せる"""
    with command_session():
        settings = load_config(config)
        rules = settings.approval
        known = approvers.load_approvers(rules.approvers)
        rows = [machine_output.approver(each) for each in known]
        if output_format is OutputFormat.CSV:
            typer.echo(machine_output.to_csv(rows, machine_output.APPROVER_COLUMNS), nl=False)
        elif output_format is OutputFormat.JSON:
            typer.echo(machine_output.to_json(rows))
        else:
            _say_approvers(rules, known)
        problems = confirmation.problems(rules, known, _lists_that_need_approval(settings, mail))
        for problem in problems:
            notify(problem)
    raise typer.Exit(bool(problems))


def _say_approvers(rules: ApprovalRules, known: Sequence[Approver]) -> None:
    if known:
        console().print(tables.approvers_table(known))
        say(
            f'{rules.approvers}: {tables.count(len(known), "approver", "approvers")}, identity = "{rules.identity}". 承認できる人は{len(known)}人です。'
        )
    elif rules.identity == "key":
        say(f'{rules.approvers} names nobody: no issue can be approved (identity = "key"). 承認できる人がいません。')


def show_audit(
    expect: Annotated[
        str | None, typer.Option("--expect", metavar="HASH", help="A hash noted earlier; it must still be there. 控えた値")
    ] = None,
    anchor: Annotated[
        Path | None,
        typer.Option("--anchor", metavar="FILE", help="A file elsewhere: its hashes must be there; the newest is added. 控えのファイル"),
    ] = None,
    seal: Annotated[
        bool, typer.Option("--seal", help="Once after an update from 0.1: confirm entries and issues without seal. 旧版の記録に封をする")
    ] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="After a restored backup: go on with a log that lost its end. 復元した記録で続ける")
    ] = False,
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
            if seal:
                _say_each(confirmation.seal_older(database, account=system_account(), now=now()))
            if adopt:
                _say_each(confirmation.adopt(database, anchors.path_of(settings), account=system_account(), now=now()))
            entries = audit_log.entries(database)
            _print_entries(entries, output_format, shown_zone(settings, is_utc))  # also when the log is broken: somebody must look at it
            audit_log.require_guarded(database)
            audit_log.require_key(database.seal)
            known = _anchors(settings, anchor)
            newest = verify(entries, database.seal, known, noted)
        if anchor is not None and entries:
            anchors.add(anchor, entries[-1])
            if output_format is OutputFormat.TEXT:
                say(f"{anchor}: holds entry {len(entries)} now; keep it elsewhere. 控えを書きました。別の場所に保管してください。")
        if output_format is OutputFormat.TEXT:
            say(f"{len(entries)} entries, all hashes and seals hold. {len(entries)}件、すべて正しくつながっています。")
            say(_proof(known, len(entries), shown_zone(settings, is_utc)))
            say("Newest hash 最新のハッシュ値:")
            say(newest)


def _lists_that_need_approval(settings: Config, mail: Path) -> Sequence[str]:
    try:
        return [key for key in bundle.read_lists(mail) if settings.approval.needs(key)]
    except BundleError as error:
        notify(f"The lists are not known, so they were not compared: {error}")
        return ()


def _anchors(settings: Config, file: Path | None) -> Sequence[Anchor]:
    """Return what this machine has noted, and what a file elsewhere has."""
    own = anchors.read(anchors.path_of(settings))
    return (*own, *anchors.read(file)) if file is not None else own


def _proof(known: Sequence[Anchor], count: int, zone: tzinfo) -> str:
    """Say since when the log is proved, which hashes alone cannot say of its end."""
    if not known:
        return "No anchor: that nothing was cut off at the end is not proved. Keep one elsewhere with --anchor FILE. 控えがありません。"
    oldest, newest = min(known, key=lambda each: each.number), max(known, key=lambda each: each.number)
    return (
        f"Proved since the anchor of entry {oldest.number} ({format_time(oldest.at, zone)}); the newest anchor is of entry {newest.number} of {count} "
        f"({format_time(newest.at, zone)}). 控え（{oldest.number}件目）から後は、書きかえも切りとりもありません。"
    )


def _say_each(sentences: Sequence[str]) -> None:
    for sentence in sentences:
        say(sentence)


def _print_entries(entries: Sequence[AuditEntry], form: OutputFormat, zone: tzinfo) -> None:
    if form is OutputFormat.CSV:
        typer.echo(machine_output.to_csv([*map(machine_output.audit_row, entries)], machine_output.AUDIT_COLUMNS), nl=False)
    elif form is OutputFormat.JSON:
        typer.echo(machine_output.to_json([*map(machine_output.audit_entry, entries)]))
    elif entries:
        console().print(tables.audit_table(entries, zone))
