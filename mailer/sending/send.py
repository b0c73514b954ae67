"""A whole `send`: lock, freeze, deliver, report. What the command line calls."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mailer import bundle, log
from mailer.approval import approval
from mailer.approval.approval import NotApproved, Permit
from mailer.database import audit_log
from mailer.database.deliveries import ledger
from mailer.delivery.context import DeliveryContext, Progress, pause
from mailer.delivery.right import SendingRight
from mailer.model.audit_log import AuditEvent
from mailer.model.digest import DIGEST
from mailer.model.errors import ContentChanged, NotAuthenticated, SenderBusy
from mailer.model.issue import IssueRef, ListClass, content_digest
from mailer.model.retry_policy import retry_policy
from mailer.model.state import DeliveryState
from mailer.monitoring import operator_report
from mailer.sending import freeze, lock
from mailer.sending.authentication import authenticated
from mailer.sending.drill_alarm import DrillAlarm
from mailer.sending.freeze import PreparedIssue
from mailer.sending.run import IssueSummary, deliver, run_event_loop, stop_on_signal, summarize

WATCH_INTERVAL = 0.2
"""Seconds between two looks at how far the other sender is."""


@dataclass(frozen=True, slots=True)
class SendResult:
    """What a `send` prepared, and the state of the issue after it."""

    prepared: PreparedIssue
    summary: IssueSummary


def send(
    context: DeliveryContext,
    root: Path,
    ref: IssueRef,
    progress: Progress,
    *,
    resend_unknown: bool = False,
    actor: str = "",
    anyway: str = "",
) -> SendResult:
    """Send an issue, or go on with it. The first Ctrl-C finishes what is in flight.

    :param root: the bundle's folder, usually `output/mail`.
    :param actor: the account that asked for it, for the audit log.
    :param anyway: the reason for which an issue leaves although From's domain has no authentication that works.
    :raises NotAuthenticated: it has none, and there is no reason; an emergency leaves all the same.
    :raises ContentChanged: the words in the database are not those that were frozen.
    :raises NotApproved: the list needs a second person's approval, and there is none that holds.
    :raises SenderBusy: another `send` is at work on the database, and the issue is no emergency.
    :raises RightMissing: another site has the right to send.
    :raises RightUnknown: that cannot be asked.
    :raises TodokeMailError: see `freeze.prepare` and `run.deliver`.
    """
    try:
        return _send(context, root, ref, progress, resend_unknown=resend_unknown, actor=actor, anyway=anyway)
    except SenderBusy:
        if ref.list == DIGEST or bundle.read_issue(root, ref).list_class is not ListClass.EMERGENCY:
            raise
    return run_event_loop(_hand_over(context, root, ref, progress, actor))


def _send(
    context: DeliveryContext, root: Path, ref: IssueRef, progress: Progress, *, resend_unknown: bool, actor: str, anyway: str
) -> SendResult:
    with lock.sender_lock(context.config):
        permit = _permit(context, root, actor, anyway)
        if context.config.right:
            run_event_loop(_ask_right(context))
        with _refusal_recorded(context, ref, actor):
            prepared = freeze.prepare(context.config, context.database, root, ref, now=context.clock(), permit=permit, actor=actor)
        if resend_unknown or retry_policy(prepared.frozen.issue.list_class).resend_unknown:
            ledger.change_state(
                context.database, prepared.frozen.issue_id, {DeliveryState.UNKNOWN}, DeliveryState.PENDING, now=context.clock()
            )
        _record_begin(context, prepared, actor)
        result = SendResult(prepared, run_event_loop(_deliver_until_stopped(context, prepared, progress)))
        counts = {state.value: count for state, count in result.summary.counts.items() if count}
        _record(context, actor, "sending ended", ref, {state: str(count) for state, count in counts.items()})
        log.event("run ended", issue=str(ref), stopped=result.summary.stopped, **counts)
        run_event_loop(operator_report.send_due_reports(context))
        run_event_loop(DrillAlarm(context).check())
        return result


async def _ask_right(context: DeliveryContext) -> None:
    """Before what killed runs have left is settled: what a copy of the database knows of that is old."""
    right = SendingRight(context.config, context.database)
    try:
        await right.begin()
    finally:
        await right.close()


def _permit(context: DeliveryContext, root: Path, actor: str, anyway: str = "") -> Permit:
    approved = approval.permit_for(context.config, context.database, root)
    return authenticated(context.config, context.database, approved, now=context.clock(), actor=actor, anyway=anyway)


@contextmanager
def _refusal_recorded(context: DeliveryContext, ref: IssueRef, actor: str) -> Iterator[None]:
    """Write a refusal, for want of an approval or of authentication, or for words that were changed, into the audit log."""
    try:
        yield
    except (NotApproved, NotAuthenticated, ContentChanged) as error:
        _record(context, actor, "sending refused", ref, {"reason": str(error)})
        raise


def _record_begin(context: DeliveryContext, prepared: PreparedIssue, actor: str) -> None:
    issue, mail_list = prepared.frozen.issue, prepared.frozen.mail_list
    details = {
        "content": content_digest(issue, mail_list),
        "approval": "required" if context.config.approval.needs(issue.ref.list) else "off",
        "due": str(ledger.count_due(context.database, prepared.frozen.issue_id, now=context.clock())),
    }
    _record(context, actor, "sending begun", issue.ref, details)


def _record(context: DeliveryContext, actor: str, what: str, ref: IssueRef, details: dict[str, str]) -> None:
    audit_log.append(context.database, AuditEvent(actor, what, str(ref), details), now=context.clock())


async def _hand_over(context: DeliveryContext, root: Path, ref: IssueRef, progress: Progress, actor: str) -> SendResult:
    """Freeze an emergency while a newsletter is running, and wait until the sender at work has sent it.

    That sender takes an emergency before everything else (`mailer.delivery.feeder`), so nobody waits for the newsletter's end.
    """
    database = context.database
    with _refusal_recorded(context, ref, actor):
        permit = _permit(context, root, actor)
        prepared = freeze.freeze(context.config, database, root, ref, now=context.clock(), permit=permit, actor=actor)
    _record_begin(context, prepared, actor)
    progress.begin(ledger.count_due(database, prepared.frozen.issue_id, now=context.clock()))
    stop = asyncio.Event()
    with stop_on_signal(stop):
        while not stop.is_set() and ledger.is_under_way(database, prepared.frozen.issue_id, now=context.clock()):
            await pause(stop, WATCH_INTERVAL)
            try:
                with lock.sender_lock(context.config):
                    break  # the other sender has ended; the next `send` goes on with what is left
            except SenderBusy:
                continue
    return SendResult(prepared, summarize(database, prepared.frozen, stopped=stop.is_set()))


async def _deliver_until_stopped(context: DeliveryContext, prepared: PreparedIssue, progress: Progress) -> IssueSummary:
    stop = asyncio.Event()
    with stop_on_signal(stop):
        return await deliver(context, prepared.frozen, progress, stop)
