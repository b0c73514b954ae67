"""`todoke adopt-restored`: go on with a database that was restored from a backup."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from typing import Annotated

import typer

from mailer.approval import anchors, confirmation
from mailer.approval.confirmation import NothingToConfirm
from mailer.cli.runtime import CONFIG, ConfigPath, command_session, notify, now, open_for_command, say, system_account
from mailer.config.file import load_config
from mailer.config.settings import Config
from mailer.database import audit_log
from mailer.database.engine import Database
from mailer.database.restoration import Marked
from mailer.delivery.recovery.adopt import AdoptionReport, adopt
from mailer.model.audit_log import AuditEvent
from mailer.sending import lock

NEXT = (
    "People who unsubscribed after the backup are subscribed again, and approvals since then are gone: see to that before you send. "
    "バックアップのあとの配信停止と承認は失われています。送る前に確かめてください。"
)


def adopt_restored(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be marked; change nothing. 試すだけ")] = False,
    config: ConfigPath = CONFIG,
) -> None:
    """Mark in a restored database what journals know to have left, and let sending go on. 戻したデータベースで配信を続けられるようにする"""
    with command_session():
        settings = load_config(config)
        with (
            open_for_command(settings, tells_restored=False) as database,
            nullcontext() if database.is_shared else lock.sender_lock(settings),
        ):
            report = adopt(settings, database, now=now(), keep=not dry_run)
            if not report.reason:
                say("The database is the one that was sent from last: nothing to adopt. 前に送ったときと同じデータベースです。")
                return
            if not dry_run:
                _record(settings, database, report)
        notify(f"Not the database that was sent from last: {report.reason}.")
        for each in report.marked:
            say(_sentence(each, dry_run=dry_run))
        if dry_run:
            say("Nothing was changed. Run it without --dry-run to go on. まだ何も変えていません。")
        else:
            say("Adopted: `send` and `work` go on. On other machines that send, run it too. 配信を続けられます。")
            notify(NEXT)


def _sentence(marked: Marked, *, dry_run: bool) -> str:
    verb = "would be marked" if dry_run else "marked"
    later = "" if marked.is_known else " (when the issue is frozen; it is not in this database 号の確定時に)"
    return (
        f"{marked.ref}: {verb} sent {marked.sent:,}, unknown {marked.unknown:,}{later}. "
        f"送信済み {marked.sent:,}人、不明 {marked.unknown:,}人。"
    )


def _record(settings: Config, database: Database, report: AdoptionReport) -> None:
    """Write it into the audit log, which the database has lost the end of too."""
    sent, unknown = sum(each.sent for each in report.marked), sum(each.unknown for each in report.marked)
    details = {"reason": report.reason, "sent": str(sent), "unknown": str(unknown)}
    audit_log.append(database, AuditEvent(system_account(), "restored database adopted", "", details), now=now())
    with suppress(NothingToConfirm):
        confirmation.adopt(database, anchors.path_of(settings), account=system_account(), now=now())
