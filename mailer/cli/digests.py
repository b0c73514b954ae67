"""`todoke send --digests`: several lists in one mail, to readers who want them a day or a week."""

from __future__ import annotations

from pathlib import Path

import typer

from mailer.cli.runtime import console, notify, now, say, system_account, verbosity
from mailer.cli.screen import progress, tables
from mailer.cli.screen.endings import reasons
from mailer.cli.screen.japanese import in_both_languages
from mailer.config.settings import Config
from mailer.database.deliveries import ledger
from mailer.database.deliveries.digests import count_held
from mailer.database.engine import Database
from mailer.delivery.context import DeliveryContext
from mailer.model.clock import format_time
from mailer.model.digest import HELD_FREQUENCIES
from mailer.model.errors import TodokeMailError
from mailer.model.issue import FrozenIssue
from mailer.sending import digests
from mailer.sending.digests import DigestPlan


def print_plan(settings: Config, database: Database, mail: Path) -> None:
    """Say which digests would leave now, and to how many. Nothing is composed for good, frozen or sent."""
    moment = now()
    due = digests.plan(settings, database, mail, moment)
    _notify_plan(due)
    for frequency in HELD_FREQUENCIES:
        last = settings.digests.last(frequency, moment, settings.time_zone)
        typer.echo(f"{frequency}: what was frozen until {format_time(last, settings.time_zone)}. ここまでに確定した号が対象です。")
    for each in due.digests:
        typer.echo(f"{_named(each.issues)}: {tables.count(len(each.readers), 'person', 'people')}. {len(each.readers):,}人あて。")
    waiting = count_held(database) - sum(len(each.readers) * len(each.issues) for each in due.digests)
    typer.echo(
        f"Nothing was sent. {tables.count(waiting, 'delivery waits', 'deliveries wait')} for a later moment. まだ何も送っていません。"
    )


def send_digests(context: DeliveryContext, mail: Path, anyway: str) -> int:
    """Compose and send what is due; return the exit status."""
    screen, quiet = console(), verbosity() < 0
    run = digests.send_digests(
        context, mail, lambda ref: progress.progress_display(screen, str(ref), is_quiet=quiet), actor=system_account(), anyway=anyway
    )
    _notify_plan(run.plan)
    readers = sum(len(each.readers) for each in run.plan.digests)
    say(
        f"{tables.count(len(run.plan.digests), 'digest', 'digests')} for {tables.count(readers, 'person', 'people')}. "
        f"まとめ{len(run.plan.digests):,}通り、{readers:,}人あて。"
    )
    if run.is_busy:
        say("They are frozen; the sender that is at work sends them. 確定しました。いま動いている送信が送ります。")
    status = 1 if run.plan.stopped else 0
    for result in run.results:
        ref = result.prepared.frozen.issue.ref
        for reason in reasons(
            ref, result.summary, ledger.replies(context.database, result.prepared.frozen.issue_id, 1), context.config.time_zone
        ):
            notify(reason)
        status = status or result.summary.exit_status
    return status


def _notify_plan(due: DigestPlan) -> None:
    for why in due.split:
        notify(f"Taken apart: {why}. 一通にまとめられないため、分けます。")
    for alone in due.separate:
        notify(
            f"{alone.issue.issue.ref}: fits into no digest ({alone.why}); {tables.count(len(alone.readers), 'person gets', 'people get')} it by itself. "
            f"まとめられないため、{len(alone.readers):,}人に単独で送ります。"
        )
    for frozen, error in due.stopped:
        words = in_both_languages(error) if isinstance(error, TodokeMailError) else str(error)
        notify(f"{frozen.issue.ref} goes into no digest: {words}")


def _named(issues: tuple[FrozenIssue, ...]) -> str:
    return " + ".join(str(each.issue.ref) for each in issues)
