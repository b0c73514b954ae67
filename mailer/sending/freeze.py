"""Before the first message: which issue, frozen when, and what a killed run left behind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from mailer import bundle
from mailer.approval.approval import Permit, always_permit
from mailer.config import Config
from mailer.database import issues, subscriptions
from mailer.database.engine import Database
from mailer.database.ledger import LedgerEntry
from mailer.delivery import recovery
from mailer.model.errors import BundleError, IssueExpired, IssueStopped, IssueUnknown, NobodySubscribed
from mailer.model.issue import FrozenIssue, IssueRef, IssueStatus


@dataclass(frozen=True, slots=True)
class PreparedIssue:
    """What will be sent. `notes` are sentences for the operator; `interrupted` are rows that are now `unknown`."""

    frozen: FrozenIssue
    notes: tuple[str, ...]
    interrupted: tuple[LedgerEntry, ...]


def prepare(
    config: Config, database: Database, root: Path, ref: IssueRef, *, now: datetime, permit: Permit = always_permit
) -> PreparedIssue:
    """Freeze the issue if it is new, otherwise go on with the frozen one. Call only while holding the lock.

    :param root: the bundle's folder, usually `output/mail`.
    :raises BundleError: the issue is not frozen yet and its bundle is not in order. The ledger has not been touched.
    :raises NobodySubscribed: the list is empty.
    :raises IssueExpired: it is too late to send it.
    :raises NotApproved: `permit` says no.
    """
    interrupted = recovery.recover(config, database, now=now, is_alone=not database.is_shared).in_doubt
    return replace(freeze(database, root, ref, now=now, permit=permit), interrupted=interrupted)


def freeze(database: Database, root: Path, ref: IssueRef, *, now: datetime, permit: Permit = always_permit) -> PreparedIssue:
    """`prepare` without looking at what killed runs have left.

    :raises IssueStopped: it is paused, called off, or its time has not come.
    """
    found = issues.find(database, ref)
    notes = () if found is None else compare_with_bundle(root, found)
    if found is None:
        issue = bundle.read_issue(root, ref)
        refuse_expired(issue.expires, ref, now)
        refuse_nobody(database, ref)
        mail_list = bundle.read_lists(root)[ref.list]
        permit(issue, mail_list, False)
        found = issues.freeze(database, issue, mail_list, now)
    else:
        permit(found.issue, found.mail_list, True)
    refuse_expired(found.issue.expires, ref, now)
    refuse_stopped(found, now)
    return PreparedIssue(found, notes, ())


def compare_with_bundle(root: Path, found: FrozenIssue) -> tuple[str, ...]:
    """What to say about the bundle on disk when an issue is frozen already: nothing, if it is the same."""
    ref, since = found.issue.ref, f"{found.frozen_at:%Y-%m-%d %H:%M} UTC"
    try:
        same = bundle.read_issue(root, ref).digest == found.issue.digest
    except BundleError as error:
        return (f"The bundle on disk cannot be used ({error}); going on with the issue as frozen {since}.",)
    if same:
        return ()
    return (f"{ref} was built anew after it was frozen; going on with the issue as frozen {since}, so that all get the same.",)


def refuse_expired(expires: datetime | None, ref: IssueRef, now: datetime) -> None:
    """Nothing, while the issue may be sent.

    :raises IssueExpired: a restored machine must not send what is long over.
    """
    if expires is not None and now >= expires:
        raise IssueExpired(f"{ref} expired at {expires.isoformat()}: it is not sent any more. Publish a new issue.")


def refuse_stopped(found: FrozenIssue, now: datetime) -> None:
    """Nothing, if the operator wants the issue to be sent now.

    :raises IssueStopped: it is paused, called off, or its time has not come.
    """
    ref = found.issue.ref
    if found.status is IssueStatus.PAUSED:
        raise IssueStopped(f"{ref} is paused: nothing was sent. `todoke resume {ref}` lets it go on.")
    if found.status is IssueStatus.CANCELLED:
        raise IssueStopped(f"{ref} was called off: nothing was sent. Publish a new issue.")
    if found.send_at is not None and now < found.send_at:
        raise IssueStopped(f"{ref} is to be sent at {found.send_at.isoformat()}: nothing was sent yet. Run `send` again then.")


def refuse_nobody(database: Database, ref: IssueRef) -> None:
    """Nothing, if somebody would get the issue.

    :raises NobodySubscribed: recipients are frozen once, so an empty list would stay empty.
    """
    if subscriptions.count(database, ref.list) == 0:
        raise NobodySubscribed(
            f"Nobody is subscribed to {ref.list}: nothing was frozen or sent. Add people with `todoke subscribers import`."
        )


def find_frozen(database: Database, ref: IssueRef) -> FrozenIssue:
    """The frozen issue.

    :raises IssueUnknown: it has not been frozen.
    """
    found = issues.find(database, ref)
    if found is None:
        raise IssueUnknown(f"{ref} has not been sent or frozen yet. See `todoke status` for those that have.")
    return found
