"""`/metrics`: a snapshot in Prometheus' text format. Numbers and names of lists, queues and relays; nothing about a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from mailer.config.settings import Config
from mailer.database.deliveries import issues
from mailer.database.engine import Database
from mailer.drill_reports import LastDrill, last_drill
from mailer.model.issue import IssueRef
from mailer.model.returned.arrival import ReceiverArrivals
from mailer.monitoring import status
from mailer.monitoring.arrivals import by_receiver
from mailer.monitoring.gauge import gauge
from mailer.monitoring.returned import Returned, returned_gauges, take_returned
from mailer.monitoring.status import StatusSnapshot

RECENT = timedelta(days=14)
"""Older issues appear only while something of them is left to send: each issue is nine time series for ever in Prometheus."""

RETURNING = timedelta(days=5)
"""For so long returned mail changes the figures (RFC 5321 section 4.5.4.1); counting by receiver reads every delivery, so older issues are left out."""

ArrivalsByIssue = Sequence[tuple[IssueRef, Sequence[ReceiverArrivals]]]


def exposition(config: Config, database: Database, now: datetime) -> bytes:
    """Return the text that Prometheus reads (exposition format 0.0.4).

    :raises DatabaseError: the database cannot answer.
    """
    chosen = issues.recent(database, since=now - RECENT)
    registry = CollectorRegistry(auto_describe=False)
    counted = [frozen for frozen in chosen if (frozen.send_at or frozen.frozen_at) >= now - RETURNING]
    by_issue = [(frozen.issue.ref, by_receiver(database, frozen.issue_id)) for frozen in counted]
    snapshot, returned = status.take_snapshot(config, database, chosen, now=now), take_returned(config, database, now)
    drill = last_drill(config.doctor.drill) if config.doctor.drill is not None else None
    registry.register(_SnapshotCollector(snapshot, returned, now, by_issue, drill))
    return generate_latest(registry)


class _SnapshotCollector(Collector):
    """Prometheus' interface for the values of one moment."""

    def __init__(
        self, snapshot: StatusSnapshot, returned: Returned, now: datetime, by_issue: ArrivalsByIssue, drill: LastDrill | None
    ) -> None:
        self._by_issue, self._drill = by_issue, drill
        self._snapshot, self._returned = snapshot, returned
        self._now = now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield every metric."""
        yield from _issues(self._snapshot)
        yield _arrivals(self._by_issue)
        yield from _queues(self._snapshot)
        yield from _relays(self._snapshot)
        yield from returned_gauges(self._returned)
        yield gauge("senders", "Senders at work.", [], [((), self._snapshot.senders)])
        since = self._snapshot.waiting_since
        age = 0.0 if since is None else max(0.0, (self._now - since).total_seconds())
        yield gauge("queue_age_seconds", "For how long the oldest delivery has been due.", [], [((), age)])
        yield from _drill(self._drill, self._now)


def _drill(last: LastDrill | None, now: datetime) -> Iterator[GaugeMetricFamily]:
    """Without any report there is no sample: `absent()` in Prometheus."""
    ages = [] if last is None else [((), max(0.0, (now - last.moment).total_seconds()))]
    yield gauge("drill_age_seconds", "How long ago the last drill was; no sample without a report.", [], ages)
    passed = [] if last is None else [((), float(last.passed))]
    yield gauge("drill_passed", "Whether the last drill was passed: 1 or 0; no sample without a report.", [], passed)


def _issues(snapshot: StatusSnapshot) -> Iterator[GaugeMetricFamily]:
    rows = [((row.ref.list, row.ref.number), row) for row in snapshot.issues]
    by_state = [((*key, state.value), float(count)) for key, row in rows for state, count in row.counts.items()]
    yield gauge("deliveries", "Deliveries of the newest and all unfinished issues.", ["list", "number", "state"], by_state)
    rates = [(key, row.rate) for key, row in rows]
    yield gauge("messages_per_second", "Results of an issue over all senders.", ["list", "number"], rates)


def _arrivals(by_issue: ArrivalsByIssue) -> GaugeMetricFamily:
    samples = [
        ((ref.list, ref.number, row.receiver.value, kind.value), float(count))
        for ref, rows in by_issue
        for row in rows
        for kind, count in row.counts.items()
    ]
    words = "Deliveries by receiver: accepted, complained, filtered, unknown (no such mailbox), refused, deferred and others."
    return gauge("arrivals", words, ["list", "number", "receiver", "arrival"], samples)


def _queues(snapshot: StatusSnapshot) -> Iterator[GaugeMetricFamily]:
    rows = [((row.name or "everybody",), row) for row in snapshot.queues]
    yield gauge("queue_waiting", "Deliveries of a queue that are not final.", ["queue"], [(key, row.waiting) for key, row in rows])
    connections = [(key, row.connections) for key, row in rows]
    yield gauge("queue_connections", "Connections that send for a queue.", ["queue"], connections)
    backing_off = [(key, row.backing_off) for key, row in rows]
    yield gauge("queue_backing_off", "Domains of a queue that asked for less (421, 454).", ["queue"], backing_off)
    yield gauge("queue_messages_per_second", "Results of a queue.", ["queue"], [(key, row.rate) for key, row in rows])


def _relays(snapshot: StatusSnapshot) -> Iterator[GaugeMetricFamily]:
    rows = [((row.name,), row) for row in snapshot.relays]
    yield gauge("relay_connections", "Open connections to a relay.", ["relay"], [(key, row.connections) for key, row in rows])
    backing_off = [(key, row.backing_off) for key, row in rows]
    yield gauge("relay_backing_off", "Senders that cannot use a relay now.", ["relay"], backing_off)
