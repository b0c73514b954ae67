"""`todoke send`: an issue to its readers, to one's own address as a test, or to nobody (`--dry-run`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Annotated

import typer

from mailer.cli.runtime import (
    CONFIG,
    MAIL,
    ConfigPath,
    LogOption,
    MailPath,
    Ref,
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
from mailer.cli.screen.japanese import in_both_languages
from mailer.config.file import load_config
from mailer.config.settings import Config
from mailer.database.deliveries import ledger
from mailer.database.deliveries.ledger import ReplyCount
from mailer.database.engine import Database
from mailer.delivery.context import DeliveryContext
from mailer.log import LogKind
from mailer.model.clock import format_time
from mailer.model.issue import IssueRef, IssueStatus
from mailer.model.state import DeliveryState
from mailer.sending import preflight
from mailer.sending import send as sending
from mailer.sending.run import IssueSummary


def send(
    issue: Ref,
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
    logs: LogOption = LogKind.OFF,
    config: ConfigPath = CONFIG,
    mail: MailPath = MAIL,
) -> None:
    """Send an issue, or go on with it. Exit status: 0 done, 75 run again later, 1 look at it. 号を配信する"""
    with command_session(logs):
        ref, testers = parse_ref(issue), [check_address(address) for address in test or ()]
        if light and not testers:
            wrong_usage("--light goes with --test. --light は --test と一緒に使います。")
        if dry_run and testers:
            wrong_usage("Choose one of --dry-run and --test. --dry-run と --test は一緒に使えません。")
        settings = load_config(config)
        with open_for_command(settings, tells_restored=dry_run or bool(testers)) as database:
            if dry_run:
                _print_dry_run(settings, database, mail, ref)
                return
            context = delivery_context(settings, database)
            if testers:
                exit_status = run_test_send(context, mail, ref, testers, is_light=light)
            else:
                exit_status = _send(context, mail, ref, resend_unknown, anyway)
    raise typer.Exit(exit_status)


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


def reasons(ref: IssueRef, summary: IssueSummary, replies: Sequence[ReplyCount], zone: tzinfo) -> Iterator[str]:
    """Yield why the run has ended before everybody has the issue, for standard error: also where the table goes elsewhere, or nowhere.

    :param replies: the most frequent reply, or none.
    """
    if summary.trouble is not None:
        yield in_both_languages(summary.trouble)
    if summary.stopped:
        yield "Stopped as asked. Run `send` again to go on. 止めました。もう一度 send を実行すると続きます。"
    elif summary.status is IssueStatus.PAUSED:
        yield f"{ref} was paused while it was sent. `todoke resume {ref}` lets it go on. 送信中に一時停止されました。"
    elif summary.status is IssueStatus.CANCELLED:
        yield f"{ref} was called off while it was sent. 送信中に取りやめになりました。"
    elif summary.remaining and summary.trouble is None:
        reply = f", most often with {replies[0].code or 'a lost connection'}" if replies else ""
        due = "" if summary.next_due is None else f" The next try is due at {format_time(summary.next_due, zone)}."
        yield (
            f"{ref}: not finished; {tables.count(summary.remaining, 'delivery is', 'deliveries are')} put off{reply}.{due} Run `send` again then. "
            f"{summary.remaining:,}件は、あとでもう一度 send を実行すると送ります。"
        )
    if expired := summary.counts[DeliveryState.EXPIRED]:
        yield f"{ref}: too late for {tables.count(expired, 'person', 'people')}; the issue has expired. {expired:,}人には期限を過ぎて送れませんでした。"
    if unknown := summary.counts[DeliveryState.UNKNOWN]:
        yield (
            f"{ref}: of {tables.count(unknown, 'delivery', 'deliveries')} it is unknown whether they arrived; see `todoke who-missed {ref}` and "
            f"`todoke resolve unknown {ref}`. {unknown:,}件は届いたか分かりません。"
        )


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
