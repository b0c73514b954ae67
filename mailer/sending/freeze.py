"""Before the first message: the issue and its recipients are frozen, and what a killed run left behind is settled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import NoReturn

from mailer import bundle, log
from mailer.approval.approval import Permit, always_permit
from mailer.config.settings import Config
from mailer.database.deliveries import frozen_content, issues, orders, succession
from mailer.database.deliveries.ledger import LedgerEntry
from mailer.database.engine import Database
from mailer.database.readers import subscriptions
from mailer.delivery.expiry import refuse_ended, refuse_expired
from mailer.delivery.recovery import restored
from mailer.delivery.recovery.recover import recover
from mailer.delivery.right import require_right
from mailer.model.clock import format_time
from mailer.model.digest import is_digest
from mailer.model.errors import BundleError, IssueExpired, IssueStopped, IssueUnknown, NobodySubscribed, SecretMissing
from mailer.model.issue import FrozenIssue, Issue, IssueRef, IssueStatus, ListClass
from mailer.sending.mergeable import waits_for_digests
from mailer.sending.sendable import require_sendable
from mailer.subscribers import delivery_problems


@dataclass(frozen=True, slots=True)
class PreparedIssue:
    """What will be sent. `notes` are sentences for the operator; `interrupted` are rows that are now `unknown`."""

    frozen: FrozenIssue
    notes: tuple[str, ...]
    interrupted: tuple[LedgerEntry, ...]


def prepare(
    config: Config, database: Database, root: Path, ref: IssueRef, *, now: datetime, permit: Permit = always_permit, actor: str = ""
) -> PreparedIssue:
    """Freeze the issue if it is new, otherwise go on with the frozen one. Call only while holding the lock.

    :param root: the bundle's folder, usually `output/mail`.
    :raises BundleError: the issue is not frozen yet and its bundle is not in order. The ledger has not been touched.
    :raises MessageError: it cannot be sent as it is.
    :raises NobodySubscribed: the list is empty.
    :raises IssueExpired: it is too late to send it.
    :raises NotApproved: `permit` refuses.
    :raises LedgerRestored: the ledger is older than what was sent from it.
    :raises RightMissing: another site has the right to send.
    """
    restored.check(config, database)
    require_right(config, database)
    interrupted = recover(config, database, now=now, is_alone=not database.is_shared).in_doubt
    return replace(freeze(config, database, root, ref, now=now, permit=permit, actor=actor), interrupted=interrupted)


def freeze(
    config: Config, database: Database, root: Path, ref: IssueRef, *, now: datetime, permit: Permit = always_permit, actor: str = ""
) -> PreparedIssue:
    """Do what `prepare` does, but leave alone what killed runs have left.

    :raises ContentChanged: its words in the database are not those that were frozen.
    :raises IssueStopped: it is paused, called off, or its time has not come.
    """
    frozen, notes = issues.find(database, ref), tuple[str, ...]()
    if frozen is None or frozen.status is IssueStatus.REOPENED:
        frozen = freeze_bundle(config, database, root, ref, frozen, now=now, permit=permit, actor=actor)
    else:
        if frozen.status is IssueStatus.CANCELLED:  # which has ended its approval too
            refuse_cancelled(ref)
        notes = () if is_digest(frozen) else compare_with_bundle(root, frozen, config.time_zone)
        frozen_content.require_unchanged(database, frozen)
        permit(frozen.issue, frozen.mail_list, True)
    refuse_ended(config, database, frozen, now)
    refuse_stopped(frozen, now, config.time_zone)
    return PreparedIssue(frozen, notes, ())


def freeze_bundle(
    config: Config,
    database: Database,
    root: Path,
    ref: IssueRef,
    reopened: FrozenIssue | None,
    *,
    now: datetime,
    permit: Permit = always_permit,
    send_at: datetime | None = None,
    actor: str = "",
) -> FrozenIssue:
    """Freeze the bundle on disk: for the first time, or anew if the issue was opened again.

    :raises BundleError: the bundle is not in order.
    :raises MessageError: it cannot be sent as it is.
    :raises NobodySubscribed: the list is empty.
    :raises IssueExpired: it is too late to send it.
    :raises IssueStopped: a sender still holds deliveries of the cancelled issue.
    :raises NotApproved: `permit` refuses.
    """
    issue, mail_list = bundle.read_issue(root, ref), bundle.read_lists(root)[ref.list]
    refuse_expired(database, issue.expires, ref, now, config.time_zone)
    refuse_too_late(issue, send_at, config.time_zone)
    replaced = bundle.read_succession(root, ref)
    if mail_list.list_class is not ListClass.EMERGENCY:  # a warning waits for no bookkeeping
        _read_refusals(config, database, now)
    if replaced is None or not replaced.is_for_reached:  # a correction of what reached nobody goes to nobody
        refuse_nobody(database, ref, now)
    require_sendable(config, database, issue, mail_list, now)
    permit(issue, mail_list, False)
    holds = waits_for_digests(config, root, issue, mail_list, now)
    if reopened is None:
        return issues.freeze(database, issue, mail_list, now, send_at=send_at, actor=actor, succession=replaced, holds=holds)
    number = reopened.issue_id
    frozen = orders.freeze_again(database, number, issue, mail_list, now, send_at=send_at, actor=actor, succession=replaced, holds=holds)
    if frozen is None:
        raise IssueStopped(
            f"{ref} cannot be frozen again yet: a sender still holds some of it. Try again in a minute. 送信中の分があります。少し待ってください。"
        )
    return frozen


def _read_refusals(config: Config, database: Database, now: datetime) -> None:
    """Whom the last issue could not reach for good must not be frozen again, also where `todoke receive` does not run."""
    try:
        delivery_problems.read_refusals_by_settings(config, database, now)
    except SecretMissing as error:
        log.warning("refusals cannot be read", why=str(error))


def compare_with_bundle(root: Path, frozen: FrozenIssue, zone: tzinfo) -> tuple[str, ...]:
    """Return what the operator should know if the bundle on disk differs from the frozen issue; nothing if it is the same."""
    ref, since = frozen.issue.ref, format_time(frozen.frozen_at, zone)
    try:
        is_same = bundle.read_issue(root, ref).digest == frozen.issue.digest
    except BundleError as error:
        return (
            f"The bundle on disk cannot be used ({error}); going on with the issue as frozen {since}. "
            f"{since} に確定した内容のまま続けます。",
        )
    if is_same:
        return ()
    return (
        f"{ref} was built anew after it was frozen; going on with the issue as frozen {since}, so that all get the same. "
        f"作り直された号ではなく、{since} に確定した内容を全員に送ります。",
    )


def refuse_stopped(frozen: FrozenIssue, now: datetime, zone: tzinfo) -> None:
    """Return if the operator wants the issue to be sent now.

    :raises IssueStopped: it is paused, called off, or its time has not come.
    """
    ref = frozen.issue.ref
    if frozen.status is IssueStatus.PAUSED:
        raise IssueStopped(f"{ref} is paused: nothing was sent. `todoke resume {ref}` lets it go on. 一時停止中です。")
    if frozen.status is IssueStatus.CANCELLED:
        refuse_cancelled(ref)
    if frozen.status is IssueStatus.REOPENED:
        raise IssueStopped(
            f"{ref} was opened again and is not frozen yet: `todoke send {ref}` or `todoke schedule {ref}` does that. "
            "出し直しの準備中です。send か schedule で確定してください。"
        )
    if frozen.send_at is not None and now < frozen.send_at:
        moment = format_time(frozen.send_at, zone)
        raise IssueStopped(f"{ref} is to be sent at {moment}: nothing was sent yet. Run `send` again then. {moment} まで送りません。")


def refuse_too_late(issue: Issue, send_at: datetime | None, zone: tzinfo) -> None:
    """Return if the issue has not expired by the moment for which it is scheduled.

    :raises IssueExpired: it has.
    """
    if send_at is not None and issue.expires is not None and issue.expires <= send_at:
        end = format_time(issue.expires, zone)
        raise IssueExpired(
            f"{issue.ref} expires at {end}, before {format_time(send_at, zone)}: it would not be sent. Choose an earlier time. "
            f"{end} に期限が切れます。それより前の日時にしてください。"
        )


def refuse_cancelled(ref: IssueRef) -> NoReturn:
    """Say how a cancelled issue can be sent after all.

    :raises IssueStopped: always.
    """
    raise IssueStopped(
        f"{ref} was called off: nothing more is sent. `todoke reopen {ref}` opens it again; then it needs a new approval. "
        f"この号は取りやめました。出し直すには todoke reopen {ref} のあと、もう一度承認を受けてください。"
    )


def count_audience(database: Database, root: Path, ref: IssueRef) -> int:
    """How many would get an issue of the bundle that is not frozen yet: the list, or those whom it corrects something for?"""
    replaced = bundle.read_succession(root, ref)
    if replaced is not None and replaced.is_for_reached:
        return succession.count_reached(database, IssueRef(ref.list, replaced.replaces))
    return subscriptions.count(database, ref.list)


def refuse_nobody(database: Database, ref: IssueRef, now: datetime) -> None:
    """Return if somebody would get the issue.

    :raises NobodySubscribed: recipients are frozen once, so an empty list would stay empty.
    """
    if subscriptions.count(database, ref.list, now) == 0:
        raise NobodySubscribed(
            f"Nobody is subscribed to {ref.list}: nothing was frozen or sent. Add people with `todoke subscribers import`."
        )


def find_frozen(database: Database, ref: IssueRef) -> FrozenIssue:
    """Return the frozen issue.

    :raises IssueUnknown: it has not been frozen.
    """
    frozen = issues.find(database, ref)
    if frozen is None:
        raise IssueUnknown(f"{ref} has not been sent or frozen yet. See `todoke status` for those that have.")
    return frozen
