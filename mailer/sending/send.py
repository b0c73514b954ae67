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
from mailer.database import audit_log as trail
from mailer.database import ledger
from mailer.delivery import retry as rules
from mailer.delivery.context import Progress, Surroundings, rest
from mailer.model.audit_log import Step
from mailer.model.errors import SenderBusy
from mailer.model.issue import IssueRef
from mailer.model.state import State
from mailer.monitoring import operator_report as notice
from mailer.sending import freeze as preparation
from mailer.sending import lock
from mailer.sending.freeze import Prepared
from mailer.sending.run import Summary, deliver, run, stop_on_signal, summarise

HANDED_OVER = 0.2  # seconds between looks at how far the other sender is


@dataclass(frozen=True, slots=True)
class Sent:
    """What a `send` found and how the issue stands after it."""

    prepared: Prepared
    summary: Summary


def send(around: Surroundings, root: Path, ref: IssueRef, progress: Progress, *, resend_unknown: bool = False, actor: str = "") -> Sent:
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
        if bundle.read_issue(root, ref).kind != "emergency":
            raise
    return run(_hand_over(around, root, ref, progress, actor))


def _send(around: Surroundings, root: Path, ref: IssueRef, progress: Progress, *, resend_unknown: bool, actor: str) -> Sent:
    with lock.sending(around.config):
        permit = approval.permit(around.config.approval, around.database)
        with _watched(around, ref, actor):
            prepared = preparation.prepare(around.config, around.database, root, ref, now=around.clock(), permit=permit)
        if resend_unknown or rules.patience(prepared.frozen.issue.kind).resend_unknown:
            ledger.move(around.database, prepared.frozen.issue_id, {State.UNKNOWN}, State.PENDING, now=around.clock())
        _write_begun(around, prepared, actor)
        sent = Sent(prepared, run(_until_stopped(around, prepared, progress)))
        counts = {state.value: str(number) for state, number in sent.summary.counts.items() if number}
        _write(around, actor, "sending ended", ref, counts)
        log.tell("run ended", issue=str(ref), stopped=sent.summary.stopped, **{state: int(number) for state, number in counts.items()})
        run(notice.tell(around))
        return sent


@contextmanager
def _watched(around: Surroundings, ref: IssueRef, actor: str) -> Iterator[None]:
    """A refusal for want of an approval goes into the audit log too."""
    try:
        yield
    except NotApproved as error:
        _write(around, actor, "sending refused", ref, {"reason": str(error)})
        raise


def _write_begun(around: Surroundings, prepared: Prepared, actor: str) -> None:
    issue, mail_list = prepared.frozen.issue, prepared.frozen.mail_list
    told = {
        "bundle": approval.fingerprint(issue, mail_list),
        "approval": "required" if around.config.approval.needs(issue.ref.list) else "off",
        "due": str(ledger.count_due(around.database, prepared.frozen.issue_id, now=around.clock())),
    }
    _write(around, actor, "sending begun", issue.ref, told)


def _write(around: Surroundings, actor: str, what: str, ref: IssueRef, details: dict[str, str]) -> None:
    trail.append(around.database, Step(actor, what, str(ref), details), now=around.clock())


async def _hand_over(around: Surroundings, root: Path, ref: IssueRef, progress: Progress, actor: str) -> Sent:
    """An emergency does not wait for a running newsletter: freeze it, and the sender at work takes it first (`delivery.Feeder`)."""
    database = around.database
    with _watched(around, ref, actor):
        permit = approval.permit(around.config.approval, database)
        prepared = preparation.freeze(database, root, ref, now=around.clock(), permit=permit)
    _write_begun(around, prepared, actor)
    progress.begin(ledger.count_due(database, prepared.frozen.issue_id, now=around.clock()))
    stop = asyncio.Event()
    with stop_on_signal(stop):
        while not stop.is_set() and ledger.is_under_way(database, prepared.frozen.issue_id, now=around.clock()):
            await rest(stop, HANDED_OVER)
            try:
                with lock.sending(around.config):
                    break  # the other sender has ended; the next `send` goes on with what is left
            except SenderBusy:
                continue
    return Sent(prepared, summarise(database, prepared.frozen, stopped=stop.is_set()))


async def _until_stopped(around: Surroundings, prepared: Prepared, progress: Progress) -> Summary:
    stop = asyncio.Event()
    with stop_on_signal(stop):
        return await deliver(around, prepared.frozen, progress, stop)
