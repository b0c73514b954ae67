"""Before the first message: the issue and its recipients are frozen, and what a killed run left behind is settled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from pathlib import Path

from mailer import bundle
from mailer.approval.approval import Permit, always_permit
from mailer.config.settings import Config
from mailer.database import frozen_content, issues, subscriptions
from mailer.database.engine import Database
from mailer.database.ledger import LedgerEntry
from mailer.delivery.recovery import restored
from mailer.delivery.recovery.recover import recover
from mailer.model.clock import format_time
from mailer.model.errors import BundleError, IssueExpired, IssueStopped, IssueUnknown, NobodySubscribed
from mailer.model.issue import FrozenIssue, IssueRef, IssueStatus
from mailer.sending.sendable import require_sendable


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
    """
    restored.check(config, database)
    interrupted = recover(config, database, now=now, is_alone=not database.is_shared).in_doubt
    return replace(freeze(config, database, root, ref, now=now, permit=permit, actor=actor), interrupted=interrupted)


def freeze(
    config: Config, database: Database, root: Path, ref: IssueRef, *, now: datetime, permit: Permit = always_permit, actor: str = ""
) -> PreparedIssue:
    """Do what `prepare` does, but leave alone what killed runs have left.

    :raises ContentChanged: its words in the database are not those that were frozen.
    :raises IssueStopped: it is paused, called off, or its time has not come.
    """
    frozen, zone = issues.find(database, ref), config.time_zone
    notes = () if frozen is None else compare_with_bundle(root, frozen, zone)
    if frozen is None:
        issue = bundle.read_issue(root, ref)
        refuse_once_expired(database, issue.expires, ref, now, zone)
        refuse_nobody(database, ref)
        mail_list = bundle.read_lists(root)[ref.list]
        require_sendable(config, database, issue, mail_list, now)
        permit(issue, mail_list, False)
        frozen = issues.freeze(database, issue, mail_list, now, actor=actor)
    else:
        frozen_content.require_unchanged(database, frozen)
        permit(frozen.issue, frozen.mail_list, True)
    refuse_once_expired(database, frozen.issue.expires, ref, now, zone)
    refuse_stopped(frozen, now, zone)
    return PreparedIssue(frozen, notes, ())


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


def refuse_expired(expires: datetime | None, ref: IssueRef, now: datetime, zone: tzinfo) -> None:
    """Return if the issue may still be sent.

    :raises IssueExpired: a restored machine must not send what is long over.
    """
    if expires is not None and now >= expires:
        raise IssueExpired(f"{ref} expired at {format_time(expires, zone)}: it is not sent any more. Publish a new issue.")


def refuse_once_expired(database: Database, expires: datetime | None, ref: IssueRef, now: datetime, zone: tzinfo) -> None:
    """As `refuse_expired`, by any clock that a sender has seen: one that was put back does not make old news new."""
    if expires is not None and issues.has_expired(database, ref, expires, now):
        refuse_expired(expires, ref, max(now, expires), zone)


def refuse_stopped(frozen: FrozenIssue, now: datetime, zone: tzinfo) -> None:
    """Return if the operator wants the issue to be sent now.

    :raises IssueStopped: it is paused, called off, or its time has not come.
    """
    ref = frozen.issue.ref
    if frozen.status is IssueStatus.PAUSED:
        raise IssueStopped(f"{ref} is paused: nothing was sent. `todoke resume {ref}` lets it go on. 一時停止中です。")
    if frozen.status is IssueStatus.CANCELLED:
        raise IssueStopped(f"{ref} was called off: nothing was sent. Publish a new issue. この号は取りやめました。")
    if frozen.send_at is not None and now < frozen.send_at:
        moment = format_time(frozen.send_at, zone)
        raise IssueStopped(f"{ref} is to be sent at {moment}: nothing was sent yet. Run `send` again then. {moment} まで送りません。")


def refuse_nobody(database: Database, ref: IssueRef) -> None:
    """Return if somebody would get the issue.

    :raises NobodySubscribed: recipients are frozen once, so an empty list would stay empty.
    """
    if subscriptions.count(database, ref.list) == 0:
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
