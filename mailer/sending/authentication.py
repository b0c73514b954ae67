"""No issue leaves From a domain that receivers cannot authenticate, unless the operator says why; an emergency leaves, and the log says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mailer.approval.approval import Permit
from mailer.config.settings import Config
from mailer.database import audit_log
from mailer.database.engine import Database
from mailer.doctor import verdict
from mailer.doctor.verdict import Answer, Verdict
from mailer.model.audit_log import AuditEvent
from mailer.model.errors import NotAuthenticated
from mailer.model.issue import Issue, ListClass, MailList

Judge = Callable[[Config, str, datetime], Verdict]


def authenticated(
    config: Config, database: Database, permit: Permit, *, now: datetime, actor: str, anyway: str = "", judge: Judge = verdict.judge
) -> Permit:
    """The permit, and after it the question whether From's domain has an authentication that works.

    :param anyway: the reason for which a missing one does not matter now; it is written into the audit log.
    """

    def permit_authenticated(issue: Issue, mail_list: MailList, is_frozen: bool) -> None:
        permit(issue, mail_list, is_frozen)
        judgement = judge(config, mail_list.from_address, now)
        if judgement.answer is not Answer.MISSING:
            return
        reason = anyway or ("an emergency" if issue.list_class is ListClass.EMERGENCY else "")
        if not reason:
            raise NotAuthenticated(judgement.domain, judgement.why)
        details = {"domain": judgement.domain, "why": judgement.why, "reason": reason}
        audit_log.append(database, AuditEvent(actor, "sent unauthenticated", str(issue.ref), details), now=now)

    return permit_authenticated


def note(config: Config, mail_list: MailList, now: datetime, judge: Judge = verdict.judge) -> tuple[str, ...]:
    """What a dry run says of it; nothing if all is well."""
    judgement = judge(config, mail_list.from_address, now)
    if judgement.answer is Answer.MISSING:
        return (f"{NotAuthenticated(judgement.domain, judgement.why)} このドメインは認証できないため、送れません。",)
    return ()
