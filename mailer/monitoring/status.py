"""One snapshot for `status` and `/metrics`: issues with their counts and speed, queues, relays, senders at work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailer.config.settings import Config
from mailer.database.deliveries import heartbeats, issues, ledger
from mailer.database.deliveries.heartbeats import ISSUE, QUEUE, RELAY, Heartbeat, SenderHeartbeat
from mailer.database.engine import Database
from mailer.model.issue import FrozenIssue, IssueRef, IssueStatus, ListClass
from mailer.model.state import UNDER_WAY, UNTRIED, DeliveryState

SLOWEST_RATE = 0.05
"""Messages a second. Below it a time left would be a guess from one or two messages."""


class IssuePhase(StrEnum):
    """Where an issue stands: what the operator has ordered, and what time makes of it."""

    SCHEDULED = "scheduled"  # its moment has not come
    SENDING = "sending"  # also when nothing is left to send
    PAUSED = "paused"
    CANCELLED = "cancelled"
    REOPENED = "reopened"  # cancelled and opened again; not frozen anew yet
    EXPIRED = "expired"  # something is left to send, and it is too late


@dataclass(frozen=True, slots=True)
class IssueStatusRow:
    """One issue. `rate` is in messages a second over all senders; `next_due` is when the next deferred delivery is tried; from `end` on nothing of
    it is sent any more.
    """

    ref: IssueRef
    list_class: ListClass
    phase: IssuePhase
    frozen_at: datetime
    send_at: datetime | None
    end: datetime
    next_due: datetime | None
    counts: Mapping[DeliveryState, int]
    rate: float = 0.0

    @property
    def untried(self) -> int:
        """Deliveries that nobody has tried yet, or that are being sent now."""
        return sum(self.counts[state] for state in UNTRIED)

    @property
    def seconds_left(self) -> int | None:
        """Seconds until everybody has been tried, at this rate. None if the rate is too low to say."""
        return round(self.untried / self.rate) if self.untried and self.rate > SLOWEST_RATE else None

    @property
    def is_under_way(self) -> bool:
        """Whether something may still be sent."""
        return any(self.counts[state] for state in UNDER_WAY)


@dataclass(frozen=True, slots=True)
class QueueStatusRow:
    """One domain queue over all senders; the queue of all other domains has no name.

    `waiting` are deliveries that are not final, `backing_off` the most domains that a sender lets rest, `limit` the connections allowed.
    """

    name: str
    waiting: int
    connections: int
    limit: int | None
    backing_off: int
    rate: float


@dataclass(frozen=True, slots=True)
class RelayStatusRow:
    """One relay over all senders; `backing_off` is the number of senders that cannot use it now."""

    name: str
    connections: int
    limit: int
    backing_off: int


@dataclass(frozen=True, slots=True)
class StatusSnapshot:
    """Everything at one moment. `waiting_since` is when the oldest delivery became due that is not sent yet."""

    issues: tuple[IssueStatusRow, ...]
    queues: tuple[QueueStatusRow, ...]
    relays: tuple[RelayStatusRow, ...]
    senders: int
    waiting_since: datetime | None

    @property
    def is_under_way(self) -> bool:
        """Whether an issue is being sent, or will be."""
        return any(row.is_under_way and row.phase in (IssuePhase.SENDING, IssuePhase.SCHEDULED) for row in self.issues)


def take_snapshot(config: Config, database: Database, chosen: Iterable[FrozenIssue], *, now: datetime) -> StatusSnapshot:
    """Ask the ledger and the heartbeats of the senders. Changes nothing.

    :raises DatabaseError: the database cannot answer.
    """
    live, waiting = heartbeats.live_heartbeats(database), ledger.due_by_queue(database)
    return StatusSnapshot(
        issues=tuple(_issue(config, database, frozen, _select(live, ISSUE, str(frozen.issue_id)), now) for frozen in chosen),
        queues=tuple(_queue(config, name, waiting.get(name, 0), _select(live, QUEUE, name)) for name in _queue_names(config, waiting)),
        relays=tuple(_relay(relay.name, relay.connections, _select(live, RELAY, relay.name)) for relay in config.relays),
        senders=len({each.owner for each in live}),
        waiting_since=issues.oldest_due_since(database, now=now),
    )


def _issue(config: Config, database: Database, frozen: FrozenIssue, reports: list[Heartbeat], now: datetime) -> IssueStatusRow:
    issue, counts, end = frozen.issue, ledger.counts(database, frozen.issue_id), config.max_age.end(frozen)
    next_due, rate = ledger.next_due(database, frozen.issue_id), round(sum(report.rate for report in reports), 1)
    phase = issue_phase(frozen, end, now) if any(counts[state] for state in UNDER_WAY) else IssuePhase(frozen.status)
    return IssueStatusRow(issue.ref, issue.list_class, phase, frozen.frozen_at, frozen.send_at, end, next_due, counts, rate)


def issue_phase(frozen: FrozenIssue, end: datetime, now: datetime) -> IssuePhase:
    """Return where an issue stands of which something is left to send."""
    if frozen.status in (IssueStatus.SENDING, IssueStatus.PAUSED) and now >= end:
        return IssuePhase.EXPIRED
    if frozen.status is IssueStatus.SENDING and frozen.send_at is not None and now < frozen.send_at:
        return IssuePhase.SCHEDULED
    return IssuePhase(frozen.status)


def _queue_names(config: Config, waiting: Mapping[str, int]) -> list[str]:
    """Return the queues of the settings, those that still hold deliveries, and the queue without a name."""
    return sorted({"", *waiting, *(queue.name for queue in config.queues)})


def _queue(config: Config, name: str, waiting: int, reports: list[Heartbeat]) -> QueueStatusRow:
    limit = next((queue.connections for queue in config.queues if queue.name == name), None)
    connections, backing_off = sum(report.connections for report in reports), max((report.backing_off for report in reports), default=0)
    return QueueStatusRow(name, waiting, connections, limit, backing_off, round(sum(report.rate for report in reports), 1))


def _relay(name: str, limit: int, reports: list[Heartbeat]) -> RelayStatusRow:
    return RelayStatusRow(name, sum(report.connections for report in reports), limit, sum(report.backing_off for report in reports))


def _select(live: Iterable[SenderHeartbeat], kind: str, name: str) -> list[Heartbeat]:
    """Return the heartbeats that all senders gave about one thing."""
    return [each.heartbeat for each in live if (each.heartbeat.kind, each.heartbeat.name) == (kind, name)]
