"""Refusals at sending time count as returned mail does, and a queue with too many of them stops; on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from mailer.config.settings import QueueSettings
from mailer.database.deliveries import issues, ledger
from mailer.database.engine import create_database
from mailer.database.readers import subscriptions as stored_subscriptions
from mailer.database.readers import suppressions
from mailer.database.readers.subscriptions import ImportedSubscriber
from mailer.database.returned import delivery_problems as stored
from mailer.database.returned import queue_stops
from mailer.delivery.context import DeliveryContext
from mailer.model.clock import JAPAN
from mailer.model.ids import SubscriberId
from mailer.model.issue import ListClass, ReportStage
from mailer.model.returned.bounce import BounceClass
from mailer.model.state import DeliveryState
from mailer.monitoring.operator_report import OperatorReport, report_text
from mailer.sending import send
from mailer.subscribers import delivery_problems
from tests.mailer.inbound.arrivals import KEYS
from tests.samples.mail.mail_bundles import REF, SEAL, Installation, RecordedProgress, installation, write_issue
from tests.servers.smtp import Behaviour, Receiver

DOCOMO = QueueSettings("docomo.ne.jp", ("docomo.ne.jp",), 1, 0.0, 100)
CARRIER_READERS = 60


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver(Behaviour()) as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, database_url: str, receiver: Receiver) -> Iterator[Installation]:
    """Three readers at example.jp and sixty at docomo, which has a queue of its own."""
    base = installation(tmp_path, receiver.port, readers=0)
    base.database.close()
    with closing(create_database(database_url, SEAL, KEYS)) as database:
        config = replace(base.context.config, database=database_url, queues=(DOCOMO,))
        context: DeliveryContext = replace(base.context, config=config, database=database)
        people = [ImportedSubscriber(f"reader{number}@example.jp", "", ("fukko-press",)) for number in range(1, 4)]
        people += [ImportedSubscriber(f"d{number}@docomo.ne.jp", "", ("fukko-press",)) for number in range(CARRIER_READERS)]
        stored_subscriptions.import_subscribers(database, people, source="test", now=base.clock())
        yield Installation(base.root, context, base.clock)


def run(home: Installation) -> None:
    send.send(home.context, home.root, REF, RecordedProgress())
    delivery_problems.read_refusals(home.database, now=home.clock())


def kinds(home: Installation, address: str) -> list[tuple[BounceClass, str]]:
    person = stored_subscriptions.find(home.database, address)
    problems, _ = delivery_problems.delivery_problems_of(home.database, person or SubscriberId(0), home.clock())
    return [(each.bounce_class, each.receiver) for each in problems]


def test_at_docomo_unknown_after_rcpt_and_after_the_body_are_two_things_at_sending_time_too(home: Installation, receiver: Receiver) -> None:
    receiver.behaviour.rcpt = {"d1@docomo.ne.jp": "550 Unknown user d1@docomo.ne.jp", "reader2@example.jp": "550 5.1.1 no such user"}
    receiver.behaviour.data = {"d2@docomo.ne.jp": "550 Unknown user d2@docomo.ne.jp"}
    run(home)
    assert kinds(home, "d1@docomo.ne.jp") == [(BounceClass.UNKNOWN, "docomo")]
    assert kinds(home, "d2@docomo.ne.jp") == [(BounceClass.FILTERED, "docomo")]
    assert suppressions.is_suppressed(home.database, "reader2@example.jp"), "a hard code at once"
    assert not suppressions.is_suppressed(home.database, "d1@docomo.ne.jp"), "no enhanced code: the second time"
    assert delivery_problems.read_refusals(home.database, now=home.clock()) == 0, "each refusal is read once"
    assert not queue_stops.stops(home.database)


def test_a_queue_with_too_many_unknown_recipients_stops_until_it_is_released_and_an_emergency_passes_it(
    home: Installation, receiver: Receiver
) -> None:
    receiver.behaviour.rcpt = {f"d{number}@docomo.ne.jp": "550 Unknown user" for number in range(5)}
    run(home)
    (stop,) = queue_stops.stops(home.database)
    assert (stop.queue, stop.ref, stop.bounce_class) == ("docomo.ne.jp", REF, BounceClass.UNKNOWN)
    assert "5 of 60" in stop.reason and "@" not in stop.reason

    next_issue = replace(REF, number="46")
    receiver.accepted.clear()
    write_issue(home.root, next_issue)
    send.send(home.context, home.root, next_issue, RecordedProgress())
    assert {address.rpartition("@")[2] for address in receiver.recipients} == {"example.jp"}
    frozen = issues.find(home.database, next_issue)
    assert frozen is not None
    assert ledger.counts(home.database, frozen.issue_id)[DeliveryState.PENDING] == CARRIER_READERS
    assert ledger.count_due(home.database, frozen.issue_id, now=home.clock()) == 0
    assert not issues.sendable_issues(home.database, now=home.clock())

    write_issue(home.root, replace(REF, number="47"), **{"class": ListClass.EMERGENCY.value})
    send.send(home.context, home.root, replace(REF, number="47"), RecordedProgress())
    assert "d9@docomo.ne.jp" in receiver.recipients, "an emergency is never stopped"

    receiver.accepted.clear()
    assert delivery_problems.release_queue(home.database, "docomo.ne.jp", by="operator", why="list was cleaned", now=home.clock())
    send.send(home.context, home.root, next_issue, RecordedProgress())
    assert len(receiver.recipients) == CARRIER_READERS - 5
    assert not delivery_problems.release_queue(home.database, "docomo.ne.jp", by="operator", why="x", now=home.clock())


def test_a_refusal_that_is_about_us_stops_the_queue_and_no_reader(home: Installation, receiver: Receiver) -> None:
    receiver.behaviour.data = {f"d{number}@docomo.ne.jp": "550 5.7.1 blocked by DMARC policy" for number in range(10)}
    run(home)
    (stop,) = queue_stops.stops(home.database)
    assert (stop.queue, stop.bounce_class) == ("docomo.ne.jp", BounceClass.POLICY)
    assert not any(suppressions.is_suppressed(home.database, f"d{number}@docomo.ne.jp") for number in range(10))


def test_whom_the_last_issue_could_not_reach_is_not_frozen_again_and_the_operators_report_has_the_numbers(
    home: Installation, receiver: Receiver
) -> None:
    receiver.behaviour.rcpt = {"reader2@example.jp": "550 5.1.1 no such user"}
    send.send(home.context, home.root, REF, RecordedProgress())
    next_issue = replace(REF, number="46")
    write_issue(home.root, next_issue)
    receiver.behaviour.rcpt = {}
    receiver.accepted.clear()
    send.send(home.context, home.root, next_issue, RecordedProgress())
    assert "reader2@example.jp" not in receiver.recipients and "reader1@example.jp" in receiver.recipients
    frozen = issues.find(home.database, REF)
    assert frozen is not None
    assert stored.returned_of_issue(home.database, frozen.issue_id) == ({BounceClass.UNKNOWN: 1}, 0)
    report = OperatorReport(REF, "x", ReportStage.FINISHED, home.clock(), home.clock(), {}, None, (), None, {BounceClass.UNKNOWN: 1}, 2)
    text = report_text(report, JAPAN)[1]
    assert "1  unknown" in text and "2  complaints" in text


def test_a_relay_that_refuses_everybody_as_unknown_strikes_nobody_off(home: Installation, receiver: Receiver) -> None:
    receiver.behaviour.rcpt = {f"d{number}@docomo.ne.jp": "550 5.1.1 User unknown" for number in range(0, CARRIER_READERS, 2)}
    run(home)
    assert [stop.queue for stop in queue_stops.stops(home.database)] == ["docomo.ne.jp"]
    assert not [number for number in range(CARRIER_READERS) if suppressions.is_suppressed(home.database, f"d{number}@docomo.ne.jp")]
    assert not [number for number in range(0, 60) if kinds(home, f"d{number}@docomo.ne.jp")], "what was refused at once counts no more"
