"""A whole `send`, and its rehearsal: lock, prepare, deliver. What the command line and the demonstration call."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from mailer import approval, bundle, delivery, lock, log, message, notice, preparation, rules
from mailer.approval import NotApproved
from mailer.audit import Step
from mailer.config import Config
from mailer.database import Database
from mailer.delivery import Summary
from mailer.errors import SenderBusy
from mailer.issue import Issue, IssueRef, MailList
from mailer.message import Links, Origin, Recipient
from mailer.preparation import Prepared
from mailer.routes import rest
from mailer.rules import State
from mailer.stopping import stop_on_signal
from mailer.store import issues, ledger, subscriptions, trail
from mailer.surroundings import Progress, Surroundings

Answer = TypeVar("Answer")
HANDED_OVER = 0.2  # seconds between looks at how far the other sender is


@dataclass(frozen=True, slots=True)
class Sent:
    """What a `send` found and how the issue stands after it."""

    prepared: Prepared
    summary: Summary


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a `send` would do now: to how many, and the first message's headers (None if there is nobody)."""

    due: int
    is_frozen: bool
    notes: tuple[str, ...]
    headers: str | None


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
    return Sent(prepared, delivery.summarise(database, prepared.frozen, stopped=stop.is_set()))


def run(work: Coroutine[None, None, Answer]) -> Answer:
    """`asyncio.run`, on uvloop where it is installed (the extra `fast`)."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    with _rare_collections(), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


@contextmanager
def _rare_collections() -> Iterator[None]:
    """A message leaves no cycles behind; looking for them after every 700 objects costs a tenth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(20_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


async def _until_stopped(around: Surroundings, prepared: Prepared, progress: Progress) -> Summary:
    stop = asyncio.Event()
    with stop_on_signal(stop):
        return await delivery.deliver(around, prepared.frozen, progress, stop)


def rehearse(config: Config, database: Database, root: Path, ref: IssueRef, now: datetime) -> Rehearsal:
    """What `send` would do. Freezes nothing, sends nothing, needs no secret.

    :raises BundleError: the issue is neither frozen nor in order on disk.
    :raises IssueExpired: it is too late to send it.
    """
    found = issues.find(database, ref)
    if found is None:
        issue, mail_list = bundle.read_issue(root, ref), bundle.read_lists(root)[ref.list]
        preparation.refuse_expired(issue.expires, ref, now)
        first = subscriptions.first(database, ref.list)
        notes = _approval_notes(config, database, issue, mail_list)
        return Rehearsal(subscriptions.count(database, ref.list), False, notes, _headers(config, issue, mail_list, first, now))
    preparation.refuse_expired(found.issue.expires, ref, now)
    first = ledger.first_due(database, found.issue_id, now=now)
    headers = _headers(config, found.issue, found.mail_list, first, now)
    return Rehearsal(ledger.count_due(database, found.issue_id, now=now), True, preparation.compare(root, found), headers)


def _approval_notes(config: Config, database: Database, issue: Issue, mail_list: MailList) -> tuple[str, ...]:
    try:
        approval.permit(config.approval, database)(issue, mail_list, False)
    except NotApproved as error:
        return (f"{error} Without it `send` will refuse.",)
    return ()


def _headers(config: Config, issue: Issue, mail_list: MailList, first: Recipient | None, now: datetime) -> str | None:
    if first is None:
        return None
    # The real link is that person's key: not for a screen.
    links = Links(f"{config.service_url}/unsubscribe/SIGNED-LINK", f"{config.service_url}/preferences/SIGNED-LINK")
    origin = Origin(config.return_path, config.message_id_domain)
    mail = message.compose(issue, mail_list, first, links=links, sent_at=now, origin=origin)
    return mail.content.split(b"\r\n\r\n", 1)[0].decode("ascii").replace("\r\n", "\n")
