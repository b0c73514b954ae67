"""How everything stands, for `status` and `/metrics`: issues with their counts and speed, lanes, relays, senders at work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from mailer.config import Config
from mailer.database import heartbeats, issues, ledger
from mailer.database.engine import Database
from mailer.database.heartbeats import ISSUE, QUEUE, RELAY, Heartbeat, SenderHeartbeat
from mailer.model.issue import FrozenIssue, IssueRef, IssueStatus, ListClass
from mailer.model.state import UNDER_WAY, UNTRIED, DeliveryState

SLOWEST = 0.05  # messages a second; below that nobody can say how long it takes


@dataclass(frozen=True, slots=True)
class IssueStatusRow:
    """One issue. `rate` in messages a second over all senders; `due` are the rows whose turn it is now."""

    ref: IssueRef
    list_class: ListClass
    status: IssueStatus
    frozen_at: datetime
    send_at: datetime | None
    next_due: datetime | None
    counts: Mapping[DeliveryState, int]
    rate: float = 0.0

    @property
    def in_hand(self) -> int:
        """Not tried yet, or being sent now."""
        return sum(self.counts[state] for state in UNTRIED)

    @property
    def seconds_left(self) -> int | None:
        """Until everybody has been tried, at this rate. None: nobody can say."""
        return round(self.in_hand / self.rate) if self.in_hand and self.rate > SLOWEST else None

    @property
    def is_under_way(self) -> bool:
        """Whether something may still be sent."""
        return any(self.counts[state] for state in UNDER_WAY)


@dataclass(frozen=True, slots=True)
class QueueStatusRow:
    """One lane over all senders; the lane of everybody without one has no name. `waiting`: rows that are not final."""

    name: str
    waiting: int
    connections: int
    limit: int | None
    resting: int
    rate: float


@dataclass(frozen=True, slots=True)
class RelayStatusRow:
    """One relay over all senders; `resting` is the number of senders that cannot use it now."""

    name: str
    connections: int
    limit: int
    resting: int


@dataclass(frozen=True, slots=True)
class StatusSnapshot:
    """Everything at one moment. `waiting_since` is when the oldest row became due that is not sent yet."""

    issues: tuple[IssueStatusRow, ...]
    lanes: tuple[QueueStatusRow, ...]
    relays: tuple[RelayStatusRow, ...]
    senders: int
    waiting_since: datetime | None

    @property
    def is_under_way(self) -> bool:
        """Whether an issue is being sent, or will be."""
        return any(one.is_under_way and one.status is IssueStatus.SENDING for one in self.issues)


def take_snapshot(config: Config, database: Database, chosen: Iterable[FrozenIssue], *, now: datetime) -> StatusSnapshot:
    """Asks the ledger and the senders' own words. Changes nothing."""
    beats, waiting = heartbeats.live_heartbeats(database), ledger.due_by_queue(database)
    return StatusSnapshot(
        issues=tuple(_issue(database, one, _of(beats, ISSUE, str(one.issue_id))) for one in chosen),
        lanes=tuple(_lane(config, name, waiting.get(name, 0), _of(beats, QUEUE, name)) for name in _lanes(config, waiting)),
        relays=tuple(_relay(one.name, one.connections, _of(beats, RELAY, one.name)) for one in config.relays),
        senders=len({one.owner for one in beats}),
        waiting_since=issues.oldest_due_since(database, now=now),
    )


def _issue(database: Database, found: FrozenIssue, said: list[Heartbeat]) -> IssueStatusRow:
    counts, due = ledger.counts(database, found.issue_id), ledger.next_due(database, found.issue_id)
    rate = round(sum(one.rate for one in said), 1)
    return IssueStatusRow(found.issue.ref, found.issue.list_class, found.status, found.frozen_at, found.send_at, due, counts, rate)


def _lanes(config: Config, waiting: Mapping[str, int]) -> list[str]:
    return sorted({"", *waiting, *(lane.name for lane in config.queues)})


def _lane(config: Config, name: str, waiting: int, said: list[Heartbeat]) -> QueueStatusRow:
    limit = next((lane.connections for lane in config.queues if lane.name == name), None)
    connections, resting = sum(one.connections for one in said), max((one.backing_off for one in said), default=0)
    return QueueStatusRow(name, waiting, connections, limit, resting, round(sum(one.rate for one in said), 1))


def _relay(name: str, limit: int, said: list[Heartbeat]) -> RelayStatusRow:
    return RelayStatusRow(name, sum(one.connections for one in said), limit, sum(one.backing_off for one in said))


def _of(beats: Iterable[SenderHeartbeat], kind: str, name: str) -> list[Heartbeat]:
    return [one.heartbeat for one in beats if (one.heartbeat.kind, one.heartbeat.name) == (kind, name)]
