"""Four eyes: an issue goes out only when a second person has approved exactly this issue for exactly these readers.

1. `approve` binds a name to the SHA-256 of the bundle and to the audience. An author of the issue cannot approve it.
2. Before an issue is frozen, `require_approval` compares: a changed byte, or a reader who joined since, makes the approval void.
   A reader who left does not: sending to fewer people than were approved harms nobody.
3. Once frozen, an issue and its recipients cannot change. To go on it needs no new approval, only that there was one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from mailer import bundle
from mailer.approval.authorship import Authorship
from mailer.config.settings import ApprovalRules
from mailer.database import approvals, audit_log
from mailer.database.approvals import Approval
from mailer.database.engine import Database
from mailer.model.audit_log import AuditEvent
from mailer.model.errors import NobodySubscribed, TodokeMailError
from mailer.model.issue import Issue, IssueRef, MailList

Permit = Callable[[Issue, MailList, bool], None]
"""Raises `NotApproved` if the issue may not go out. The last argument is whether it is frozen already."""


def always_permit(_issue: Issue, _mail_list: MailList, _is_frozen: bool) -> None:
    """Permit everything: for lists that need no approval."""


class NotApproved(TodokeMailError):
    """The issue may not be sent: nobody has approved it, or what was approved is no longer what would be sent."""


class SamePerson(TodokeMailError):
    """An author of the issue wants to approve it."""


def fingerprint(issue: Issue, mail_list: MailList) -> str:
    """Return the SHA-256 over issue.json, which holds the SHA-256 of every part, and over the sender's side of the list."""
    values = asdict(mail_list)
    values["kind"] = values.pop("list_class")  # approvals that are stored already hold the hash of this name
    canonical = json.dumps([issue.digest, values], ensure_ascii=True, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def approve(
    database: Database, root: Path, ref: IssueRef, approver: str, authorship: Authorship, *, account: str, now: datetime
) -> Approval:
    """Save an approval, and write it into the audit log; a refusal is written there too.

    :param root: the bundle's folder, usually `output/mail`.
    :param account: the account on this machine, for the log.
    :raises BundleError: the bundle is not in order.
    :raises SamePerson: the approver wrote the issue.
    :raises NobodySubscribed: there is no audience to approve.
    """
    issue, mail_list = bundle.read_issue(root, ref), bundle.read_lists(root)[ref.list]
    details = {"account": account, "author": authorship.display_name, "commit": authorship.commit, "bundle": fingerprint(issue, mail_list)}
    if authorship.includes(approver):
        audit_log.append(database, AuditEvent(approver, "approval refused", str(ref), details | {"reason": "the author"}), now=now)
        raise SamePerson(f"{approver} wrote the last change of {ref}: another person must approve it.")
    audience = approvals.audience(database, ref.list)
    if audience.size == 0:
        raise NobodySubscribed(
            f"Nobody is subscribed to {ref.list}: there is nothing to approve. Add people with `todoke subscribers import`."
        )
    granted = Approval(ref.list, ref.number, details["bundle"], audience.digest, audience.size, approver, authorship.display_name, now)
    approvals.save(database, granted)
    details |= {"audience": audience.digest, "size": str(audience.size)}
    audit_log.append(database, AuditEvent(approver, "approved", str(ref), details), now=now)
    return granted


def permit_for(rules: ApprovalRules, database: Database) -> Permit:
    """Return the permit that `mailer.sending.freeze` asks before an issue goes out: it requires an approval where the list's rule does."""

    def permit(issue: Issue, mail_list: MailList, is_frozen: bool) -> None:
        if rules.needs(issue.ref.list):
            require_approval(database, issue, mail_list, is_frozen=is_frozen)

    return permit


def require_approval(database: Database, issue: Issue, mail_list: MailList, *, is_frozen: bool) -> Approval:
    """Return the approval that lets the issue go.

    :raises NotApproved: there is none, or it is void.
    """
    ref, granted = issue.ref, approvals.latest(database, issue.ref)
    advice = f"A person who did not write it must read it and run `todoke approve {ref} --as NAME`."
    if granted is None:
        raise NotApproved(f"{ref} is not approved. {advice}")
    if granted.bundle != fingerprint(issue, mail_list):
        raise NotApproved(f"{ref} was changed after {granted.approver} approved it. {advice}")
    if not is_frozen:
        _refuse_new_readers(database, granted, advice)
    return granted


def _refuse_new_readers(database: Database, granted: Approval, advice: str) -> None:
    audience = approvals.audience(database, granted.list)
    joined = approvals.joined_since(database, granted.list, granted.at)
    if joined or audience.size > granted.size:
        raise NotApproved(
            f"{granted.list}/{granted.number} was approved for {granted.size} readers and would now go to {audience.size}, "
            f"{joined} of whom joined since. {advice}"
        )
