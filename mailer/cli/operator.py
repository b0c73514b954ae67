"""An operator's orders about an issue: send it later, hold it, call it off, try again, settle what is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import Annotated, NoReturn

import typer

from mailer import bundle
from mailer.approval import approval
from mailer.approval.approval import NotApproved
from mailer.cli.runtime import CONFIG, MAIL, ConfigPath, MailPath, Ref, command_session, now, open_for_command, system_account
from mailer.config import Config
from mailer.database import audit_log, issues, ledger
from mailer.database.engine import Database
from mailer.model.audit_log import AuditEvent
from mailer.model.clock import JAPAN
from mailer.model.errors import IssueStopped
from mailer.model.issue import FrozenIssue, IssueRef, IssueStatus
from mailer.model.state import DUE, DeliveryState
from mailer.sending import freeze

CALLED_OFF = "called off by the operator"


class Resolution(StrEnum):
    """What an unknown delivery turns out to be."""

    SENT = "sent"
    AGAIN = "again"
    FAILED = "failed"


NOTED = {IssueStatus.PAUSED: "paused", IssueStatus.SENDING: "resumed"}


VERDICTS = {Resolution.SENT: DeliveryState.SENT, Resolution.AGAIN: DeliveryState.PENDING, Resolution.FAILED: DeliveryState.FAILED}


def schedule(
    issue: Ref,
    at: Annotated[str, typer.Option("--at", help="When, for example 2026-03-11T14:46 (Japan time unless said otherwise). 配信する日時")],
    config: ConfigPath = CONFIG,
    mail: MailPath = MAIL,
) -> None:
    """Freeze an issue now and send it at that time with the next `send`. 配信を予約する"""
    with command_session(), open_for_command(settings := Config.load(config)) as database:
        ref, moment = IssueRef.parse(issue), _moment(at)
        found, mail_list = bundle.read_issue(mail, ref), bundle.read_lists(mail)[ref.list]
        freeze.refuse_expired(found.expires, ref, moment)
        freeze.refuse_nobody(database, ref)
        with _refusal_noted(database, ref):
            approval.permit_for(settings.approval, database)(found, mail_list, False)
        frozen = issues.freeze(database, found, mail_list, now(), send_at=moment)
        if frozen.send_at != moment:
            raise IssueStopped(f"{ref} was frozen before, to be sent {frozen.send_at or 'at once'}. Cancel it, or let it go.")
        _note(database, "scheduled", ref, {"at": moment.isoformat(), "bundle": approval.fingerprint(found, mail_list)})
        typer.echo(f"{ref}: {ledger.counts(database, frozen.issue_id)[DeliveryState.PENDING]} people, not before {moment.isoformat()}.")


def pause(issue: Ref, config: ConfigPath = CONFIG) -> None:
    """Hold an issue; a running `send` stops with it at once. 配信を一時停止する"""
    _order(issue, config, IssueStatus.PAUSED, "paused; `resume` lets it go on")


def resume(issue: Ref, config: ConfigPath = CONFIG) -> None:
    """Let a paused issue go on with the next `send`. 一時停止を解く"""
    _order(issue, config, IssueStatus.SENDING, "may go on; run `send`")


def cancel(issue: Ref, config: ConfigPath = CONFIG) -> None:
    """Call an issue off for good; whoever has it keeps it. 配信を取りやめる"""
    with command_session(), open_for_command(Config.load(config)) as database:
        frozen = _frozen(database, issue)
        issues.set_status(database, frozen.issue_id, IssueStatus.CANCELLED)
        held = ledger.change_state(database, frozen.issue_id, DUE, DeliveryState.SUPPRESSED, now=now(), why=CALLED_OFF)
        _note(database, "cancelled", frozen.issue.ref, {"held": str(held)})
        typer.echo(f"{frozen.issue.ref}: called off for {held} people.")


def retry(
    issue: Ref,
    failed: Annotated[bool, typer.Option("--failed", help="Also those that were refused for good. 失敗した分も")] = False,
    address: Annotated[str, typer.Option(help="Only this address. このアドレスだけ")] = "",
    config: ConfigPath = CONFIG,
) -> None:
    """Let deferred deliveries (and refused ones) be tried with the next `send`. 送り直しの対象にする"""
    with command_session(), open_for_command(Config.load(config)) as database:
        frozen = _frozen(database, issue)
        old = {DeliveryState.DEFERRED, DeliveryState.FAILED} if failed else {DeliveryState.DEFERRED}
        moved = ledger.change_state(database, frozen.issue_id, old, DeliveryState.PENDING, now=now(), address=address)
        _note(database, "retried", frozen.issue.ref, {"moved": str(moved)})
        typer.echo(f"{frozen.issue.ref}: {moved} people are due now; run `send`.")


def resolve_unknown(
    issue: Ref,
    verdict: Annotated[Resolution, typer.Option("--as", help="sent, again (some get two copies) or failed. どう扱うか")],
    address: Annotated[str, typer.Option(help="Only this address. このアドレスだけ")] = "",
    config: ConfigPath = CONFIG,
) -> None:
    """Say what became of deliveries that are unknown. 不明分の扱いを決める"""
    with command_session(), open_for_command(Config.load(config)) as database:
        frozen = _frozen(database, issue)
        state = VERDICTS[verdict]
        moved = ledger.change_state(
            database, frozen.issue_id, {DeliveryState.UNKNOWN}, state, now=now(), why="settled by the operator", address=address
        )
        _note(database, "unknown settled", frozen.issue.ref, {"as": verdict, "moved": str(moved)})
        typer.echo(f"{frozen.issue.ref}: {moved} unknown deliveries are now {state}.")


def _order(issue: str, config: ConfigPath, wanted: IssueStatus, words: str) -> None:
    with command_session(), open_for_command(Config.load(config)) as database:
        frozen = _frozen(database, issue)
        if frozen.status is IssueStatus.CANCELLED:
            _refuse(frozen)
        issues.set_status(database, frozen.issue_id, wanted)
        _note(database, NOTED[wanted], frozen.issue.ref, {})
        typer.echo(f"{frozen.issue.ref}: {words}.")


def _note(database: Database, what: str, ref: IssueRef, details: dict[str, str]) -> None:
    """Every order stands in the audit log."""
    audit_log.append(database, AuditEvent(system_account(), what, str(ref), details), now=now())


@contextmanager
def _refusal_noted(database: Database, ref: IssueRef) -> Iterator[None]:
    """A refusal for want of an approval stands there too."""
    try:
        yield
    except NotApproved as error:
        _note(database, "scheduling refused", ref, {"reason": str(error)})
        raise


def _refuse(frozen: FrozenIssue) -> NoReturn:
    raise IssueStopped(f"{frozen.issue.ref} was called off for good. Publish a new issue.")


def _frozen(database: Database, issue: str) -> FrozenIssue:
    return freeze.find_frozen(database, IssueRef.parse(issue))


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise IssueStopped(f"{text!r} is no moment. Write it as 2026-03-11T14:46.") from None
    return found if found.tzinfo else found.replace(tzinfo=JAPAN)
