"""`todoke send`: an issue to its readers, to one's own address as a test, or to nobody (`--dry-run`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from mailer.cli.digests import print_plan, send_digests
from mailer.cli.runtime import (
    CONFIG,
    MAIL,
    ConfigPath,
    LogOption,
    MailPath,
    MaybeRef,
    check_address,
    command_session,
    console,
    delivery_context,
    notify,
    now,
    open_for_command,
    parse_ref,
    say,
    system_account,
    verbosity,
    wrong_usage,
)
from mailer.cli.screen import progress, tables
from mailer.cli.screen.endings import reasons
from mailer.config.file import load_config
from mailer.config.settings import Config
from mailer.database.deliveries import ledger
from mailer.database.engine import Database
from mailer.delivery.context import DeliveryContext
from mailer.log import LogKind
from mailer.model.issue import IssueRef
from mailer.sending import preflight
from mailer.sending import send as sending


def send(
    issue: MaybeRef = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how many would get it; send nothing. 試すだけ")] = False,
    resend_unknown: Annotated[
        bool, typer.Option("--resend-unknown", help="Send the unknown ones again: some get two copies. 不明分を再送")
    ] = False,
    test: Annotated[
        list[str] | None, typer.Option("--test", metavar="ADDRESS", help="Send only a test to this address; may be repeated. テスト送信")
    ] = None,
    light: Annotated[bool, typer.Option("--light", help="With --test: the light form. 軽い版を試す")] = False,
    anyway: Annotated[
        str,
        typer.Option(
            "--anyway",
            metavar="REASON",
            help="Send although From's domain cannot be authenticated; the reason is recorded. 認証なしで送る理由",
        ),
    ] = "",
    digests: Annotated[
        bool,
        typer.Option("--digests", help="Instead of an issue: one mail for a day or a week, if it is due. まとめの配信"),
    ] = False,
    logs: LogOption = LogKind.OFF,
    config: ConfigPath = CONFIG,
    mail: MailPath = MAIL,
) -> None:
    """Send an issue, or go on with it. Exit status: 0 done, 75 run again later, 1 look at it. 号を配信する"""
    with command_session(logs):
        if digests and (test or light or resend_unknown):
            wrong_usage("--digests goes with --dry-run and --anyway only. --digests と一緒に使えるのは --dry-run と --anyway だけです。")
        ref, testers = _what(issue, digests), _testers(test or (), light, dry_run)
        settings = load_config(config)
        with open_for_command(settings, tells_restored=dry_run or bool(testers)) as database:
            if dry_run:
                print_plan(settings, database, mail) if ref is None else _print_dry_run(settings, database, mail, ref)
                return
            context = delivery_context(settings, database)
            if ref is None:
                exit_status = send_digests(context, mail, anyway.strip())
            elif testers:
                exit_status = run_test_send(context, mail, ref, testers, is_light=light)
            else:
                exit_status = _send(context, mail, ref, resend_unknown, anyway)
    raise typer.Exit(exit_status)


def _what(issue: str | None, digests: bool) -> IssueRef | None:
    """Return the issue that is to be sent; None for digests."""
    if (issue is None) != digests:
        wrong_usage("Write LIST/NUMBER or --digests, one of them. 号か --digests か、どちらか一つを書いてください。")
    return None if issue is None else parse_ref(issue)


def _testers(test: Sequence[str], light: bool, dry_run: bool) -> list[str]:
    """Return the addresses that get a test."""
    testers = [check_address(address) for address in test]
    if light and not testers:
        wrong_usage("--light goes with --test. --light は --test と一緒に使います。")
    if dry_run and testers:
        wrong_usage("Choose one of --dry-run and --test. --dry-run と --test は一緒に使えません。")
    return testers


def run_test_send(context: DeliveryContext, mail: Path, ref: IssueRef, testers: Sequence[str], *, is_light: bool) -> int:
    """Send a test and print the relay's replies; return the exit status."""
    results = preflight.send_test(context, mail, ref, testers, is_light=is_light, actor=system_account())
    for result in results:
        reply = f"({result.outcome.code or ''} {result.outcome.text.strip()})"
        if result.is_sent:
            say(f"{result.address}: test sent {reply} テストを送りました。")
        else:
            notify(f"{result.address}: refused {reply} 中継に断られました。")
    return 0 if all(result.is_sent for result in results) else 1


def _send(context: DeliveryContext, mail: Path, ref: IssueRef, resend_unknown: bool, anyway: str) -> int:
    screen = console()
    with progress.progress_display(screen, str(ref), is_quiet=verbosity() < 0) as display:
        result = sending.send(context, mail, ref, display, resend_unknown=resend_unknown, actor=system_account(), anyway=anyway.strip())
    for note in result.prepared.notes:
        notify(note)
    for entry in result.prepared.interrupted:
        notify(
            f"{entry.list}/{entry.number} to {entry.address}: an earlier run was cut off; it may or may not have arrived. "
            "前の送信が途中で切れたため、届いたか分かりません。"
        )
    if verbosity() >= 0:
        screen.print(tables.summary_table(ref, result.summary, context.config.time_zone))
    replies = ledger.replies(context.database, result.prepared.frozen.issue_id, 1)
    for reason in reasons(ref, result.summary, replies, context.config.time_zone):
        notify(reason)
    return result.summary.exit_status


def _print_dry_run(settings: Config, database: Database, mail: Path, ref: IssueRef) -> None:
    rehearsal = preflight.dry_run(settings, database, mail, ref, now())
    for note in rehearsal.notes:
        notify(note)
    words = "frozen already; still due" if rehearsal.is_frozen else "not frozen yet; would go to"
    typer.echo(
        f"{ref}: {words} {tables.count(rehearsal.due, 'person', 'people')}. Nothing was sent. {rehearsal.due:,}人あて。まだ何も送っていません。"
    )
    if rehearsal.headers is not None:
        typer.echo(f"\n{rehearsal.headers}")
