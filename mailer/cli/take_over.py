"""`todoke take-over`: say who may send, or take the right to send."""

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
from mailer.delivery.recovery.take_over import RightState, TakenOver, right_state
from mailer.delivery.recovery.take_over import take_over as take
from mailer.model.audit_log import AuditEvent
from mailer.sending import lock
from mailer.sending.run import run_event_loop

HELP = "The number of the fence to take: one more than the one in force. Without it: only say who may send. 引き継ぐ番号"
NEXT = (
    "If this database was restored: people who unsubscribed after the snapshot are subscribed again; see to that before you send. "
    "戻したデータベースでは、控えのあとの配信停止が失われています。送る前に確かめてください。"
)


def take_over(
    fence: Annotated[int | None, typer.Option("--fence", min=1, metavar="NUMBER", help=HELP)] = None,
    config: ConfigPath = CONFIG,
) -> None:
    """Take the right to send: the site that had it stops at its next batch. 送る権利を引き継ぐ（もう一方は止まります）

    What the other site may have sent is marked here: sent, or unknown. Nobody gets a message twice. Exit status 75: too few storages of the right can be
    asked; run the same command again.
    """
    with command_session():
        settings = load_config(config)
        with open_for_command(settings, tells_restored=False) as database:
            if fence is None:
                for sentence in _sentences(run_event_loop(right_state(settings, database))):
                    say(sentence)
                return
            with nullcontext() if database.is_shared else lock.sender_lock(settings):
                taken = run_event_loop(take(settings, database, fence, now=now()))
                _record(settings, database, taken)
        _print(taken)


def _sentences(state: RightState) -> list[str]:
    holder = next(iter(state.holders), None)
    in_force = f"Fence {state.following - 1} is in force" if state.following > 1 else "Nobody has taken the right to send yet"
    who = f", taken at {holder.at} by {holder.site}" if holder is not None else ""
    ours = "This site may send. この拠点から送れます。" if state.is_ours else "This site may not send. この拠点からは送れません。"
    following = f"To send from here: todoke take-over --fence {state.following}. ここから送るには、この番号で引き継ぎます。"
    return [f"{in_force}{who}. {ours}", *([] if state.is_ours else [following])]


def _record(settings: Config, database: Database, taken: TakenOver) -> None:
    sent, unknown = sum(each.sent for each in taken.marked), sum(each.unknown for each in taken.marked)
    details = {"fence": str(taken.fence), "sent": str(sent), "unknown": str(unknown)}
    audit_log.append(database, AuditEvent(system_account(), "right to send taken", "", details), now=now())
    if taken.reason:
        with suppress(NothingToConfirm):
            confirmation.adopt(database, anchors.path_of(settings), account=system_account(), now=now())


def _print(taken: TakenOver) -> None:
    for each in taken.marked:
        say(f"{each.ref}: marked sent {each.sent:,}, unknown {each.unknown:,}. 送信済み {each.sent:,}人、不明 {each.unknown:,}人。")
    say(f"This site holds fence {taken.fence}, and may send; {taken.batches:,} batches were read. この拠点から送れます。")
    if taken.reason:
        notify(NEXT)
