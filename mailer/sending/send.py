"""A whole `send`, and its rehearsal: lock, prepare, deliver. What the command line and the demonstration call."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mailer import bundle, log
from mailer.approval import approval
from mailer.approval.approval import NotApproved
from mailer.database import audit_log, ledger
from mailer.delivery import retry
from mailer.delivery.context import DeliveryContext, Progress, pause
from mailer.model.audit_log import AuditEvent
from mailer.model.errors import SenderBusy
from mailer.model.issue import IssueRef, ListClass
from mailer.model.state import DeliveryState
from mailer.monitoring import operator_report
from mailer.sending import freeze as preparation
from mailer.sending import lock
from mailer.sending.freeze import PreparedIssue
from mailer.sending.run import IssueSummary, deliver, run_event_loop, stop_on_signal, summarize

HANDED_OVER = 0.2  # seconds between looks at how far the other sender is


@dataclass(frozen=True, slots=True)
class SendResult:
    """What a `send` found and how the issue stands after it."""

    prepared: PreparedIssue
    summary: IssueSummary


def send(
    around: DeliveryContext, root: Path, ref: IssueRef, progress: Progress, *, resend_unknown: bool = False, actor: str = ""
) -> SendResult:
    """Send an issue, or go on with it. The first Ctrl-C finishes what is in flight.

    :param root: the bundle's folder, usually `output/mail`.
    :param actor: the account that asked for it, for the audit log.
    :raises NotApproved: the list needs a second person's approval, and there is none that holds.
    :raises SenderBusy: another `send` is at work on the database.
    :raises TodokeMailError: see `preparation.prepare` and `delivery.deliver`.
    """
    try:
        return _send(around, root, ref, progress, resend_unknown=resend_unknown, actor=actor)
    except SenderBusy:
        if bundle.read_issue(root, ref).list_class is not ListClass.EMERGENCY:
            raise
    return run_event_loop(_hand_over(around, root, ref, progress, actor))


def _send(around: DeliveryContext, root: Path, ref: IssueRef, progress: Progress, *, resend_unknown: bool, actor: str) -> SendResult:
    with lock.sender_lock(around.config):
        permit = approval.permit_for(around.config.approval, around.database)
        with _watched(around, ref, actor):
            prepared = preparation.prepare(around.config, around.database, root, ref, now=around.clock(), permit=permit)
        if resend_unknown or retry.retry_policy(prepared.frozen.issue.list_class).resend_unknown:
            ledger.change_state(
                around.database, prepared.frozen.issue_id, {DeliveryState.UNKNOWN}, DeliveryState.PENDING, now=around.clock()
            )
        _write_begun(around, prepared, actor)
        sent = SendResult(prepared, run_event_loop(_until_stopped(around, prepared, progress)))
        counts = {state.value: str(number) for state, number in sent.summary.counts.items() if number}
        _write(around, actor, "sending ended", ref, counts)
        log.event("run ended", issue=str(ref), stopped=sent.summary.stopped, **{state: int(number) for state, number in counts.items()})
        run_event_loop(operator_report.send_due_reports(around))
        return sent


@contextmanager
def _watched(around: DeliveryContext, ref: IssueRef, actor: str) -> Iterator[None]:
    """A refusal for want of an approval goes into the audit log too."""
    try:
        yield
    except NotApproved as error:
        _write(around, actor, "sending refused", ref, {"reason": str(error)})
        raise


def _write_begun(around: DeliveryContext, prepared: PreparedIssue, actor: str) -> None:
    issue, mail_list = prepared.frozen.issue, prepared.frozen.mail_list
    told = {
        "bundle": approval.fingerprint(issue, mail_list),
        "approval": "required" if around.config.approval.needs(issue.ref.list) else "off",
        "due": str(ledger.count_due(around.database, prepared.frozen.issue_id, now=around.clock())),
    }
    _write(around, actor, "sending begun", issue.ref, told)


def _write(around: DeliveryContext, actor: str, what: str, ref: IssueRef, details: dict[str, str]) -> None:
    audit_log.append(around.database, AuditEvent(actor, what, str(ref), details), now=around.clock())


async def _hand_over(around: DeliveryContext, root: Path, ref: IssueRef, progress: Progress, actor: str) -> SendResult:
    """An emergency does not wait for a running newsletter: freeze it, and the sender at work takes it first (`delivery.Feeder`)."""
    database = around.database
    with _watched(around, ref, actor):
        permit = approval.permit_for(around.config.approval, database)
        prepared = preparation.freeze(database, root, ref, now=around.clock(), permit=permit)
    _write_begun(around, prepared, actor)
    progress.begin(ledger.count_due(database, prepared.frozen.issue_id, now=around.clock()))
    stop = asyncio.Event()
    with stop_on_signal(stop):
        while not stop.is_set() and ledger.is_under_way(database, prepared.frozen.issue_id, now=around.clock()):
            await pause(stop, HANDED_OVER)
            try:
                with lock.sender_lock(around.config):
                    break  # the other sender has ended; the next `send` goes on with what is left
            except SenderBusy:
                continue
    return SendResult(prepared, summarize(database, prepared.frozen, stopped=stop.is_set()))


async def _until_stopped(around: DeliveryContext, prepared: PreparedIssue, progress: Progress) -> IssueSummary:
    stop = asyncio.Event()
    with stop_on_signal(stop):
        return await deliver(around, prepared.frozen, progress, stop)
