"""What an operator orders about an issue: send it later, hold it, call it off, open it again, try again, settle what is unknown."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Annotated

import typer

from mailer.approval import approval
from mailer.approval.approval import NotApproved
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
    open_for_orders,
    parse_ref,
    parse_time,
    say,
    shown_zone,
    system_account,
    wrong_usage,
)
from mailer.cli.screen import machine_output, tables
from mailer.cli.screen.machine_output import OutputFormat
from mailer.config.file import load_config
from mailer.config.settings import Config
from mailer.database import audit_log
from mailer.database.deliveries import digests, issues, ledger, orders
from mailer.database.deliveries.frozen_content import CANCELLED
from mailer.database.engine import Database
from mailer.delivery.expiry import refuse_ended
from mailer.model.audit_log import AuditEvent
from mailer.model.clock import format_time
from mailer.model.errors import IssueStopped, NotAuthenticated
from mailer.model.issue import FrozenIssue, IssueRef, IssueStatus, content_digest
from mailer.model.state import CALLABLE_OFF, DUE, DeliveryState
from mailer.sending import freeze
from mailer.sending import schedule as scheduling
from mailer.sending.authentication import authenticated
from mailer.sending.schedule import Scheduled


class Resolution(StrEnum):
    """What became of an unknown delivery, as the operator says."""

    SENT = "sent"
    AGAIN = "again"
    FAILED = "failed"


RESOLUTIONS = {Resolution.SENT: DeliveryState.SENT, Resolution.AGAIN: DeliveryState.PENDING, Resolution.FAILED: DeliveryState.FAILED}
STOPPABLE = CALLABLE_OFF | {DeliveryState.CLAIMED}
AUDIT_WORDS = {IssueStatus.PAUSED: "paused", IssueStatus.SENDING: "resumed"}


def schedule(
    issue: MaybeRef = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="When, for example 2026-03-11T14:46, in the site's zone. 配信する日時")
    ] = None,
    at_once: Annotated[bool, typer.Option("--now", help="At once, also if the time of --at has passed. すぐに送る")] = False,
    anyway: Annotated[
        str,
        typer.Option(
            "--anyway", metavar="REASON", help="Although From's domain cannot be authenticated; the reason is recorded. 認証なしで送る理由"
        ),
    ] = "",
    output_format: FormatOption = OutputFormat.TEXT,
    is_utc: UtcFlag = False,
    config: ConfigPath = CONFIG,
    mail: MailPath = MAIL,
) -> None:
    """Freeze an issue and send it later, or change when; without an issue, list what is scheduled. 配信を予約する、予約を変える、予約を見る"""
    with command_session():
        if (issue is None) != (at is None and not at_once):
            wrong_usage("Write both LIST/NUMBER and --at, or neither to list. 号と --at は両方書くか、両方省いてください。")
        ref = None if issue is None else parse_ref(issue)
        if at is not None:
            parse_time(at, UTC)  # a mistake in the command line is reported before one in the settings, which name the zone
        settings = load_config(config)
        moment = None if ref is None else _moment(at, settings, at_once=at_once)
        with open_for_command(settings) if ref is None else open_for_orders(settings) as database:
            if ref is None or moment is None:
                _print_schedule(settings, database, output_format, is_utc=is_utc)
                return
            actor, approved = system_account(), approval.permit_for(settings, database, mail)
            permit = authenticated(settings, database, approved, now=now(), actor=actor, anyway=anyway.strip())
            with _refusal_recorded(database, ref):
                scheduled = scheduling.schedule(settings, database, mail, ref, moment, now=now(), permit=permit, actor=actor)
            if scheduled.is_new:  # a change has written its entry itself
                content = content_digest(scheduled.frozen.issue, scheduled.frozen.mail_list)
                _record(database, "scheduled", ref, {"at": moment.isoformat(), "content": content})
            due = _count_due(database, scheduled.frozen)
        _say_scheduled(scheduled, due, moment, shown_zone(settings, is_utc))


def _moment(at: str | None, settings: Config, *, at_once: bool) -> datetime:
    """Return when to send. Ends with status 2 if that has passed and ``--now`` is not there."""
    present = now()
    moment = present if at is None else parse_time(at, settings.time_zone)
    if at_once and moment > present:
        wrong_usage(
            "--now and a time to come contradict each other: write one of them. --now か、これからの日時か、どちらかを書いてください。"
        )
    if moment < present and not at_once:
        wrong_usage(
            f"{format_time(moment, settings.time_zone)} has passed (it is {format_time(present, settings.time_zone)}). Correct --at; to send at once, "
            "add --now. その日時は過ぎています。すぐに送るときは --now を付けてください。"
        )
    return max(moment, present)


def _say_scheduled(scheduled: Scheduled, due: int, moment: datetime, zone: tzinfo) -> None:
    ref, local_time, before = scheduled.frozen.issue.ref, format_time(moment, zone), scheduled.before
    instead = "" if before is None else f" instead of {format_time(before, zone)}"
    say(f"{ref}: {tables.count(due, 'person', 'people')}, not before {local_time}{instead}. {due:,}人に {local_time} 以後に送ります。")
    if scheduled.frozen.status is IssueStatus.PAUSED:
        say(f"{ref} is paused: `todoke resume {ref}` lets it go then. 一時停止中です。resume を忘れないでください。")


def pause(issue: Ref, config: ConfigPath = CONFIG) -> None:
    """Hold an issue; a running `send` stops with it at once. 配信を一時停止する"""
    _set_status(
        issue, config, IssueStatus.PAUSED, {IssueStatus.SENDING}, "paused; `resume` lets it go on. 一時停止しました。resume で続けます。"
    )


def resume(issue: Ref, config: ConfigPath = CONFIG) -> None:
    """Let a paused issue go on with the next `send`. 一時停止を解く"""
    _set_status(issue, config, IssueStatus.SENDING, {IssueStatus.PAUSED}, "may go on; run `send`. 続けられます。send を実行してください。")


def cancel(issue: Ref, config: ConfigPath = CONFIG) -> None:
    """Call an issue off; whoever has it keeps it. `reopen` opens it again. 配信を取りやめる"""
    with command_session():
        ref = parse_ref(issue)
        with open_for_orders(load_config(config)) as database:
            frozen = freeze.find_frozen(database, ref)
            _refuse_finished(database, frozen)
            issues.set_status(
                database, frozen.issue_id, IssueStatus.CANCELLED, old={IssueStatus.SENDING, IssueStatus.PAUSED, IssueStatus.REOPENED}
            )
            held = orders.call_off(database, frozen, now=now())
            _record(database, CANCELLED, ref, {"held": str(held)})
        say(f"{ref}: called off for {tables.count(held, 'person', 'people')}. {held:,}人への配信を取りやめました。")


def reopen(issue: Ref, config: ConfigPath = CONFIG) -> None:
    """Open a cancelled issue again under its number; it needs a new approval. 取りやめた号を同じ番号で出し直す"""
    with command_session():
        ref = parse_ref(issue)
        settings = load_config(config)
        with open_for_orders(settings) as database:
            held = scheduling.reopen(database, ref)
            _record(database, "reopened", ref, {"held": str(held)})
        is_approved = settings.approval.needs(ref.list)
        say(
            f"{ref}: open again for {tables.count(held, 'person', 'people')}. Correct it and build if need be; "
            f"{f'then `todoke approve {ref}`, and ' if is_approved else 'then '}`send` or `schedule` freezes it anew. "
            f"{held:,}人に出し直せます。{'もう一度承認を受けてから、' if is_approved else ''}send か schedule を実行してください。"
        )


def retry(
    issue: Ref,
    failed: Annotated[bool, typer.Option("--failed", help="Also those that were refused for good. 失敗した分も")] = False,
    address: AddressOption = "",
    config: ConfigPath = CONFIG,
) -> None:
    """Let deferred deliveries (and refused ones) be tried with the next `send`. 送り直しの対象にする"""
    with command_session():
        ref, only = parse_ref(issue), check_address(address) if address else ""
        settings = load_config(config)
        with open_for_orders(settings) as database:
            frozen = freeze.find_frozen(database, ref)
            _refuse_over(settings, database, frozen)
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
        settings = load_config(config)
        with open_for_orders(settings) as database:
            frozen = freeze.find_frozen(database, ref)
            state = RESOLUTIONS[resolution]
            if state is DeliveryState.PENDING:
                _refuse_over(settings, database, frozen)
            moved = ledger.change_state(
                database, frozen.issue_id, {DeliveryState.UNKNOWN}, state, now=now(), why="settled by the operator", address=only
            )
            _record(database, "unknown settled", ref, {"as": resolution, "moved": str(moved)})
        say(f"{ref}: {tables.count(moved, 'unknown delivery', 'unknown deliveries')} settled as {state}. {moved:,}件を決めました。")


def _print_schedule(settings: Config, database: Database, form: OutputFormat, *, is_utc: bool) -> None:
    frozen_issues = (frozen for frozen in issues.all_issues(database) if frozen.send_at is not None and frozen.send_at > now())
    orders = (IssueStatus.SENDING, IssueStatus.PAUSED)
    later = [(frozen, _count_due(database, frozen), settings.max_age.end(frozen)) for frozen in frozen_issues if frozen.status in orders]
    rows = [machine_output.scheduled(*each) for each in later]
    if form is OutputFormat.CSV:
        typer.echo(machine_output.to_csv(rows, machine_output.SCHEDULE_COLUMNS), nl=False)
    elif form is OutputFormat.JSON:
        typer.echo(machine_output.to_json(rows))
    else:
        console().print(tables.schedule_table(later, shown_zone(settings, is_utc)))


def _count_due(database: Database, frozen: FrozenIssue) -> int:
    counts = ledger.counts(database, frozen.issue_id)
    return sum(counts[state] for state in DUE)


def _set_status(issue: str, config: ConfigPath, status: IssueStatus, old: Collection[IssueStatus], sentence: str) -> None:
    with command_session():
        ref = parse_ref(issue)
        settings = load_config(config)
        with open_for_orders(settings) as database:
            frozen = freeze.find_frozen(database, ref)
            if status is IssueStatus.SENDING:
                _refuse_over(settings, database, frozen)
            if frozen.status is not status and not issues.set_status(database, frozen.issue_id, status, old=old):
                freeze.refuse_stopped(freeze.find_frozen(database, ref), now(), settings.time_zone)
            _record(database, AUDIT_WORDS[status], ref, {})
        say(f"{ref}: {sentence}")


def _refuse_finished(database: Database, frozen: FrozenIssue) -> None:
    """Raise `IssueStopped` if nobody is left from whom the issue could be held back: it must not be called `cancelled` afterwards."""
    counts = ledger.counts(database, frozen.issue_id)
    if frozen.status in (IssueStatus.CANCELLED, IssueStatus.REOPENED) or any(counts[state] for state in STOPPABLE):
        return
    if digests.is_on_its_way(database, frozen.issue_id):
        return
    ref = frozen.issue.ref
    raise IssueStopped(
        f"{ref} has been sent to its end ({counts[DeliveryState.SENT]:,} have it): there is nothing to call off. 送り終わっているため、取りやめる分はありません。"
    )


def _refuse_over(settings: Config, database: Database, frozen: FrozenIssue) -> None:
    """Raise `IssueExpired` or `IssueStopped` if nothing of the issue will be sent any more, whatever the operator orders."""
    if frozen.status is IssueStatus.CANCELLED:
        freeze.refuse_cancelled(frozen.issue.ref)
    refuse_ended(settings, database, frozen, now())


def _record(database: Database, what: str, ref: IssueRef, details: dict[str, str]) -> None:
    """Write an order into the audit log."""
    audit_log.append(database, AuditEvent(system_account(), what, str(ref), details), now=now())


@contextmanager
def _refusal_recorded(database: Database, ref: IssueRef) -> Iterator[None]:
    """Write a refusal for want of an approval or of authentication into the audit log."""
    try:
        yield
    except (NotApproved, NotAuthenticated) as error:
        _record(database, "scheduling refused", ref, {"reason": str(error)})
        raise
