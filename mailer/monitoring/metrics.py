"""`/metrics`: an overview in Prometheus' text format. Numbers and names of lists, lanes and relays; nothing about a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from mailer.config import Config
from mailer.database import issues
from mailer.database.engine import Database
from mailer.monitoring import status
from mailer.monitoring.status import StatusSnapshot

RECENT = timedelta(days=14)  # older issues are told only while something of them is left to send


def exposition(config: Config, database: Database, now: datetime) -> bytes:
    """What Prometheus asks for.

    :raises DatabaseError: the database cannot answer.
    """
    chosen = issues.recent(database, since=now - RECENT)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Once(status.take_snapshot(config, database, chosen, now=now), now))
    return generate_latest(registry)


class _Once(Collector):
    """Prometheus' interface for values that are asked for once."""

    def __init__(self, found: StatusSnapshot, now: datetime) -> None:
        self._found = found
        self._now = now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Every metric."""
        found = self._found
        yield from _issues(found)
        lanes = [((one.name or "everybody",), one) for one in found.lanes]
        yield _family("queue_waiting", "Deliveries of a queue that are not final.", ["queue"], [(key, one.waiting) for key, one in lanes])
        yield _family("queue_connections", "Connections that send for a queue.", ["queue"], [(key, one.connections) for key, one in lanes])
        yield _family(
            "queue_backing_off", "Domains of a queue that asked for less (421, 454).", ["queue"], [(key, one.resting) for key, one in lanes]
        )
        yield _family("queue_messages_per_second", "Results of a queue.", ["queue"], [(key, one.rate) for key, one in lanes])
        relays = [((one.name,), one) for one in found.relays]
        yield _family("relay_connections", "Open connections to a relay.", ["relay"], [(key, one.connections) for key, one in relays])
        yield _family("relay_backing_off", "Senders that cannot use a relay now.", ["relay"], [(key, one.resting) for key, one in relays])
        yield _family("senders", "Senders at work.", [], [((), found.senders)])
        since = found.waiting_since
        age = 0.0 if since is None else max(0.0, (self._now - since).total_seconds())
        yield _family("queue_age_seconds", "For how long the oldest delivery has been due.", [], [((), age)])


def _issues(found: StatusSnapshot) -> Iterator[GaugeMetricFamily]:
    states = [((one.ref.list, one.ref.number, state.value), float(number)) for one in found.issues for state, number in one.counts.items()]
    yield _family("deliveries", "Deliveries of the newest and all unfinished issues.", ["list", "number", "state"], states)
    rates = [((one.ref.list, one.ref.number), one.rate) for one in found.issues]
    yield _family("messages_per_second", "Results of an issue over all senders.", ["list", "number"], rates)


def _family(name: str, told: str, labels: list[str], values: Sequence[tuple[tuple[str, ...], float]]) -> GaugeMetricFamily:
    made = GaugeMetricFamily(f"todoke_{name}", told, labels=labels)
    for key, value in values:
        made.add_metric(key, value)
    return made
