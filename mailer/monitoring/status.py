"""How everything stands, for `status` and `/metrics`: issues with their counts and speed, lanes, relays, senders at work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from mailer.config import Config
from mailer.database import heartbeats as pulses
from mailer.database import issues, ledger
from mailer.database.engine import Database
from mailer.database.heartbeats import ISSUE, LANE, RELAY, Beat, Pulse
from mailer.model.issue import Frozen, IssueRef, Status
from mailer.model.state import UNDER_WAY, State

SLOWEST = 0.05  # messages a second; below that nobody can say how long it takes


@dataclass(frozen=True, slots=True)
class IssueView:
    """One issue. `rate` in messages a second over all senders; `due` are the rows whose turn it is now."""

    ref: IssueRef
    kind: str
    status: Status
    frozen_at: datetime
    send_at: datetime | None
    next_due: datetime | None
    counts: Mapping[State, int]
    rate: float = 0.0

    @property
    def in_hand(self) -> int:
        """Not tried yet, or being sent now."""
        return sum(self.counts[state] for state in (State.PENDING, State.CLAIMED, State.ATTEMPTED))

    @property
    def seconds_left(self) -> int | None:
        """Until everybody has been tried, at this rate. None: nobody can say."""
        return round(self.in_hand / self.rate) if self.in_hand and self.rate > SLOWEST else None

    @property
    def is_under_way(self) -> bool:
        """Whether something may still be sent."""
        return any(self.counts[state] for state in UNDER_WAY)


@dataclass(frozen=True, slots=True)
class LaneView:
    """One lane over all senders; the lane of everybody without one has no name. `waiting`: rows that are not final."""

    name: str
    waiting: int
    connections: int
    limit: int | None
    resting: int
    rate: float


@dataclass(frozen=True, slots=True)
class RelayView:
    """One relay over all senders; `resting` is the number of senders that cannot use it now."""

    name: str
    connections: int
    limit: int
    resting: int


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything at one moment. `waiting_since` is when the oldest row became due that is not sent yet."""

    issues: tuple[IssueView, ...]
    lanes: tuple[LaneView, ...]
    relays: tuple[RelayView, ...]
    senders: int
    waiting_since: datetime | None

    @property
    def is_under_way(self) -> bool:
        """Whether an issue is being sent, or will be."""
        return any(one.is_under_way and one.status is Status.SENDING for one in self.issues)


def look(config: Config, database: Database, chosen: Iterable[Frozen], *, now: datetime) -> Overview:
    """Asks the ledger and the senders' own words. Changes nothing."""
    beats, waiting = pulses.beats(database), ledger.waiting(database)
    return Overview(
        issues=tuple(_issue(database, one, _of(beats, ISSUE, str(one.issue_id))) for one in chosen),
        lanes=tuple(_lane(config, name, waiting.get(name, 0), _of(beats, LANE, name)) for name in _lanes(config, waiting)),
        relays=tuple(_relay(one.name, one.connections, _of(beats, RELAY, one.name)) for one in config.relays),
        senders=len({one.owner for one in beats}),
        waiting_since=issues.waiting_since(database, now=now),
    )


def _issue(database: Database, found: Frozen, said: list[Pulse]) -> IssueView:
    counts, due = ledger.counts(database, found.issue_id), ledger.next_due(database, found.issue_id)
    rate = round(sum(one.rate for one in said), 1)
    return IssueView(found.issue.ref, found.issue.kind, found.status, found.frozen_at, found.send_at, due, counts, rate)


def _lanes(config: Config, waiting: Mapping[str, int]) -> list[str]:
    return sorted({"", *waiting, *(lane.name for lane in config.lanes)})


def _lane(config: Config, name: str, waiting: int, said: list[Pulse]) -> LaneView:
    limit = next((lane.connections for lane in config.lanes if lane.name == name), None)
    connections, resting = sum(one.connections for one in said), max((one.resting for one in said), default=0)
    return LaneView(name, waiting, connections, limit, resting, round(sum(one.rate for one in said), 1))


def _relay(name: str, limit: int, said: list[Pulse]) -> RelayView:
    return RelayView(name, sum(one.connections for one in said), limit, sum(one.resting for one in said))


def _of(beats: Iterable[Beat], kind: str, name: str) -> list[Pulse]:
    return [one.pulse for one in beats if (one.pulse.kind, one.pulse.name) == (kind, name)]
