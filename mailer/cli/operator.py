"""What an operator orders about an issue: send it later, hold it, call it off, try again, settle what is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from enum import StrEnum
from typing import Annotated, NoReturn

import typer

from mailer import bundle
from mailer.approval import approval
from mailer.approval.approval import NotApproved
from mailer.cli import machine_output, tables
from mailer.cli.machine_output import OutputFormat
from mailer.cli.runtime import (
    CONFIG,
    MAIL,
    AddressOption,
    ConfigPath,
    FormatOption,
    MailPath,
    MaybeRef,
    Ref,
    UtcFlag,
    check_address,
    command_session,
    console,
    now,
    open_for_command,
    parse_ref,
    parse_time,
    say,
    shown_zone,
    system_account,
    wrong_usage,
)
from mailer.config.file import load_config
from mailer.config.settings import Config
from mailer.database import audit_log, issues, ledger
from mailer.database.engine import Database
from mailer.model.audit_log import AuditEvent
from mailer.model.clock import format_time
from mailer.model.errors import IssueStopped
from mailer.model.issue import FrozenIssue, IssueRef, IssueStatus, content_digest
from mailer.model.state import DUE, DeliveryState
from mailer.sending import freeze
from mailer.sending.sendable import require_sendable

CANCELLED = "called off by the operator"
"""Stands in the ledger for each recipient who will not get the issue."""


class Resolution(StrEnum):
    """What became of an unknown delivery, as the operator says."""

    SENT = "sent"
    AGAIN = "again"
    FAILED = "failed"


RESOLUTIONS = {Resolution.SENT: DeliveryState.SENT, Resolution.AGAIN: DeliveryState.PENDING, Resolution.FAILED: DeliveryState.FAILED}
AUDIT_WORDS = {IssueStatus.PAUSED: "paused", IssueStatus.SENDING: "resumed"}


def schedule(
    issue: MaybeRef = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="When, for example 2026-03-11T14:46, in the site's zone. 配信する日時")
    ] = None,
    output_format: FormatOption = OutputFormat.TEXT,
    is_utc: UtcFlag = False,
    config: ConfigPath = CONFIG,
    mail: MailPath = MAIL,
) -> None:
    """Freeze an issue now and send it later; without an issue, list what is scheduled. 配信を予約する、予約を見る"""
    with command_session():
        if (issue is None) != (at is None):
            wrong_usage("Write both LIST/NUMBER and --at, or neither to list. 号と --at は両方書くか、両方省いてください。")
        ref = None if issue is None else parse_ref(issue)
        if at is not None:
            parse_time(at, UTC)  # a mistake in the command line is reported before one in the settings, which name the zone
        settings = load_config(config)
        moment = None if at is None else parse_time(at, settings.time_zone)
        with open_for_command(settings) as database:
            if ref is None or moment is None:
                _print_schedule(settings, database, output_format, is_utc=is_utc)
                return
            content, mail_list = bundle.read_issue(mail, ref), bundle.read_lists(mail)[ref.list]
            freeze.refuse_expired(content.expires, ref, moment, settings.time_zone)
            freeze.refuse_nobody(database, ref)
            require_sendable(settings, database, content, mail_list, now())
            with _refusal_recorded(database, ref):
                approval.permit_for(settings, database, mail)(content, mail_list, False)
            frozen = issues.freeze(database, content, mail_list, now(), send_at=moment, actor=system_account())
            if frozen.send_at != moment:
                planned = "at once" if frozen.send_at is None else format_time(frozen.send_at, settings.time_zone)
                raise IssueStopped(f"{ref} was frozen before, to be sent {planned}. Cancel it, or let it go.")
            _record(database, "scheduled", ref, {"at": moment.isoformat(), "content": content_digest(content, mail_list)})
            due = ledger.counts(database, frozen.issue_id)[DeliveryState.PENDING]
        local_time = format_time(moment, shown_zone(settings, is_utc))
        say(f"{ref}: {tables.count(due, 'person', 'people')}, not before {local_time}. {due:,}人に {local_time} 以後に送ります。")


def pause(issue: Ref, config: ConfigPath = CONFIG) -> None:
    """Hold an issue; a running `send` stops with it at once. 配信を一時停止する"""
    _set_status(issue, config, IssueStatus.PAUSED, "paused; `resume` lets it go on. 一時停止しました。resume で続けます。")


def resume(issue: Ref, config: ConfigPath = CONFIG) -> None:
    """Let a paused issue go on with the next `send`. 一時停止を解く"""
    _set_status(issue, config, IssueStatus.SENDING, "may go on; run `send`. 続けられます。send を実行してください。")


def cancel(issue: Ref, config: ConfigPath = CONFIG) -> None:
    """Call an issue off for good; whoever has it keeps it. 配信を取りやめる"""
    with command_session():
        ref = parse_ref(issue)
        with open_for_command(load_config(config)) as database:
            frozen = freeze.find_frozen(database, ref)
            issues.set_status(database, frozen.issue_id, IssueStatus.CANCELLED)
            held = ledger.change_state(database, frozen.issue_id, DUE, DeliveryState.SUPPRESSED, now=now(), why=CANCELLED)
            _record(database, "cancelled", ref, {"held": str(held)})
        say(f"{ref}: called off for {tables.count(held, 'person', 'people')}. {held:,}人への配信を取りやめました。")


def retry(
    issue: Ref,
    failed: Annotated[bool, typer.Option("--failed", help="Also those that were refused for good. 失敗した分も")] = False,
    address: AddressOption = "",
    config: ConfigPath = CONFIG,
) -> None:
    """Let deferred deliveries (and refused ones) be tried with the next `send`. 送り直しの対象にする"""
    with command_session():
        ref, only = parse_ref(issue), check_address(address) if address else ""
        with open_for_command(load_config(config)) as database:
            frozen = freeze.find_frozen(database, ref)
            old = {DeliveryState.DEFERRED, DeliveryState.FAILED} if failed else {DeliveryState.DEFERRED}
            moved = ledger.change_state(database, frozen.issue_id, old, DeliveryState.PENDING, now=now(), address=only)
            _record(database, "retried", ref, {"moved": str(moved)})
        say(
            f"{ref}: now due: {tables.count(moved, 'person', 'people')}; run `send`. {moved:,}人が再送の対象です。send を実行してください。"
        )


def resolve_unknown(
    issue: Ref,
    resolution: Annotated[Resolution, typer.Option("--as", help="sent, again (some get two copies) or failed. どう扱うか")],
    address: AddressOption = "",
    config: ConfigPath = CONFIG,
) -> None:
    """Say what became of deliveries that are unknown. 不明分の扱いを決める"""
    with command_session():
        ref, only = parse_ref(issue), check_address(address) if address else ""
        with open_for_command(load_config(config)) as database:
            frozen = freeze.find_frozen(database, ref)
            state = RESOLUTIONS[resolution]
            moved = ledger.change_state(
                database, frozen.issue_id, {DeliveryState.UNKNOWN}, state, now=now(), why="settled by the operator", address=only
            )
            _record(database, "unknown settled", ref, {"as": resolution, "moved": str(moved)})
        say(f"{ref}: {tables.count(moved, 'unknown delivery', 'unknown deliveries')} settled as {state}. {moved:,}件を決めました。")


def _print_schedule(settings: Config, database: Database, form: OutputFormat, *, is_utc: bool) -> None:
    frozen_issues = (frozen for frozen in issues.all_issues(database) if frozen.send_at is not None and frozen.send_at > now())
    later = [(frozen, _count_due(database, frozen)) for frozen in frozen_issues if frozen.status is not IssueStatus.CANCELLED]
    rows = [machine_output.scheduled(frozen, due) for frozen, due in later]
    if form is OutputFormat.CSV:
        typer.echo(machine_output.to_csv(rows, machine_output.SCHEDULE_COLUMNS), nl=False)
    elif form is OutputFormat.JSON:
        typer.echo(machine_output.to_json(rows))
    else:
        console().print(tables.schedule_table(later, shown_zone(settings, is_utc)))


def _count_due(database: Database, frozen: FrozenIssue) -> int:
    counts = ledger.counts(database, frozen.issue_id)
    return sum(counts[state] for state in DUE)


def _set_status(issue: str, config: ConfigPath, status: IssueStatus, sentence: str) -> None:
    with command_session():
        ref = parse_ref(issue)
        with open_for_command(load_config(config)) as database:
            frozen = freeze.find_frozen(database, ref)
            if frozen.status is IssueStatus.CANCELLED:
                _refuse_cancelled(ref)
            issues.set_status(database, frozen.issue_id, status)
            _record(database, AUDIT_WORDS[status], ref, {})
        say(f"{ref}: {sentence}")


def _record(database: Database, what: str, ref: IssueRef, details: dict[str, str]) -> None:
    """Write an order into the audit log."""
    audit_log.append(database, AuditEvent(system_account(), what, str(ref), details), now=now())


@contextmanager
def _refusal_recorded(database: Database, ref: IssueRef) -> Iterator[None]:
    """Write a refusal for want of an approval into the audit log."""
    try:
        yield
    except NotApproved as error:
        _record(database, "scheduling refused", ref, {"reason": str(error)})
        raise


def _refuse_cancelled(ref: IssueRef) -> NoReturn:
    raise IssueStopped(f"{ref} was called off for good. Publish a new issue. この号は取りやめました。新しい号を出してください。")
