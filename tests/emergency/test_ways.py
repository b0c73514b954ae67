"""One notice by every way, while other things are dead, slow, locked or broken."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demo.servers import free_port
from plugins.typography.phrases import BREAK
from tests.emergency.conftest import MakeOffice
from tests.samples.duty_office import DutyOffice, local_mirror, ssh_mirror
from tests.servers.smtp import Receiver

TITLE = "石巻市に避難指示"


@contextlib.contextmanager
def silent_server() -> Iterator[int]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextlib.contextmanager
def locked(database: Path) -> Iterator[None]:
    """Hold a database of SQLite, as a backup that hangs does."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.rollback()


def shown(office: DutyOffice, mirror: str, page: str) -> str:
    """What the web server of a mirror would serve."""
    return (office.folder / mirror / "current" / page).read_text("utf-8")


def senders(office: DutyOffice) -> list[tuple[str, str, str]]:
    """Who sent what out, by the mailer's audit log."""
    entries = json.loads(office.run("audit --format json").stdout)
    sent = [entry for entry in entries if entry["what"] == "emergency notice sent out"]
    return [(entry["actor"], entry["details"]["second"], entry["details"]["notice"]) for entry in sent]


def test_a_notice_goes_to_every_mirror_every_page_and_every_reader(make_office: MakeOffice, relay: Receiver) -> None:
    office = make_office(local_mirror("www"), local_mirror("second"), port=relay.port)
    office.notice("rain")
    ended = office.emergency("publish", "rain")
    assert (ended.status, ended.report["complete"]) == (0, True), ended.said
    for mirror in ("www", "second"):
        for page in ("notices/light.html", "index.html", "feed.xml", "press/index.html"):
            assert "避難指示" in shown(office, mirror, page), page
    assert sorted(relay.recipients) == [f"reader{number}@example.jp" for number in range(5)]
    assert office.run("release --dry-run").output.startswith("release 4 would have")
    assert ended.way("audit log")["outcome"] == "done" and senders(office) == [("佐藤太郎", "鈴木花子", "content/notices/2026/rain.md")]
    assert ": 0 new, 0 changed, 0 gone" in office.run("release --dry-run").output


def test_what_is_dead_slow_locked_or_broken_holds_up_nothing_else(make_office: MakeOffice, relay: Receiver) -> None:
    with silent_server() as silent:
        office = make_office(local_mirror("www"), ssh_mirror("dead", free_port()), ssh_mirror("silent", silent), port=relay.port)
        office.notice("rain")
        (office.folder / "publications.toml").write_text("[broken", "utf-8")
        office.site.write("press/2020/broken.md", "---\ntitle: [\n")
        with locked(office.folder / "readers.db"):
            ended = office.emergency("publish", "rain", "--for", "12")
    assert ended.status == 3
    assert TITLE in shown(office, "www", "notices/light.html").replace(BREAK, "")
    assert "避難指示" in shown(office, "www", "press/index.html")
    assert ended.way("mirror www")["outcome"] == ended.way("site")["outcome"] == ended.way("all pages")["outcome"] == "done"
    for name in ("dead", "silent"):
        assert ended.way(f"mirror {name}")["outcome"] == "late" and ended.way(f"mirror {name}")["why"], name
    assert [way["outcome"] for way in ended.report["ways"] if way["way"].startswith("mail")] == ["late"]
    mirrors = (office.folder / "publish.toml").read_text("utf-8")
    (office.folder / "publish.toml").write_text(mirrors[: mirrors.index('[[mirrors]]\nname = "dead"')], "utf-8")
    assert ended.way("audit log")["outcome"] == "late" and "var/emergency/people" in ended.way("audit log")["why"]
    office.run("emergency list")  # the database is free again: who is responsible is written down, with the moment of the order
    assert senders(office) == [("佐藤太郎", "鈴木花子", "content/notices/2026/rain.md")]
    again = office.emergency("publish", "rain")
    assert again.status == 0, again.report
    assert Counter(relay.recipients) == Counter(f"reader{number}@example.jp" for number in range(5))


def test_a_database_that_is_away_and_a_broken_publish_toml_are_told_and_mended_later(make_office: MakeOffice, relay: Receiver) -> None:
    office = make_office(local_mirror("www"), port=relay.port)
    office.notice("rain")
    settings = (office.folder / "publish.toml").read_text("utf-8")
    (office.folder / "publish.toml").write_text("[[mirrors", "utf-8")
    (office.folder / "readers.db").rename(office.folder / "away.db")
    ended = office.emergency("publish", "rain", "--for", "6")
    assert ended.status == 3
    assert ended.way("signature")["outcome"] == "failed" and "publish.toml" in ended.way("signature")["why"]
    assert (office.site.site / "notices/light.html").read_text("utf-8").count("避難")
    (office.folder / "publish.toml").write_text(settings, "utf-8")
    (office.folder / "away.db").rename(office.folder / "readers.db")
    assert office.emergency("publish", "rain").status == 0
    assert len(relay.recipients) == 5


def test_one_dead_relay_of_two_holds_up_no_mail(make_office: MakeOffice, relay: Receiver) -> None:
    office = make_office(port=relay.port)
    office.notice("rain")
    settings = (office.folder / "mailer.toml").read_text("utf-8").replace("[relay]", '[[relay]]\nname = "living"\npriority = 2')
    dead = f'[[relay]]\nname = "dead"\npriority = 1\nhost = "127.0.0.1"\nport = {free_port()}\ntimeout = 2\ntls = "none"\n'
    (office.folder / "mailer.toml").write_text(settings + dead, "utf-8")
    ended = office.emergency("publish", "rain", "--for", "300")
    assert ended.status == 0, ended.report
    assert len(relay.recipients) == 5


def first_page(office: DutyOffice, _relay: Receiver) -> bool:
    return (office.site.site / "notices/2026").is_dir()


def first_mirror(office: DutyOffice, _relay: Receiver) -> bool:
    return (office.folder / "www/current/notices/2026").is_dir()


def first_mail(_office: DutyOffice, relay: Receiver) -> bool:
    return bool(relay.accepted)


@pytest.mark.parametrize("moment", [first_page, first_mirror, first_mail])
def test_after_a_kill_the_same_command_goes_on_and_nobody_gets_it_twice(
    make_office: MakeOffice, relay: Receiver, moment: Callable[[DutyOffice, Receiver], bool]
) -> None:
    office = make_office(local_mirror("www"), port=relay.port, readers=20)
    office.notice("rain")
    is_killed = threading.Event()
    relay.behaviour.on_accept = lambda count: is_killed.wait(90) if count == 1 else None  # so that the command cannot end before
    process = office.start("publish", "rain")
    while not moment(office, relay):
        assert process.poll() is None
    os.kill(process.pid, signal.SIGKILL)
    is_killed.set()
    process.communicate()
    ended = office.emergency("publish", "rain")
    assert ended.status == 0, ended.report
    assert Counter(relay.recipients) == Counter(f"reader{number}@example.jp" for number in range(20))
    assert set(office.states().values()) == {"sent"}
    assert "避難指示" in shown(office, "www", "press/index.html")
