"""The report that the operator gets by mail: once when everybody has been tried, and once more when nothing is left to be tried again.

One report however many machines are at work: whoever marks the issue in the database first, sends it. It holds numbers and
commands, no reader's address: mail to the operator is mail like any other.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage

from mailer import log
from mailer.database import issues, ledger
from mailer.database.ledger import ReplyCount
from mailer.delivery.context import DeliveryContext
from mailer.message.headers import POLICY
from mailer.model.errors import RelayError
from mailer.model.issue import FrozenIssue, IssueRef, ReportStage
from mailer.model.recipient import Envelope
from mailer.model.state import DeliveryState
from mailer.smtp.connection import SmtpConnection
from mailer.smtp.direct import DirectMessage, send_direct

RECENT = timedelta(days=14)  # an older issue comes from a time without reports, or from a restored snapshot
MOST_REPLIES = 10


@dataclass(frozen=True, slots=True)
class OperatorReport:
    """What the operator is told."""

    ref: IssueRef
    subject: str
    stage: ReportStage
    begun: datetime
    ended: datetime
    counts: dict[DeliveryState, int]
    next_due: datetime | None
    replies: tuple[ReplyCount, ...]


def report_text(report: OperatorReport) -> tuple[str, str]:
    """Subject and text."""
    counts, ref = report.counts, report.ref
    parts = [f"{number:,} {state}" for state, number in counts.items() if number]
    left = "finished" if report.stage is ReportStage.FINISHED else "everybody tried"
    lines = [
        f"{ref} {report.subject}",
        f"{left}: {report.ended.isoformat(timespec='seconds')}, begun {report.begun.isoformat(timespec='seconds')}",
        "",
        *(f"{state:<12}{number:>12,}" for state, number in counts.items() if number),
        f"{'all':<12}{sum(counts.values()):>12,}",
    ]
    if report.next_due is not None:
        lines += ["", f"Deferred ones are tried again from {report.next_due.isoformat(timespec='seconds')} on; a last report follows."]
    if report.replies:
        lines += ["", "Replies of relays, the most frequent first:"]
        lines += [f"{one.number:>12,}  {one.state}: {one.code or 'connection lost'}" for one in report.replies]
    if counts.get(DeliveryState.UNKNOWN):
        lines += ["", f"Unknown: may or may not have arrived. Settle them: todoke resolve unknown {ref} --as sent|again|failed"]
    if any(counts.get(state) for state in (DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.DEFERRED, DeliveryState.EXPIRED)):
        lines += ["", f"Who, and why: todoke who-missed {ref}"]
    return f"[todoke] {ref} {left}: {', '.join(parts)}", "\n".join(lines) + "\n"


def compose_report(report: OperatorReport, sender: str, operator: str, identity: str) -> bytes:
    """The message, CRLF, 7-bit. RFC 3834: nobody's holiday answer comes back."""
    mail = EmailMessage(policy=POLICY)
    subject, text = report_text(report)
    for name, value in {"From": sender, "To": operator, "Subject": subject, "Auto-Submitted": "auto-generated"}.items():
        mail[name] = value
    mail["Date"] = report.ended
    mail["Message-ID"] = identity
    mail.set_content(text, charset="utf-8", cte="base64")
    return mail.as_bytes()


async def send_due_reports(around: DeliveryContext) -> int:
    """Report every issue that has come so far. How many? Without `operator` in mailer.toml they are only marked.

    :raises DatabaseError: the database cannot answer.
    """
    sent, now = 0, around.clock()
    for frozen, stage in issues.issues_to_report(around.database):
        begun = frozen.send_at or frozen.frozen_at
        if not issues.mark_reported(around.database, frozen.issue_id, stage, now):
            continue  # somebody else was quicker
        if around.config.operator is None or begun < now - RECENT:
            continue
        found = _report(around, frozen, stage, begun, now)
        if await _deliver(around, found):
            sent += 1
            log.event("report sent", issue=str(frozen.issue.ref), stage=stage.value)
        else:
            issues.unmark_reported(around.database, frozen.issue_id, stage, now)
            log.event("report not sent", issue=str(frozen.issue.ref), stage=stage.value)
    return sent


def _report(around: DeliveryContext, frozen: FrozenIssue, stage: ReportStage, begun: datetime, now: datetime) -> OperatorReport:
    database, number = around.database, frozen.issue_id
    counts = {state: found for state, found in ledger.counts(database, number).items() if found}
    replies, due = ledger.replies(database, number, MOST_REPLIES), ledger.next_due(database, number)
    return OperatorReport(frozen.issue.ref, frozen.issue.subject, stage, begun, now, counts, due, replies)


async def _deliver(around: DeliveryContext, report: OperatorReport) -> bool:
    config, operator = around.config, around.config.operator or ""
    ref, domain = report.ref, config.message_id_domain
    identity = f"<report-{ref.list}-{ref.number}-{report.stage}-{report.ended:%Y%m%d%H%M%S}@{domain}>"
    content = compose_report(report, config.return_path, operator, identity)
    for relay in config.relays:
        password = (around.passwords or {}).get(relay.name, around.password) if relay.username else None
        connection = SmtpConnection(relay, password, hello=domain)
        with suppress(RelayError):
            outcomes = await send_direct(connection, [DirectMessage(Envelope(config.return_path, operator), content)])
            if outcomes[0].is_accepted:
                return True
    return False
