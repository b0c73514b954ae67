"""Is the machine fit to send? Clock, schema, senders at work and room on the disk, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from mailer.config.file import load_config
from mailer.database import audit_log, engine
from mailer.database.deliveries import heartbeats, issues
from mailer.database.deliveries.heartbeats import QUEUE, Heartbeat
from mailer.database.engine import Database, create_database
from mailer.database.readers import subscriptions
from mailer.doctor import machine, timers
from mailer.doctor.dns import Resolver
from mailer.doctor.results import CheckResult, Level, worst
from mailer.model.audit_log import AuditEvent
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW, people, write_config
from tests.servers.dns import NameServer

SIGNED_ROOT = (
    ". 86400 IN SOA a.root-servers.internal. nstld.internal. 2026031100 1800 900 604800 86400",
    ". 86400 IN RRSIG SOA 8 0 86400 20260321000000 20260308000000 12345 . AAAA",
)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(create_database(database_url)) as opened:
        yield opened


def level(results: Iterator[CheckResult]) -> Level:
    return worst(results)


def test_a_clock_behind_the_audit_log_is_bad(database: Database) -> None:
    audit_log.append(database, AuditEvent("operator", "paused", "a/1", {}), now=NOW)
    assert level(machine.clock(NOW + timedelta(minutes=1), database, None)) is not Level.BAD
    assert level(machine.clock(NOW - timedelta(minutes=4), database, None)) is not Level.BAD
    (result,) = machine.clock(NOW - timedelta(hours=9), database, None)
    assert result.level is Level.BAD and "behind" in result.en


def test_a_clock_outside_the_signatures_of_the_dns_root_is_bad() -> None:
    with NameServer(*SIGNED_ROOT) as server:
        resolver = Resolver([server.address])
        times = resolver.signature_times()
        assert times is not None and times[0] < NOW < times[1]
        assert level(machine.clock(NOW, None, resolver)) is not Level.BAD
        assert level(machine.clock(NOW + timedelta(days=365), None, resolver)) is Level.BAD
        assert level(machine.clock(NOW - timedelta(days=365), None, resolver)) is Level.BAD


def test_a_resolver_that_tells_no_signatures_says_nothing_of_the_clock() -> None:
    with NameServer(SIGNED_ROOT[0]) as server:
        assert Resolver([server.address]).signature_times() is None


def test_the_schema_is_compared_without_migrating(database: Database, database_url: str, tmp_path: Path) -> None:
    current, newest = engine.revisions(database_url)
    assert current == newest != "" and level(machine.schema((current, newest))) is Level.GOOD
    assert level(machine.schema(("0009", newest))) is Level.WARNING
    assert engine.revisions(f"sqlite:///{tmp_path / 'none.db'}") == ("", newest) and not (tmp_path / "none.db").exists()


def test_mail_that_is_due_and_nobody_sends_is_bad(database: Database) -> None:
    assert level(machine.senders(database, NOW)) is Level.GOOD
    subscriptions.import_subscribers(database, people(2), source="t", now=NOW)
    issues.freeze(database, ISSUE, LIST, NOW)
    assert level(machine.senders(database, NOW + timedelta(minutes=29))) is Level.GOOD
    assert level(machine.senders(database, NOW + timedelta(minutes=31))) is Level.BAD
    heartbeats.save_heartbeats(database, "worker-1", [Heartbeat(QUEUE, "")])
    assert level(machine.senders(database, NOW + timedelta(minutes=31))) is Level.GOOD


def test_the_age_of_a_folder_is_that_of_its_newest_file(tmp_path: Path) -> None:
    folder = tmp_path / "snapshots"
    folder.mkdir()
    (folder / "one").write_text("x", "utf-8")
    config = load_config(write_config(tmp_path, relay='tls = "none"\n[doctor]\nsnapshot = "snapshots"\nsnapshot_days = 1\n'))
    written = (folder / "one").stat().st_mtime
    now = NOW.fromtimestamp(written, NOW.tzinfo)
    assert [result.level for result in machine.ages(config, now)] == [Level.GOOD, Level.WARNING]  # no drill is named
    assert [result.level for result in machine.ages(config, now + timedelta(days=2))] == [Level.BAD, Level.WARNING]


def test_room_on_the_disk_is_told_in_gigabytes(tmp_path: Path) -> None:
    (result,) = machine.disk(load_config(write_config(tmp_path)))
    assert "GB free" in result.en and machine.is_synchronized() in (True, False, None)


ALIVE = {"next": 1773207960000000, "last": 1773207060000000, "unit": "todoke-renew.timer", "activates": "todoke-renew.service"}
DEAD = {"next": 0, "last": 0, "unit": "todoke-send@fukko-press-45.timer", "activates": "todoke-send@fukko-press-45.service"}
FAILED = {"unit": "todoke-work.service", "load": "loaded", "active": "failed", "sub": "failed", "description": "Todoke"}


@pytest.mark.parametrize(
    ("listed", "failed", "expected"),
    [
        ([ALIVE], [], ["good"]),
        ([ALIVE, DEAD], [], ["bad"]),
        ([ALIVE], [FAILED], ["bad"]),
        ([], [], ["warning"]),
        (None, [], ["unknown"]),
        ([{}], [{}], ["bad", "bad"]),
    ],
)
def test_a_timer_without_a_next_time_and_a_failed_service_are_bad(
    listed: list[dict[str, object]] | None, failed: list[dict[str, object]], expected: list[str]
) -> None:
    assert [result.level.value for result in timers.results(listed, failed)] == expected


def test_asking_systemd_has_an_answer_on_every_machine() -> None:
    assert {result.area for result in timers.examine()} == {"timers"}
