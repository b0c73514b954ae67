"""Values → listings for the operator's terminal, English first. Nothing is asked or decided here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from rich.console import Group, RenderableType

from mailer.approval.approvers import Approver
from mailer.cli.screen.listing import Column, Listing, Row
from mailer.database.deliveries.ledger import LedgerEntry
from mailer.log import escape
from mailer.model.audit_log import AuditEntry
from mailer.model.clock import format_time
from mailer.model.issue import FrozenIssue, IssueRef, IssueStatus
from mailer.model.state import DeliveryState
from mailer.monitoring.status import IssuePhase, IssueStatusRow, StatusSnapshot
from mailer.sending.run import IssueSummary

STATES = {
    DeliveryState.SENT: "sent\n送信済み",
    DeliveryState.PENDING: "pending\n未送信",
    DeliveryState.DEFERRED: "deferred\nあとで再送",
    DeliveryState.FAILED: "failed\n届かない",
    DeliveryState.UNKNOWN: "unknown\n届いたか不明",
    DeliveryState.SUPPRESSED: "suppressed\n配信停止",
    DeliveryState.CLAIMED: "claimed\n送信中",
    DeliveryState.EXPIRED: "expired\n期限切れ",
    DeliveryState.HELD: "held\nまとめ待ち",
    DeliveryState.MERGED: "merged\nまとめに入り",
}
STYLES = {DeliveryState.SENT: "green", DeliveryState.FAILED: "red", DeliveryState.UNKNOWN: "yellow", DeliveryState.DEFERRED: "cyan"}
PHASES = {
    IssuePhase.SCHEDULED: "scheduled 予約",
    IssuePhase.SENDING: "sending 配信中",
    IssuePhase.PAUSED: "paused 一時停止",
    IssuePhase.CANCELLED: "cancelled 取りやめ",
    IssuePhase.REOPENED: "reopened 出し直しの準備中",
    IssuePhase.EXPIRED: "expired 期限切れ",
}


def state_words(state: DeliveryState) -> str:
    """Return the state in both languages, on one line."""
    return STATES[state].replace("\n", " ")


def summary_table(ref: IssueRef, summary: IssueSummary, zone: tzinfo) -> Listing:
    """Return the one table at the end of `send`."""
    rows = [Row((state_words(state), f"{summary.counts[state]:,}"), STYLES.get(state, "")) for state in STATES if summary.counts[state]]
    rows.append(Row(("all 合計", f"{sum(summary.counts.values()):,}"), "bold"))
    caption = "" if summary.next_due is None else f"next try after {format_time(summary.next_due, zone)} このあと再送します"
    return Listing((Column("state\n状態"), Column("number\n件数", is_number=True)), tuple(rows), str(ref), caption)


def status_tables(snapshot: StatusSnapshot, zone: tzinfo) -> Group:
    """Return all issues; and the queues and relays while somebody is sending, or if the settings have queues."""
    tables: list[RenderableType] = [
        _issues_table(snapshot, zone) if snapshot.issues else "No issue has been frozen yet. まだ号がありません。"
    ]
    if snapshot.senders or len(snapshot.queues) > 1:
        tables += [_queues_table(snapshot), _relays_table(snapshot)]
    return Group(*tables)


def _issues_table(snapshot: StatusSnapshot, zone: tzinfo) -> Listing:
    states = [state for state in STATES if any(row.counts[state] for row in snapshot.issues)]
    columns = [
        Column("issue\n号"),
        Column("status\n状況", can_wrap=True),
        Column("frozen\n確定", can_wrap=True),
        *(Column(STATES[state], is_number=True) for state in states),
    ]
    if is_sending := any(row.rate for row in snapshot.issues):
        columns += [Column("mails/s\n毎秒", is_number=True), Column("time left\n残り")]
    if has_later := any(row.send_at and row.is_under_way for row in snapshot.issues):
        columns.append(Column("not before\n予約", can_wrap=True))

    def cells(row: IssueStatusRow) -> tuple[str, ...]:
        is_finished = row.phase is IssuePhase.SENDING and not row.is_under_way
        status = "finished 終了" if is_finished else PHASES[row.phase]
        fixed = (str(row.ref), status, format_time(row.frozen_at, zone), *(f"{row.counts[state]:,}" for state in states))
        speed = (f"{row.rate:,.1f}" if row.rate else "", format_duration(row.seconds_left)) if is_sending else ()
        return (*fixed, *speed, *((format_optional(row.send_at, zone),) if has_later else ()))

    return Listing(tuple(columns), tuple(Row(cells(row)) for row in snapshot.issues))


def _queues_table(snapshot: StatusSnapshot) -> Listing:
    columns = (
        Column("queue\n宛先の組"),
        Column("waiting\n待ち", is_number=True),
        Column("connections\n接続", is_number=True),
        Column("backing off\n休止中の宛先", is_number=True),
        Column("mails/s\n毎秒", is_number=True),
    )
    rows = []
    for row in snapshot.queues:
        connections = str(row.connections) if row.limit is None else f"{row.connections} / {row.limit}"
        rows.append(Row((row.name or "others ほか", f"{row.waiting:,}", connections, str(row.backing_off), f"{row.rate:,.1f}")))
    return Listing(columns, tuple(rows), f"senders at work 送信中のプロセス: {snapshot.senders}")


def _relays_table(snapshot: StatusSnapshot) -> Listing:
    columns = (Column("relay\n中継"), Column("connections\n接続", is_number=True), Column("state\n状態"))
    rows = (
        Row((row.name, f"{row.connections} / {row.limit}", "backing off 休止中" if row.backing_off else "ready 使える"))
        for row in snapshot.relays
    )
    return Listing(columns, tuple(rows))


def schedule_table(later: Sequence[tuple[FrozenIssue, int, datetime]], zone: tzinfo) -> RenderableType:
    """Return the issues that are to be sent later, with the number of their deliveries and the moment from which they are not sent any more."""
    if not later:
        return "Nothing is scheduled. 予約はありません。"
    columns = (
        Column("issue\n号"),
        Column("not before\n予約した日時", can_wrap=True),
        Column("status\n状況", can_wrap=True),
        Column("people\n人数", is_number=True),
        Column("not after\n期限", can_wrap=True),
    )
    rows = [
        Row((str(frozen.issue.ref), format_optional(frozen.send_at, zone), _schedule_words(frozen), f"{due:,}", format_time(end, zone)))
        for frozen, due, end in later
    ]
    return Listing(columns, tuple(rows))


def _schedule_words(frozen: FrozenIssue) -> str:
    return PHASES[IssuePhase.SCHEDULED if frozen.status is IssueStatus.SENDING else IssuePhase(frozen.status)]


def missed_table(ref: IssueRef, entries: Sequence[LedgerEntry], zone: tzinfo) -> RenderableType:
    """Return who has not got an issue, and why."""
    if not entries:
        return f"{ref}: everybody has got it. 全員に届けました。"
    columns = (
        Column("address\nアドレス"),
        Column("state\n状態", can_wrap=True),
        Column("code\n応答", is_number=True),
        Column("reply\n応答の文", can_wrap=True),
        Column("since\n日時", can_wrap=True),
    )
    rows = (
        Row(
            (
                entry.address,
                state_words(entry.state),
                "" if entry.code is None else str(entry.code),
                entry.text,
                format_time(entry.changed_at, zone),
            ),
            STYLES.get(entry.state, ""),
        )
        for entry in entries
    )
    return Listing(columns, tuple(rows), f"{ref}: {len(entries):,} not delivered 届いていない人")


def audit_table(entries: Sequence[AuditEntry], zone: tzinfo) -> Listing:
    """Return the audit log. What somebody wrote into it cannot steer the terminal."""
    columns = (
        Column("entry\n記録"),
        Column("time\n日時", can_wrap=True),
        Column("issue\n号"),
        Column("by\n人"),
        Column("details\n詳細", can_wrap=True),
        Column("hash\nハッシュ値"),
    )
    rows = (
        Row(
            (
                f"{entry.number} {escape(entry.event.what)}",
                f"{entry.at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}",
                escape(entry.event.issue),
                escape(entry.event.actor),
                escape(_details(entry.event.details)),
                entry.hash,
            )
        )
        for entry in entries
    )
    return Listing(columns, tuple(rows))


def _details(details: Mapping[str, str]) -> str:
    """What a person compares; parts, sources and signature of an approval are in the JSON."""
    shown = {key: value for key, value in details.items() if value and key not in ("signature", "sources") and not key.startswith("part ")}
    return "; ".join(f"{key}={value}" for key, value in shown.items())


def approvers_table(known: Sequence[Approver]) -> Listing:
    """Return who may approve which lists."""
    columns = (Column("name\n名前"), Column("address\nアドレス"), Column("lists\n配信先", can_wrap=True), Column("key\n鍵", can_wrap=True))
    rows = ((each.name, each.mail, " ".join(each.lists), each.fingerprint or "none なし") for each in known)
    return Listing(columns, tuple(Row(tuple(map(escape, cells))) for cells in rows))


def count(number: int, singular: str, plural: str = "") -> str:
    """Return ``1 line``, ``2 lines``, ``1 person``, ``1,000 people``."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def format_duration(seconds: int | None) -> str:
    """Return ``12 s``, ``3 min 05 s`` or ``2 h 10 min``; nothing for None."""
    if seconds is None:
        return ""
    minutes, hours = seconds // 60, seconds // 3600
    if hours:
        return f"{hours} h {minutes % 60:02} min"
    return f"{minutes} min {seconds % 60:02} s" if minutes else f"{seconds} s"


def format_optional(moment: datetime | None, zone: tzinfo) -> str:
    """Return the time for a person; nothing for None."""
    return "" if moment is None else format_time(moment, zone)
