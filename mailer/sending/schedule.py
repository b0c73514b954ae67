"""When an issue is sent: set for a new one, changed for one that waits, and a cancelled one opened again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mailer.approval.approval import Permit, always_permit
from mailer.config.settings import Config
from mailer.database.deliveries import frozen_content, issues, ledger, orders
from mailer.database.engine import Database
from mailer.delivery.expiry import refuse_ended
from mailer.model.clock import format_time
from mailer.model.errors import IssueStopped
from mailer.model.issue import FrozenIssue, IssueRef, IssueStatus
from mailer.sending import freeze


@dataclass(frozen=True, slots=True)
class Scheduled:
    """What was scheduled. `before` is the moment that was set earlier; `is_new`: it was frozen now."""

    frozen: FrozenIssue
    before: datetime | None
    is_new: bool


def schedule(
    config: Config,
    database: Database,
    root: Path,
    ref: IssueRef,
    moment: datetime,
    *,
    now: datetime,
    permit: Permit = always_permit,
    actor: str = "",
) -> Scheduled:
    """Freeze an issue to be sent not before a moment, or change the moment of one that has not been begun or is paused.

    :param root: the bundle's folder, usually `output/mail`.
    :raises IssueExpired: it would be too late by then, or is already.
    :raises IssueStopped: it was called off, or is being sent.
    :raises TodokeMailError: see `freeze.freeze_bundle`.
    """
    frozen = issues.find(database, ref)
    if frozen is None or frozen.status is IssueStatus.REOPENED:
        fresh = freeze.freeze_bundle(config, database, root, ref, frozen, now=now, permit=permit, send_at=moment, actor=actor)
        return Scheduled(fresh, None, is_new=True)
    if frozen.status is IssueStatus.CANCELLED:
        freeze.refuse_cancelled(ref)
    refuse_ended(config, database, frozen, now)
    freeze.refuse_too_late(frozen.issue, moment, config.time_zone)
    frozen_content.require_unchanged(database, frozen)
    permit(frozen.issue, frozen.mail_list, True)
    if not orders.reschedule(database, frozen, moment, now=now, actor=actor):
        begun = format_time(frozen.send_at or frozen.frozen_at, config.time_zone)
        raise IssueStopped(
            f"{ref} is being sent since {begun}: its time cannot be changed. `todoke pause {ref}` holds it; then it can. "
            f"{begun} から配信中のため、日時を変えられません。先に todoke pause {ref} で止めてください。"
        )
    return Scheduled(freeze.find_frozen(database, ref), frozen.send_at, is_new=False)


def reopen(database: Database, ref: IssueRef) -> int:
    """Open a cancelled issue again under its number, and return from how many people it was held back.

    It is frozen anew by the next `send` or `schedule`, after a new approval where its list needs one. Whoever has it does not get it twice.

    :raises IssueUnknown: it has not been frozen.
    :raises IssueStopped: it was not called off, or everybody had it before that.
    """
    frozen = freeze.find_frozen(database, ref)
    held = ledger.count_called_off(database, frozen.issue_id)
    if frozen.status is IssueStatus.CANCELLED and not held:
        raise IssueStopped(f"{ref} was held back from nobody: there is nothing to open again. 取りやめで止まった人はいません。")
    if not orders.reopen_cancelled(database, frozen.issue_id):
        raise IssueStopped(f"{ref} was not called off: only a cancelled issue can be opened again. この号は取りやめになっていません。")
    return held
