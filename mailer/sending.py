"""A whole `send`, and its rehearsal: lock, prepare, deliver. What the command line and the demonstration call."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mailer import approval, bundle, delivery, lock, message, preparation
from mailer.approval import NotApproved
from mailer.audit import Step
from mailer.config import Config
from mailer.database import Database
from mailer.delivery import Progress, Summary, Surroundings
from mailer.issue import Issue, IssueRef, MailList
from mailer.message import Origin, Recipient
from mailer.preparation import Permit, Prepared
from mailer.rules import State
from mailer.stopping import stop_on_signal
from mailer.store import issues, ledger, subscriptions, trail


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
    with lock.sending(around.config):
        prepared = _prepare(around, root, ref, actor)
        if resend_unknown:
            ledger.requeue_unknown(around.database, prepared.frozen.issue_id, now=around.clock())
        sent = Sent(prepared, asyncio.run(_until_stopped(around, prepared, progress)))
        counts = {state.value: str(number) for state, number in sent.summary.counts.items() if number}
        _write(around, actor, "sending ended", ref, counts)
        return sent


def _prepare(around: Surroundings, root: Path, ref: IssueRef, actor: str) -> Prepared:
    """Prepare, and write into the audit log what came of it."""
    try:
        prepared = preparation.prepare(around.database, root, ref, now=around.clock(), permit=_permit(around.config, around.database, ref))
    except NotApproved as error:
        _write(around, actor, "sending refused", ref, {"reason": str(error)})
        raise
    frozen = prepared.frozen
    told = {"bundle": approval.fingerprint(frozen.issue, frozen.mail_list), "approval": _rule(around.config, ref)}
    _write(around, actor, "sending begun", ref, told | {"due": str(_due(around, frozen.issue_id))})
    return prepared


def _permit(config: Config, database: Database, ref: IssueRef) -> Permit:
    def approved(issue: Issue, mail_list: MailList, is_frozen: bool) -> None:
        approval.require(database, issue, mail_list, is_frozen=is_frozen)

    return approved if config.approval.needs(ref.list) else preparation.anything


def _rule(config: Config, ref: IssueRef) -> str:
    return "required" if config.approval.needs(ref.list) else "off"


def _due(around: Surroundings, issue_id: int) -> int:
    counts = ledger.counts(around.database, issue_id)
    return counts[State.PENDING] + counts[State.DEFERRED]


def _write(around: Surroundings, actor: str, what: str, ref: IssueRef, details: dict[str, str]) -> None:
    trail.append(around.database, Step(actor, what, str(ref), details), now=around.clock())


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
    due = ledger.due(database, found.issue_id, now=now, limit=1)
    first = Recipient(due[0].subscriber_id, due[0].address, due[0].name) if due else None
    headers = _headers(config, found.issue, found.mail_list, first, now)
    return Rehearsal(ledger.count_due(database, found.issue_id, now=now), True, preparation.compare(root, found), headers)


def _approval_notes(config: Config, database: Database, issue: Issue, mail_list: MailList) -> tuple[str, ...]:
    try:
        _permit(config, database, issue.ref)(issue, mail_list, False)
    except NotApproved as error:
        return (f"{error} Without it `send` will refuse.",)
    return ()


def _headers(config: Config, issue: Issue, mail_list: MailList, first: Recipient | None, now: datetime) -> str | None:
    if first is None:
        return None
    link = f"{config.service_url}/unsubscribe/SIGNED-LINK"  # the real link is that person's key: not for a screen
    origin = Origin(config.return_path, config.message_id_domain)
    mail = message.compose(issue, mail_list, first, unsubscribe_url=link, sent_at=now, origin=origin)
    return mail.content.split(b"\r\n\r\n", 1)[0].decode("ascii").replace("\r\n", "\n")
