"""Four eyes: an issue goes out only when a second person has approved exactly this issue for exactly these readers.

1. `approve` binds a name to the SHA-256 of the bundle and to the audience. It must not be the name of who wrote the issue.
2. `require_approval` is asked before an issue is frozen: a changed byte or a reader who joined since makes the approval void.
   Readers who have left do not: sending to fewer than were approved harms nobody.
3. Once frozen, an issue and its recipients cannot change; going on needs no new approval, only that there was one.
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
"""Raises if the issue may not go out; the last argument says whether it is frozen already (`approval.require`)."""


def always_permit(_issue: Issue, _mail_list: MailList, _is_frozen: bool) -> None:
    """The permit of a list that needs no approval."""


class NotApproved(TodokeMailError):
    """The issue may not be sent: nobody has approved it, or what was approved is no longer what would be sent."""


class SamePerson(TodokeMailError):
    """Who wrote the issue cannot approve it."""


def fingerprint(issue: Issue, mail_list: MailList) -> str:
    """SHA-256 over issue.json, which holds the SHA-256 of every part, and over the sender's side of the list."""
    values = asdict(mail_list)
    values["kind"] = values.pop("list_class")  # approvals that are stored already hold the hash of this name
    told = json.dumps([issue.digest, values], ensure_ascii=True, sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def approve(
    database: Database, root: Path, ref: IssueRef, approver: str, authorship: Authorship, *, account: str, now: datetime
) -> Approval:
    """Keep an approval, and write it into the audit log; a refusal is written down too.

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
    given = Approval(ref.list, ref.number, details["bundle"], audience.digest, audience.size, approver, authorship.display_name, now)
    approvals.save(database, given)
    reach = {"audience": audience.digest, "size": str(audience.size)}
    audit_log.append(database, AuditEvent(approver, "approved", str(ref), details | reach), now=now)
    return given


def permit_for(rules: ApprovalRules, database: Database) -> Permit:
    """What is asked before an issue goes out, as `preparation` wants it. Raises `NotApproved` where the list's rule asks for more than there is."""

    def ask(issue: Issue, mail_list: MailList, is_frozen: bool) -> None:
        if rules.needs(issue.ref.list):
            require_approval(database, issue, mail_list, is_frozen=is_frozen)

    return ask


def require_approval(database: Database, issue: Issue, mail_list: MailList, *, is_frozen: bool) -> Approval:
    """The approval that lets the issue go.

    :raises NotApproved: there is none, or it is void.
    """
    ref, given = issue.ref, approvals.latest(database, issue.ref)
    advice = f"Let somebody who did not write it look, and run `todoke approve {ref} --as NAME`."
    if given is None:
        raise NotApproved(f"{ref} is not approved. {advice}")
    if given.bundle != fingerprint(issue, mail_list):
        raise NotApproved(f"{ref} was changed after {given.approver} approved it. {advice}")
    if not is_frozen:
        _same_readers(database, given, advice)
    return given


def _same_readers(database: Database, given: Approval, advice: str) -> None:
    audience = approvals.audience(database, given.list)
    joined = approvals.joined_since(database, given.list, given.at)
    if joined or audience.size > given.size:
        raise NotApproved(
            f"{given.list}/{given.number} was approved for {given.size} readers and would now go to {audience.size}, "
            f"{joined} of whom joined since. {advice}"
        )
