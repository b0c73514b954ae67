"""Returned mail, complaints, suppressions and 空メール for `/metrics`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily

from mailer.config.settings import Config
from mailer.database.engine import Database
from mailer.database.returned import queue_stops
from mailer.database.returned.queue_stops import QueueStop
from mailer.database.returned.returned_counts import ReturnedCounts, count_returned
from mailer.model.readers.suppression import SuppressionReason
from mailer.model.returned.folder import Folder
from mailer.monitoring.gauge import gauge

COUNTED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Returned:
    """`messages`: how many lie in each folder of received mail."""

    counts: ReturnedCounts
    messages: Mapping[Folder, int]
    stops: Sequence[QueueStop]


def take_returned(config: Config, database: Database, now: datetime) -> Returned:
    """Count what came back in the last day, and what waits now.

    :raises DatabaseError: the database cannot answer.
    """
    messages = {folder: _messages(config.spool / folder) for folder in Folder}
    return Returned(count_returned(database, since=now - COUNTED), messages, queue_stops.stops(database))


def returned_gauges(returned: Returned) -> Iterator[GaugeMetricFamily]:
    """Yield the metrics."""
    counts = returned.counts
    problems = [((receiver or "others", kind.value), float(number)) for (receiver, kind), number in sorted(counts.problems.items())]
    yield gauge("returned_mail", "Refusals and returned messages of the last 24 hours.", ["receiver", "class"], problems)
    complaints = [((key,), float(number)) for key, number in sorted(counts.complaints.items())]
    yield gauge("complaints", "Readers who have complained about a list in the last 24 hours.", ["list"], complaints)
    reasons = [((reason.value,), float(counts.suppressed.get(reason.value, 0))) for reason in SuppressionReason]
    yield gauge("suppressions", "Suppressions that hold now.", ["reason"], reasons)
    words = "Received messages: new wait to be read, failed could not be read, pile nobody has understood."
    yield gauge("inbound_messages", words, ["folder"], [((folder.value,), float(number)) for folder, number in returned.messages.items()])
    replies = [((word,), float(number)) for word, number in sorted(counts.replies.items())]
    yield gauge("empty_mail_replies", "Answers to empty mails in the last 24 hours: help, unsubscribe, confirmed.", ["answer"], replies)
    words = "Mailboxes that were asked in the last 24 hours to confirm a sign-up, by web or by empty mail."
    yield gauge("sign_ups_asked", words, [], [((), float(counts.asked))])
    yield gauge("sign_ups_unsent", "Confirmations that no relay has taken yet.", [], [((), float(counts.unsent))])
    stops = [((stop.queue or "others", stop.bounce_class.value), 1.0) for stop in returned.stops]
    yield gauge("queue_stopped", "Queues from which no newsletter leaves until an operator releases them.", ["queue", "class"], stops)


def _messages(folder: Path) -> int:
    with suppress(FileNotFoundError):
        return sum(each.name.endswith(".mail") for each in os.scandir(folder))
    return 0
