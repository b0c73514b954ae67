"""Four eyes: an issue goes out only when a second person has approved exactly this issue for this list.

1. `approve` binds a person to the fingerprint of the issue. Nobody who wrote of it can approve it. The person signs with a key (`signature`), or
   is taken at a name where `approval.identity` says so.
2. Before an issue is frozen, `require_approval` reads the approval from the audit log and examines it anew: the log, the signature, what is
   bound, who wrote, and how far the list has grown.
3. Once frozen, an issue and its recipients cannot change (`database.deliveries.frozen_content`). To go on, the approval must still be there and fit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from mailer import bundle, log
from mailer.approval import approvers, authorship, fingerprint, granted, names, signature
from mailer.approval.approvers import Approver, NoApprover
from mailer.approval.authorship import ApprovedBefore, Authorship
from mailer.approval.granted import Approval
from mailer.approval.repository import AuthorUnknown
from mailer.approval.signature import SignatureError
from mailer.config.settings import Config
from mailer.database import audit_log
from mailer.database.deliveries import issues
from mailer.database.engine import Database
from mailer.database.readers import subscriptions
from mailer.delivery.expiry import refuse_ended, refuse_expired
from mailer.model.audit_log import AuditBroken, AuditEntry, AuditEvent, verify_chain
from mailer.model.digest import DIGEST
from mailer.model.errors import IssueExpired, IssueStopped, NobodySubscribed, TodokeMailError
from mailer.model.issue import Issue, IssueRef, IssueStatus, MailList

BY_NAME = 'approved by name only; nothing proves who it was (identity = "name"). 署名のない承認です。'
NOT_COMPARED = "the names of approver and author have no characters in common and were not compared. 文字がちがう名前は比べていません。"
Permit = Callable[[Issue, MailList, bool], None]
"""Raises `NotApproved` if the issue may not go out. The last argument is whether it is frozen already."""


def always_permit(_issue: Issue, _mail_list: MailList, _is_frozen: bool) -> None:
    """Permit everything: for lists that need no approval."""


class NotApproved(TodokeMailError):
    """The issue may not be sent: nobody has approved it, or what was approved is no longer what would be sent."""


class SamePerson(TodokeMailError):
    """Somebody who wrote of the issue wants to approve it, or cannot be told from them."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Who wants to approve: the entry of `approvers.toml`, or a name; the account on this machine; the file of the private key, if one was named."""

    approver: Approver
    account: str
    key: Path | None = None


def candidate(config: Config, ref: IssueRef, name: str, *, account: str, key: Path | None = None) -> Candidate:
    """Return who wants to approve.

    :raises NameRefused: the name cannot stand for one person.
    :raises NoApprover: `approvers.toml` does not have the name, or not for this list; or there are no keys.
    """
    rules, written = config.approval, names.canonical(name) if "@" not in name else name.strip()
    known = approvers.load_approvers(rules.approvers)
    if rules.identity == "key" and not known:
        raise NoApprover(
            f"{rules.approvers}: there is no such file, so nobody can approve. Write into it who may (name, mail, lists, public_key; see "
            '`todoke approvers --help`), or, where you have no keys, set identity = "name" in [approval] of mailer.toml. 承認できる人を書いた approvers.toml がありません。'
        )
    approver = approvers.find(known, written, ref.list) if known else Approver(names.canonical(name), is_registered=False)
    if rules.identity == "key" and not approver.public_key:
        raise NoApprover(
            f"{approver.name} has no public_key in {rules.approvers}. Add the line of the .pub file of their SSH key. 公開鍵がありません。"
        )
    return Candidate(approver, account, key)


def authorship_of(
    config: Config,
    database: Database,
    root: Path,
    ref: IssueRef,
    *,
    content: Path | None = None,
    stated: str = "",
    again: Approval | None = None,
) -> Authorship:
    """Return who wrote an issue, from the bundle's sources and the history of the folder that holds them.

    :param content: another folder of sources than that of the settings.
    :param stated: who wrote it, where `approval.authors` is `stated`.
    :param again: an approval that is examined again.
    :raises AuthorUnknown: it cannot be found out.
    """
    sources = bundle.read_sources(root, ref)
    if config.approval.authors == "stated":
        if not stated:
            raise AuthorUnknown(
                'Name who wrote it with --author: authors = "stated" in [approval] says that there is no Git. 書いた人が要ります。'
            )
        return authorship.stated_author(names.canonical(stated), sources)
    earlier = granted.before(_entries(database), ref, database.seal, until=again.number if again else 0)
    before = ApprovedBefore(earlier.commit, earlier.sources) if earlier else None
    return authorship.authors(content or config.approval.content, f"mail/{ref}.md", sources, before, commit=again.commit if again else "")


def approve(
    config: Config, database: Database, root: Path, ref: IssueRef, who: Candidate, written: Authorship, *, now: datetime
) -> Approval:
    """Write an approval into the audit log; a refusal is written there too.

    :param root: the bundle's folder, usually `output/mail`.
    :raises BundleError: the bundle is not in order.
    :raises IssueExpired: it is too late to send it.
    :raises IssueStopped: it was called off, and not opened again.
    :raises SamePerson: the approver wrote of the issue.
    :raises NobodySubscribed: there is nobody to approve it for.
    :raises SignatureError: it was not signed.
    """
    issue, mail_list = bundle.read_issue(root, ref), bundle.read_lists(root)[ref.list]
    bound = fingerprint.digests(issue, mail_list, config, written.commit)
    size = subscriptions.count(database, ref.list)
    new = Approval(
        ref, fingerprint.fingerprint(bound), bound, size, who.approver.name, written.display_name, written.commit, now,
        tuple(sorted(written.sources)), who.account,
    )  # fmt: skip
    try:
        _refuse_over(config, database, issue, now)
        refuse_author(who.approver, written, ref)
    except (IssueExpired, IssueStopped, SamePerson) as error:
        audit_log.append(database, refusal(new, str(error)), now=now)
        raise
    if size == 0:
        raise NobodySubscribed(
            f"Nobody is subscribed to {ref.list}: there is nothing to approve. Add people with `todoke subscribers import`."
        )
    if config.approval.identity == "key":
        new = replace(new, signature=signature.sign(new.statement(), who.approver, who.key))
    else:
        log.warning(BY_NAME, issue=str(ref), approver=new.approver)
    audit_log.append(database, new.event(), now=now)
    return new


def _refuse_over(config: Config, database: Database, issue: Issue, now: datetime) -> None:
    """Return if an approval could let the issue go: it must not have expired, nor have been called off."""
    ref, frozen = issue.ref, issues.find(database, issue.ref)
    if frozen is not None and frozen.status is IssueStatus.CANCELLED:
        raise IssueStopped(
            f"{ref} was called off: an approval would let nothing go. `todoke reopen {ref}` opens it again; approve it after that. "
            f"この号は取りやめました。todoke reopen {ref} のあとで承認してください。"
        )
    refuse_expired(database, issue.expires, ref, now, config.time_zone)
    if frozen is not None and frozen.status is not IssueStatus.REOPENED:
        refuse_ended(config, database, frozen, now)


def refusal(refused: Approval, reason: str) -> AuditEvent:
    """Return the event that stands in the log for an approval that was refused."""
    details = {"account": refused.account, "author": refused.author, "commit": refused.commit, "bundle": refused.bundle, "reason": reason}
    return AuditEvent(refused.approver, "approval refused", str(refused.ref), details)


def refuse_author(approver: Approver, written: Authorship, ref: IssueRef) -> None:
    """Return if the approver is nobody who wrote of the issue.

    :raises SamePerson: one of them, or somebody whose name cannot be told from one of them.
    """
    for person in written.people:
        if approver.is_same_person(person):
            raise SamePerson(
                f"{approver.name} wrote or committed something of {ref} (as {person}): another person must approve it. "
                "書いた人は承認できません。別の人が承認してください。"
            )
        if approver.is_registered or not person.name or names.is_comparable(approver.name, person.name):
            continue
        if names.scripts(person.name) == {"LATIN"} and "HAN" in names.scripts(approver.name):
            # Git often has Latin letters for people whose names have characters: to refuse them all would leave nobody.
            log.warning(NOT_COMPARED, issue=str(ref), approver=approver.name, author=str(person))
        else:
            raise SamePerson(
                f"{approver.name} cannot be told from {person}, who wrote something of {ref}: the names have no characters in common. Another person "
                "must approve it, or write the approvers (name, mail, lists) into approvers.toml. 文字の種類がちがう名前は同じ人か分かりません。"
            )


def permit_for(config: Config, database: Database, root: Path | None = None) -> Permit:
    """Return the permit that `mailer.sending.freeze` asks before an issue goes out: it requires an approval where the list's rule does.

    :param root: the bundle's folder, to examine the authors again.
    """

    def permit(issue: Issue, mail_list: MailList, is_frozen: bool) -> None:
        if issue.ref.list == DIGEST:
            return  # its issues are examined when it is composed, and the sealed log says which words they had
        if config.approval.needs(issue.ref.list):
            require_approval(config, database, issue, mail_list, root=None if is_frozen else root, is_frozen=is_frozen)

    return permit


def require_approval(
    config: Config, database: Database, issue: Issue, mail_list: MailList, *, root: Path | None = None, is_frozen: bool
) -> Approval:
    """Return the approval that lets the issue go.

    :param root: the bundle's folder; without it the authors are not examined again.
    :raises NotApproved: there is none, it is void, or what would prove it is broken.
    """
    ref = issue.ref
    advice = f"A person who did not write it must read it and run `todoke approve {ref} --as NAME`. 書いていない人の承認が要ります。"
    try:
        given = granted.latest(_entries(database), ref, database.seal)
        if given is None:
            raise NotApproved(f"{ref} is not approved. {advice}")
        bound = fingerprint.digests(issue, mail_list, config, given.commit)
        if fingerprint.fingerprint(bound) != given.bundle:
            changed = fingerprint.differences(given.parts, bound)
            raise NotApproved(f"{ref} was changed after {given.approver} approved it ({changed}). {advice}")
        approver = _examine_person(config, given)
        if root is not None:
            _examine_authors(config, database, root, given, approver)
    except (NoApprover, SignatureError, SamePerson, AuthorUnknown, AuditBroken) as error:
        raise NotApproved(f"{ref}: the approval does not count. {error}") from None
    if not is_frozen:
        _refuse_growth(config, database, given, advice)
    return given


def _entries(database: Database) -> Sequence[AuditEntry]:
    audit_log.require_key(database.seal)
    entries = audit_log.entries(database)
    verify_chain(entries, database.seal)
    return entries


def _examine_person(config: Config, given: Approval) -> Approver:
    """Return the approver as `approvers.toml` has them now, if the approval is theirs."""
    rules = config.approval
    known = approvers.load_approvers(rules.approvers)
    if rules.identity == "name":
        log.warning(BY_NAME, issue=str(given.ref), approver=given.approver)
    if rules.identity == "name" and not known:
        return Approver(given.approver, is_registered=False)
    approver = approvers.find(known, given.approver, given.ref.list)
    if rules.identity == "key":
        signature.verify(given.statement(), given.signature, approver)
    return approver


def _examine_authors(config: Config, database: Database, root: Path, given: Approval, approver: Approver) -> None:
    """Whoever approves runs the program on their own machine; what it says there of the authors is not believed here."""
    if config.approval.authors == "stated":
        return
    if not config.approval.content.is_dir():
        log.warning("authors not examined again", issue=str(given.ref), why="the folder of the sources (approval.content) is not here")
        return
    written = authorship_of(config, database, root, given.ref, again=given)
    refuse_author(approver, written, given.ref)


def _refuse_growth(config: Config, database: Database, given: Approval, advice: str) -> None:
    """People join and leave all the time; a list that grows by much is another audience. One reader more is never much."""
    size, most = subscriptions.count(database, given.ref.list), given.size + max(1, int(given.size * config.approval.growth))
    if size > most:
        raise NotApproved(
            f"{given.ref} was approved for {given.size:,} readers and would now go to {size:,}: the list has grown by more than "
            f"{config.approval.growth:.0%} (approval.growth). {advice}"
        )
