"""What an operator can see: status, metrics, the log, and the report by mail. None of it names a reader."""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console

from mailer import log
from mailer.cli import status
from mailer.cli.screen import machine_output, tables
from mailer.database import audit_log
from mailer.database.deliveries import heartbeats, issues, ledger
from mailer.database.deliveries.claims import ClaimRequest, claim_batch
from mailer.database.deliveries.heartbeats import ISSUE, QUEUE, RELAY, Heartbeat
from mailer.database.engine import Database, create_database
from mailer.database.readers import subscriptions
from mailer.delivery.heartbeat import Throughput
from mailer.log import LogKind
from mailer.message.links import LinkSigner
from mailer.model.ids import IssueId
from mailer.model.issue import IssueStatus, ReportStage
from mailer.model.state import DeliveryState
from mailer.monitoring import metrics, operator_report
from mailer.monitoring.status import StatusSnapshot, take_snapshot
from mailer.secrets import Secret
from mailer.sending import send as sending
from mailer.sending import worker
from mailer.web.app import AppOptions, MetricsEndpoint, create_app
from tests.samples.mail.mail_bundles import ISSUE as ISSUE_TO_FREEZE
from tests.samples.mail.mail_bundles import LIST, NOW, REF, SECRET, Installation, RecordedProgress, installation, people, write_config
from tests.servers.smtp import Behaviour, Receiver

OPERATOR = "operator@example.jp"
OPERATOR_SETTING = f'operator = "{OPERATOR}"\n'
TWO_QUEUES = 'tls = "none"\n[queues."docomo.example"]\nconnections = 2\n'


@pytest.fixture
def shared(database_url: str) -> Iterator[Database]:
    with closing(create_database(database_url)) as opened:
        subscriptions.import_subscribers(opened, people(6), source="t", now=NOW)
        issues.freeze(opened, ISSUE_TO_FREEZE, LIST, NOW)
        yield opened


@contextmanager
def log_to_memory(kind: LogKind = LogKind.JSON) -> Iterator[io.StringIO]:
    out = io.StringIO()
    log.configure(kind, out)
    try:
        yield out
    finally:
        log.reset()


def reports(receiver: Receiver) -> list[str]:
    return [
        f"{message.mail['Subject']}\n{message.mail.get_content()}" for message in receiver.accepted if message.recipients == (OPERATOR,)
    ]


# The snapshot


def snapshot(database: Database, folder: Path) -> StatusSnapshot:
    config = installation(folder, 25, relay=TWO_QUEUES).context.config
    return take_snapshot(config, database, issues.all_issues(database), now=NOW + timedelta(minutes=7))


def test_a_snapshot_joins_the_ledger_and_the_heartbeats_of_all_senders(tmp_path: Path, shared: Database) -> None:
    claim_batch(shared, ClaimRequest(IssueId(1), "", limit=2), token="t", owner="a", lease=60, now=NOW)
    sent = [Heartbeat(ISSUE, "1", rate=1.5), Heartbeat(QUEUE, "", 3, 2, 1, 1.5), Heartbeat(RELAY, "relay", 3)]
    for owner in ("a", "b", "b"):  # a sender that reports again is counted once
        heartbeats.save_heartbeats(shared, owner, sent)
    current = snapshot(shared, tmp_path)
    assert (current.issues[0].untried, current.issues[0].rate, current.issues[0].seconds_left) == (6, 3.0, 2)
    assert [(queue.name, queue.waiting, queue.connections, queue.limit) for queue in current.queues] == [
        ("", 6, 6, None),
        ("docomo.example", 0, 0, 2),
    ]
    assert [(relay.name, relay.connections) for relay in current.relays] == [("relay", 6)]
    assert (current.senders, current.waiting_since, current.is_under_way) == (2, NOW, True)
    heartbeats.save_heartbeats(shared, "b", ())
    assert snapshot(shared, tmp_path).senders == 1


def test_a_paused_issue_does_not_count_as_late(tmp_path: Path, shared: Database) -> None:
    issues.set_status(shared, IssueId(1), IssueStatus.PAUSED, old={IssueStatus.SENDING})
    current = snapshot(shared, tmp_path)
    assert (current.waiting_since, current.is_under_way, current.issues[0].seconds_left) == (None, False, None)


def test_a_rate_is_taken_over_the_last_ten_seconds() -> None:
    speed = Throughput(0.0)
    for second in range(1, 20):
        speed.count(IssueId(1), "", 10 if second < 10 else 40)
        rate = speed.rates(float(second))[ISSUE, "1"]
    assert rate == 40


@pytest.mark.parametrize(("seconds", "words"), [(None, ""), (7, "7 s"), (185, "3 min 05 s"), (7800, "2 h 10 min")])
def test_a_duration_is_written_in_its_two_largest_units(seconds: int | None, words: str) -> None:
    assert tables.format_duration(seconds) == words


def test_a_live_view_ends_when_nothing_is_under_way(tmp_path: Path, shared: Database) -> None:
    snapshots, pauses = list[StatusSnapshot](), list[float]()

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        ledger.change_state(shared, IssueId(1), {DeliveryState.PENDING}, DeliveryState.SUPPRESSED, now=NOW)

    status.show_live(lambda: snapshot(shared, tmp_path), snapshots.append, pause)
    assert [each.is_under_way for each in snapshots] == [True, False]
    assert pauses == [status.INTERVAL]
    out = io.StringIO()
    Console(file=out, width=160).print(tables.status_tables(snapshots[0], UTC))
    assert "docomo.example" in out.getvalue() and "pending" in out.getvalue()
    assert machine_output.status_snapshot(snapshots[0])["issues"][0]["counts"]["pending"] == 6


# Metrics


def get_metrics(database: Database, folder: Path, key: str | None, authorization: str = "") -> httpx.Response:
    config = installation(folder, 25, relay=TWO_QUEUES).context.config
    page = None if key is None else MetricsEndpoint(Secret(key), lambda now: metrics.exposition(config, database, now))

    async def request() -> httpx.Response:
        app = create_app(database, LinkSigner((Secret(SECRET),)), {LIST.key: LIST}, lambda: NOW, AppOptions(metrics=page))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://mail.example.jp") as client:
            return await client.get("/metrics", headers={"Authorization": authorization} if authorization else {})

    return asyncio.run(request())


KEY = "a-key-for-prometheus-a-key-for-prometheus"


@pytest.mark.parametrize(
    ("key", "authorization"), [(None, f"Bearer {KEY}"), (None, ""), (KEY, ""), (KEY, "Bearer wrong"), (KEY, KEY), (KEY, "Bearer ")]
)
def test_without_the_key_there_are_no_metrics(tmp_path: Path, shared: Database, key: str | None, authorization: str) -> None:
    answer = get_metrics(shared, tmp_path, key, authorization)
    assert answer.status_code == 404 and "todoke_" not in answer.text


def test_metrics_are_numbers_that_prometheus_reads_and_nothing_about_a_person(tmp_path: Path, shared: Database) -> None:
    heartbeats.save_heartbeats(
        shared, "a", [Heartbeat(ISSUE, "1", rate=12.5), Heartbeat(QUEUE, "", 3, 2, 1, 12.5), Heartbeat(RELAY, "relay", 3, 0, 1)]
    )
    answer = get_metrics(shared, tmp_path, KEY, f"Bearer {KEY}")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    values = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert values["todoke_deliveries", "fukko-press", "45", "pending"] == 6
    assert values["todoke_messages_per_second", "fukko-press", "45"] == 12.5
    assert values["todoke_queue_waiting", "everybody"] == 6 and values["todoke_queue_connections", "everybody"] == 3
    assert values["todoke_queue_backing_off", "everybody"] == values["todoke_relay_backing_off", "relay"] == 1
    assert values["todoke_relay_connections", "relay"] == 3 and values["todoke_senders",] == 1
    assert values["todoke_queue_age_seconds",] == 0
    assert not re.search(r"reader\d|@", answer.text)


# The log


@pytest.mark.parametrize("kind", [LogKind.JSON, LogKind.TEXT])
def test_the_log_of_a_run_has_its_events_and_no_address(tmp_path: Path, kind: LogKind) -> None:
    behaviour = Behaviour(rcpt={"reader2@example.jp": "550 <Reader2@Example.jp> is unknown here", "reader3@example.jp": "421 too much"})
    with Receiver(behaviour) as receiver, log_to_memory(kind) as out:
        home = installation(tmp_path, receiver.port, readers=5, connections=1)
        sending.send(home.context, home.root, REF, RecordedProgress())
    lines = out.getvalue().splitlines()
    for event in ("batch claimed", "connected", "delivery", "batch ended", "disconnected", "run ended"):
        assert any(event in line for line in lines), event
    assert not re.search(r"reader\d|@example", out.getvalue(), re.IGNORECASE)
    assert SECRET not in out.getvalue()
    if kind is LogKind.JSON:
        events = [json.loads(line) for line in lines]
        refused = next(each for each in events if each["event"] == "delivery" and each["code"] == 550)
        assert refused["reply"] == "<(recipient)> is unknown here" and refused["reader"] == 2 and refused["phase"] == "RCPT"
        assert next(each for each in events if each["event"] == "batch ended")["sent"] == 3


# The report


def test_the_operator_gets_one_report_when_all_were_tried_and_one_when_all_is_final(tmp_path: Path) -> None:
    behaviour = Behaviour(rcpt={"reader2@example.jp": "550 gone", "reader3@example.jp": "450 busy"}, drop_after_body={"reader4@example.jp"})
    with Receiver(behaviour) as receiver:
        home = installation(tmp_path, receiver.port, readers=6, connections=1, head=OPERATOR_SETTING)
        send(home)
        send(home)
        assert len(reports(receiver)) == 1
        first = reports(receiver)[0]
        behaviour.rcpt.clear()
        home.clock.forward(hours=1)
        send(home)
        send(home)
        assert len(reports(receiver)) == 2
    last = reports(receiver)[1]
    assert "everybody tried: 3 sent, 1 deferred, 1 failed, 1 unknown" in first.splitlines()[0] and "tried again from" in first
    assert "finished: 4 sent, 1 failed, 1 unknown" in last.splitlines()[0] and "todoke resolve unknown fukko-press/45" in last
    assert "reader" not in first + last.replace("reader's", "")
    log = audit_log.entries(home.database)
    noted = [re.findall(r"Audit log: entry (\d+), hash ([0-9a-f]{64})", report) for report in (first, last)]
    assert all((log[int(number) - 1].hash == digest) for ((number, digest),) in noted) and noted[0] != noted[1]
    mail = next(message.mail for message in receiver.accepted if message.recipients == (OPERATOR,))
    assert (mail["Auto-Submitted"], mail["To"], mail["List-Unsubscribe"]) == ("auto-generated", OPERATOR, None)


def test_a_retry_by_the_operator_is_reported_again(tmp_path: Path) -> None:
    with Receiver(Behaviour(rcpt={"reader1@example.jp": "550 gone"})) as receiver:
        home = installation(tmp_path, receiver.port, readers=1, head=OPERATOR_SETTING)
        send(home)
        receiver.behaviour.rcpt.clear()
        ledger.change_state(home.database, IssueId(1), {DeliveryState.FAILED}, DeliveryState.PENDING, now=NOW)
        send(home)
    assert [report.split(": ")[1].splitlines()[0] for report in reports(receiver)] == ["1 failed", "1 sent"]


def test_a_report_that_no_relay_takes_is_sent_later(tmp_path: Path) -> None:
    with Receiver(Behaviour(rcpt={OPERATOR: "450 busy"})) as receiver:
        home = installation(tmp_path, receiver.port, readers=1, head=OPERATOR_SETTING)
        send(home)
        assert reports(receiver) == []
        receiver.behaviour.rcpt.clear()
        assert asyncio.run(operator_report.send_due_reports(home.context)) == 1
    assert len(reports(receiver)) == 1


def test_without_an_operator_or_for_an_old_issue_no_report_is_sent(tmp_path: Path) -> None:
    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port, readers=1)
        send(home)
        with_operator = replace(home.context, config=replace(home.context.config, operator=OPERATOR))
        assert asyncio.run(operator_report.send_due_reports(with_operator)) == 0  # it was marked when nobody wanted to know
        ledger.change_state(home.database, IssueId(1), {DeliveryState.SENT} - {DeliveryState.SENT}, DeliveryState.PENDING, now=NOW)
        with home.database.writing() as connection:
            issues.reopen(connection, IssueId(1))
        home.clock.forward(days=30)
        assert asyncio.run(operator_report.send_due_reports(with_operator)) == 0
    assert len(receiver.accepted) == 1


def test_one_of_several_machines_sends_the_report(shared: Database) -> None:
    ledger.change_state(shared, IssueId(1), {DeliveryState.PENDING}, DeliveryState.SUPPRESSED, now=NOW)
    assert [stage for _, stage in issues.issues_to_report(shared)] == [ReportStage.FINISHED]
    assert [issues.mark_reported(shared, IssueId(1), ReportStage.FINISHED, NOW) for _ in range(2)] == [True, False]
    assert issues.issues_to_report(shared) == ()


def test_a_worker_sends_the_report_too(tmp_path: Path) -> None:
    async def until_reported(receiver: Receiver) -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        receiver.behaviour.on_accept = lambda count: loop.call_soon_threadsafe(stop.set) if count == 4 else None
        home = installation(tmp_path, receiver.port, readers=3, head=OPERATOR_SETTING)
        issues.freeze(home.database, ISSUE_TO_FREEZE, LIST, NOW)
        await worker.run_worker(home.context, stop, poll_interval=0.01)

    with Receiver() as receiver:
        asyncio.run(asyncio.wait_for(until_reported(receiver), 60))
    assert "finished: 3 sent" in reports(receiver)[0]


def test_a_report_can_be_read_by_a_mail_program() -> None:
    report = operator_report.OperatorReport(REF, "題 ①", ReportStage.FINISHED, NOW, NOW, {DeliveryState.SENT: 12345}, None, ())
    mail = message_from_bytes(operator_report.compose_report(report, "bounce@example.jp", OPERATOR, "<x@y>", UTC), policy=policy.default)
    assert mail["Subject"] == "[todoke] fukko-press/45 finished: 12,345 sent"
    assert "fukko-press/45 題 ①" in mail.get_content() and "12,345" in mail.get_content()


def send(home: Installation) -> None:
    sending.send(home.context, home.root, REF, RecordedProgress())


def test_the_settings_name_the_operator_and_the_key(tmp_path: Path) -> None:
    from mailer.config.file import load_config

    config = load_config(write_config(tmp_path, head=OPERATOR_SETTING + 'metrics_key_file = "key"\n'))
    assert (config.operator, config.metrics_key_file) == (OPERATOR, tmp_path / "key")
