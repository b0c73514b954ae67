"""What this sender reports of itself every two seconds (`database.deliveries.heartbeats`), for `status` and `/metrics`."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable

from mailer.database.deliveries.heartbeats import ISSUE, QUEUE, RELAY, Heartbeat
from mailer.delivery.limits.domain_queue import DomainQueue
from mailer.delivery.limits.relay_pool import Relay
from mailer.model.ids import IssueId

INTERVAL = 2.0  # seconds
SPAN = 5  # intervals over which a rate is taken: about ten seconds


class Throughput:
    """Counts the results of each issue and queue. Times are monotonic seconds."""

    def __init__(self, now: float) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._samples: deque[tuple[float, Counter[tuple[str, str]]]] = deque([(now, Counter())], maxlen=SPAN + 1)

    def count(self, issue_id: IssueId, queue: str, number: int) -> None:
        """So many more results."""
        self._counts[ISSUE, str(issue_id)] += number
        self._counts[QUEUE, queue] += number

    def rates(self, now: float) -> dict[tuple[str, str], float]:
        """Results a second, by kind (issue or queue) and name. Each call is one sample."""
        began, before = self._samples[0]
        self._samples.append((now, self._counts.copy()))
        seconds = max(now - began, 0.001)
        return {key: (number - before[key]) / seconds for key, number in self._counts.items()}


def heartbeats(
    queues: Iterable[DomainQueue], relays: Iterable[Relay], rates: dict[tuple[str, str], float], now: float
) -> tuple[Heartbeat, ...]:
    """All heartbeats of this sender. `now` is the event loop's time."""
    of_queues = (
        Heartbeat(
            QUEUE, queue.name, len(queue.workers), len(queue), len(queue.backoffs(now)), round(rates.get((QUEUE, queue.name), 0.0), 2)
        )
        for queue in queues
    )
    of_relays = (Heartbeat(RELAY, relay.settings.name, relay.live, 0, int(relay.is_out or relay.retry_at > now)) for relay in relays)
    of_issues = (Heartbeat(ISSUE, name, rate=round(rate, 2)) for (kind, name), rate in rates.items() if kind == ISSUE)
    return (*of_queues, *of_relays, *of_issues)
