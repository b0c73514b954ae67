"""The operator gets a mail when a drill is overdue or was not passed: once, again after a week, and nothing when all is well."""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mailer.sending import send
from mailer.sending.drill_alarm import MARKER, DrillAlarm
from mailer.sending.worker import run_worker
from tests.samples.mail.mail_bundles import NOW, REF, Installation, RecordedProgress, installation
from tests.servers.smtp import Receiver

OPERATOR = "ops@example.jp"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        yield server


@pytest.fixture
def home(tmp_path: Path, receiver: Receiver) -> Installation:
    (tmp_path / "drills").mkdir()
    return installation(
        tmp_path,
        receiver.port,
        readers=1,
        head=f'operator = "{OPERATOR}"\n',
        relay='tls = "none"\n[doctor]\ndrill = "drills"\ndrill_days = 40\n',
    )


def report(home: Installation, days: int, *, passed: bool) -> None:
    moment = NOW - timedelta(days=days)
    file = home.context.config.path.parent / "drills" / f"drill-{moment:%Y%m%dT%H%M%SZ}.json"
    file.write_text(json.dumps({"moment": moment.isoformat(), "passed": passed}), "utf-8")


def look(home: Installation) -> bool:
    return asyncio.run(DrillAlarm(home.context).check())


def test_a_failed_drill_is_told_once_and_again_after_a_week_until_one_is_passed(home: Installation, receiver: Receiver) -> None:
    report(home, 2, passed=False)
    assert look(home) and not look(home)
    message = email.message_from_bytes(receiver.accepted[0].content, policy=email.policy.default)
    assert receiver.accepted[0].recipients == (OPERATOR,) and "訓練" in message["Subject"]
    assert "前回の訓練は不合格です" in message.get_content() and "drill-20260309" in message.get_content()
    home.clock.forward(days=8)
    assert look(home)
    report(home, 1, passed=True)
    assert not look(home) and not (home.context.config.state / MARKER).exists()
    assert len(receiver.accepted) == 2


@pytest.mark.parametrize(("days", "is_told"), [(39, False), (41, True)])
def test_a_drill_that_is_overdue_is_told(home: Installation, receiver: Receiver, days: int, is_told: bool) -> None:
    report(home, days, passed=True)
    assert look(home) is is_told and len(receiver.accepted) == is_told


def test_a_relay_that_is_away_is_tried_again_in_an_hour(home: Installation, receiver: Receiver) -> None:
    report(home, 2, passed=False)
    receiver.behaviour.rcpt = {OPERATOR: "450 busy"}
    alarm = DrillAlarm(home.context)
    assert not asyncio.run(alarm.check())
    receiver.behaviour.rcpt = {}
    assert not asyncio.run(alarm.check()), "not before an hour"
    home.clock.forward(hours=2)
    assert asyncio.run(alarm.check())


def test_without_an_operator_or_a_place_of_reports_nothing_is_told(home: Installation, receiver: Receiver) -> None:
    report(home, 2, passed=False)
    config = home.context.config
    for changed in (replace(config, operator=None), replace(config, doctor=replace(config.doctor, drill=None))):
        assert not asyncio.run(DrillAlarm(replace(home.context, config=changed)).check())
    assert receiver.accepted == []


def test_a_state_that_cannot_be_written_stops_no_sender(home: Installation) -> None:
    report(home, 2, passed=False)
    home.context.config.state.parent.mkdir(exist_ok=True)
    home.context.config.state.write_text("a file where a folder should be")
    assert not look(home)


@pytest.mark.parametrize("sender", ["send", "work"])
def test_both_commands_that_send_tell_it(home: Installation, receiver: Receiver, sender: str) -> None:
    report(home, 2, passed=False)
    if sender == "send":
        send.send(home.context, home.root, REF, RecordedProgress())
    else:
        stop, loop_of_server = asyncio.Event(), list[asyncio.AbstractEventLoop]()
        receiver.behaviour.on_accept = lambda _count: loop_of_server[0].call_soon_threadsafe(stop.set) and None

        async def work() -> None:
            loop_of_server.append(asyncio.get_running_loop())
            await run_worker(home.context, stop, poll_interval=0.01)

        asyncio.run(work())
    assert OPERATOR in receiver.recipients
