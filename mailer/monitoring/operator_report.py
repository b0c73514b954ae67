"""The report that the operator gets by mail: once when everybody has been tried, and once more when nothing is left to be tried again.

There is one report however many machines are at work: whoever marks the issue in the database first, sends it. It holds numbers and commands and no
reader's address: mail to the operator is mail like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from mailer import log
from mailer.database import audit_log
from mailer.database.deliveries import issues, ledger
from mailer.database.deliveries.ledger import ReplyCount
from mailer.database.returned import delivery_problems, queue_stops
from mailer.database.returned.queue_stops import QueueStop
from mailer.delivery.context import DeliveryContext
from mailer.message.compose import compose_note
from mailer.message.dkim.signature import sign_message
from mailer.message.headers import mailbox_line, text_line
from mailer.model.audit_log import Anchor
from mailer.model.clock import format_time
from mailer.model.issue import FrozenIssue, IssueRef, ReportStage
from mailer.model.recipient import Envelope
from mailer.model.returned.arrival import Arrival, ReceiverArrivals
from mailer.model.returned.bounce import BounceClass
from mailer.model.state import DeliveryState
from mailer.monitoring.arrivals import bar, by_receiver
from mailer.smtp.direct import DirectMessage, send_by_first_relay

RECENT = timedelta(days=14)
"""No report about an older issue: it comes from a version without reports, or from a restored snapshot."""
MOST_REPLIES = 10
STAGES = {ReportStage.FINISHED: "finished", ReportStage.TRIED: "everybody tried"}
STAGES_IN_JAPANESE = {ReportStage.FINISHED: "配信を終えました", ReportStage.TRIED: "全員に一度送りました"}
INCOMPLETE = (DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.DEFERRED, DeliveryState.EXPIRED)


@dataclass(frozen=True, slots=True)
class OperatorReport:
    """How an issue went. `counts` holds only states that occur; `anchor` is the newest entry of the audit log; `returned`: readers by what came back."""

    ref: IssueRef
    subject: str
    stage: ReportStage
    begun: datetime
    ended: datetime
    counts: dict[DeliveryState, int]
    next_due: datetime | None
    replies: tuple[ReplyCount, ...]
    anchor: Anchor | None = None
    returned: Mapping[BounceClass, int] = field(default_factory=dict)
    complaints: int = 0
    stops: tuple[QueueStop, ...] = ()
    receivers: tuple[ReceiverArrivals, ...] = ()


def report_text(report: OperatorReport, zone: tzinfo) -> tuple[str, str]:
    """Return subject and text."""
    stage = STAGES[report.stage]
    numbers = ", ".join(f"{count:,} {state}" for state, count in report.counts.items() if count)
    return f"[todoke] {report.ref} {stage}: {numbers}", "\n".join(_lines(report, zone)) + "\n"


def _lines(report: OperatorReport, zone: tzinfo) -> Iterator[str]:
    ref, counts = report.ref, report.counts
    yield f"{ref} {report.subject}"
    yield f"{STAGES[report.stage]}: {format_time(report.ended, zone)}, begun {format_time(report.begun, zone)}"
    yield f"{STAGES_IN_JAPANESE[report.stage]}（{format_time(report.begun, zone)} から）。"
    yield ""
    yield from (f"{state:<12}{count:>12,}" for state, count in counts.items() if count)
    yield f"{'all':<12}{sum(counts.values()):>12,}"
    if report.next_due is not None:
        yield ""
        yield f"Deferred ones are tried again from {format_time(report.next_due, zone)} on; a last report follows."
        yield "送れなかった分は、あとでもう一度送ります。終わったときに、もう一度お知らせします。"
    if report.receivers:
        yield ""
        yield from _chart(report.receivers)
    if report.replies:
        yield ""
        yield "Replies of relays, the most frequent first: 中継サーバーの応答（多い順）"
        yield from (f"{reply.number:>12,}  {reply.state}: {reply.code or 'connection lost'}" for reply in report.replies)
    if counts.get(DeliveryState.UNKNOWN):
        yield ""
        yield f"Unknown: may or may not have arrived. Settle them: todoke resolve unknown {ref} --as sent|again|failed"
        yield "unknown は届いたか分からないものです。上のコマンドで扱いを決めてください。"
    if any(counts.get(state) for state in INCOMPLETE):
        yield ""
        yield f"Who, and why: todoke who-missed {ref} （届いていない人と理由）"
    yield from _returned_lines(report)
    if report.anchor is not None:
        yield ""
        yield f"Audit log: entry {report.anchor.number}, hash {report.anchor.hash}"
        yield "Keep this mail. Later `todoke audit --expect` with this hash shows that no entry up to it was changed or cut off."
        yield "このメールを保管してください。上のハッシュ値で、記録が書きかえられていないことを後から確かめられます。"


def _returned_lines(report: OperatorReport) -> Iterator[str]:
    """What came back until now, in numbers; most of it comes within days."""
    if report.returned or report.complaints:
        yield ""
        yield "Came back until now (todoke inbound numbers): これまでに戻ったもの"
        yield from (f"{number:>12,}  {kind}" for kind, number in report.returned.items())
        yield f"{report.complaints:>12,}  complaints 苦情（迷惑メールの申告）"
    for stop in report.stops:
        yield ""
        yield f"The queue {stop.queue or 'others'} is stopped: {stop.reason}"
        yield f"止まっています。直してから: todoke inbound release {stop.queue or 'others'} --reason …"


def _chart(receivers: Sequence[ReceiverArrivals]) -> Iterator[str]:
    """The share that each receiver has accepted, as a bar, and what became of the rest."""
    yield "Did it arrive, by receiver? 届いたか（受信側ごと）"
    for row in receivers:
        share = row.accepted_share
        others = ", ".join(f"{count:,} {kind}" for kind, count in row.counts.items() if count and kind is not Arrival.ACCEPTED)
        bars = "" if share is None else f"{share:>6.1%} {bar(share)}"
        yield f"{row.receiver.value:<12}{row.total:>12,} {bars}{f'  ({others})' if others else ''}".rstrip()


def compose_report(report: OperatorReport, sender: str, operator: str, identity: str, zone: tzinfo) -> bytes:
    """Return the message, CRLF, 7-bit."""
    subject, text = report_text(report, zone)
    lines = (mailbox_line("From", "", sender), mailbox_line("To", "", operator), text_line("Subject", subject))
    return compose_note(lines, text, sent_at=report.ended, zone=zone, own_id=identity)


async def send_due_reports(context: DeliveryContext) -> int:
    """Report every issue that has come so far, and return how many. Without `operator` in mailer.toml they are only marked.

    :raises DatabaseError: the database cannot answer.
    """
    sent, now = 0, context.clock()
    for frozen, stage in issues.issues_to_report(context.database):
        begun = frozen.send_at or frozen.frozen_at
        if not issues.mark_reported(context.database, frozen.issue_id, stage, now):
            continue  # another machine was quicker
        if context.config.operator is None or begun < now - RECENT:
            continue
        if await _deliver(context, _report(context, frozen, stage, begun, now)):
            sent += 1
            log.event("report sent", issue=str(frozen.issue.ref), stage=stage.value)
        else:
            issues.unmark_reported(context.database, frozen.issue_id, stage, now)
            log.event("report not sent", issue=str(frozen.issue.ref), stage=stage.value)
    return sent


def _report(context: DeliveryContext, frozen: FrozenIssue, stage: ReportStage, begun: datetime, now: datetime) -> OperatorReport:
    database, issue_id = context.database, frozen.issue_id
    counts = {state: count for state, count in ledger.counts(database, issue_id).items() if count}
    replies, next_due = ledger.replies(database, issue_id, MOST_REPLIES), ledger.next_due(database, issue_id)
    newest = audit_log.newest(database)
    anchor = Anchor.of(newest) if newest else None
    returned, complaints = delivery_problems.returned_of_issue(database, issue_id)
    stops = queue_stops.stops(database)
    receivers = by_receiver(database, issue_id)
    return OperatorReport(
        frozen.issue.ref, frozen.issue.subject, stage, begun, now, counts, next_due, replies, anchor, returned, complaints, stops, receivers
    )


async def _deliver(context: DeliveryContext, report: OperatorReport) -> bool:
    """Give the report to the first relay that takes it."""
    config, operator = context.config, context.config.operator or ""
    ref, domain = report.ref, config.message_id_domain
    identity = f"<report-{ref.list}-{ref.number}-{report.stage}-{report.ended:%Y%m%d%H%M%S}@{domain}>"
    content = compose_report(report, config.return_path, operator, identity, config.time_zone)
    signed = sign_message(content, context.dkim.for_address(config.return_path), report.ended)
    message = DirectMessage(Envelope(config.return_path, operator), signed)
    return await send_by_first_relay(config.relays, context.password_for, domain, message)
