"""How fast a sender is and what it holds, said every two seconds (`store.pulses`)."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable

from mailer.database.heartbeats import ISSUE, QUEUE, RELAY, Heartbeat
from mailer.delivery.domain_queue import DomainQueue
from mailer.delivery.relay_pool import Relay
from mailer.model.ids import IssueId

EVERY = 2.0  # seconds
SPAN = 5  # looks over which a rate is taken: about ten seconds


class Throughput:
    """Results of each issue and lane, counted; the rate is taken over the last few looks."""

    def __init__(self, now: float) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self._looks: deque[tuple[float, Counter[tuple[str, str]]]] = deque([(now, Counter())], maxlen=SPAN + 1)

    def count(self, issue_id: IssueId, lane: str, number: int) -> None:
        """So many more results."""
        self.counts[ISSUE, str(issue_id)] += number
        self.counts[QUEUE, lane] += number

    def rates(self, now: float) -> dict[tuple[str, str], float]:
        """Results a second, for each issue and lane."""
        began, before = self._looks[0]
        self._looks.append((now, self.counts.copy()))
        seconds = max(now - began, 0.001)
        return {key: (number - before[key]) / seconds for key, number in self.counts.items()}


def heartbeats(
    lanes: Iterable[DomainQueue], routes: Iterable[Relay], rates: dict[tuple[str, str], float], now: float
) -> tuple[Heartbeat, ...]:
    """All lines of one sender."""
    found = [
        Heartbeat(QUEUE, lane.name, len(lane.carriers), len(lane), len(lane.rests(now)), round(rates.get((QUEUE, lane.name), 0.0), 2))
        for lane in lanes
    ]
    found += [Heartbeat(RELAY, route.settings.name, route.live, 0, int(route.is_out or route.rests_until > now)) for route in routes]
    found += [Heartbeat(ISSUE, name, rate=round(rate, 2)) for (kind, name), rate in rates.items() if kind == ISSUE]
    return tuple(found)
