"""What an operator types, on a database of its own and a fake Mastodon."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import todoke
from channels.announcement import AnnouncementKind
from tests.samples.announcing.announcements import announcement, drill, record
from tests.samples.mail.databases import with_tables
from tests.samples.mail.mail_bundles import SECRET
from tests.servers.networks.in_thread import NetworkThread
from tests.servers.networks.mastodon import FakeMastodon
from tests.servers.networks.trouble import Trouble

CHANNEL = '[[channel]]\nname = "{name}"\nkind = "mastodon"\nserver = "{server}"\ndeadline = 2\n'


@dataclass
class Desk:
    """A machine with a mailer, a live channel and one for drills."""

    folder: Path
    mastodon: FakeMastodon

    def run(self, *words: str) -> Result:
        environ = {
            "TODOKE_SECRET": SECRET,
            "TODOKE_CHANNEL_NEWS": FakeMastodon.token,
            "TODOKE_CHANNEL_DRILLS": FakeMastodon.token,
            "COLUMNS": "200",
        }
        with contextlib.chdir(self.folder):
            return CliRunner().invoke(todoke.app, [*words], env=environ)

    def write(self, name: str, value: dict[str, Any]) -> None:
        path = self.folder / "output" / "announcements" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value), "utf-8")

    def texts(self) -> list[str]:
        return [str(each.get("status") or each.get("text")) for each in self.mastodon.statuses.values()]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with NetworkThread(FakeMastodon) as served:
        address = served.network.address
        (tmp_path / "channels.toml").write_text(
            CHANNEL.format(name="news", server=address) + CHANNEL.format(name="drills", server=address) + "drill = true\n", "utf-8"
        )
        (tmp_path / "mailer.toml").write_text(
            'database = "sqlite:///var/todoke.db"\nservice_url = "https://mail.example.jp"\nmessage_id_domain = "todoke.example.jp"\n'
            'return_path = "bounce@example.jp"\n',
            "utf-8",
        )
        with_tables(f"sqlite:///{tmp_path / 'var' / 'todoke.db'}")
        now = dt.datetime.now(dt.UTC)
        desk = Desk(tmp_path, served.network)
        desk.write("site.json", {"address": "https://www.example.jp"})
        desk.write("article/1.json", record(announcement(moment=now)))
        desk.write("emergency/1.json", record(drill(moment=now)))
        yield desk


def test_a_dry_run_shows_every_text_with_its_length_writes_the_page_and_posts_nothing(desk: Desk) -> None:
    done = desk.run("announce", "content/fukko-press/bridge.md", "--dry-run", "--html", "page.html")
    assert done.exit_code == 0, done.output
    assert "── news  48/500" in done.stdout and "気仙沼の橋" in done.stdout and "drills" not in done.stdout
    page = (desk.folder / "page.html").read_text("utf-8")
    assert "気仙沼の橋" in page and page.count("<svg") == 2 and "http://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert desk.mastodon.requests == []


def test_an_article_goes_to_the_live_channel_once_however_often_it_is_announced(desk: Desk) -> None:
    for _ in range(2):
        done = desk.run("announce", "article/fukko-press/bridge", "--format", "json", "--as", "佐藤")
        assert done.exit_code == 0, done.output
        (line,) = [json.loads(each) for each in done.stdout.splitlines()]
        assert (line["channel"], line["state"]) == ("news", "sent")
    assert len(desk.mastodon.published()) == 1
    assert (desk.folder / "var/announcement-texts/article--fukko-press--bridge.html").is_file()
    assert "佐藤" in desk.run("audit").stdout


def test_a_drill_goes_to_the_channel_of_drills_and_so_does_a_test(desk: Desk) -> None:
    done = desk.run("announce", "content/kinkyu/drill.md")
    assert (done.exit_code, done.stdout.split(":")[0]) == (0, "drills"), done.output
    tested = desk.run("channels", "test")
    assert (tested.exit_code, tested.stdout.split(":")[0]) == (0, "drills"), tested.output
    assert len(desk.mastodon.published()) == 2


def test_what_nobody_knows_is_named_with_the_command_that_settles_it(desk: Desk) -> None:
    desk.mastodon.trouble = Trouble.DROPPED
    done = desk.run("announce", "article/fukko-press/bridge", "--seconds", "1")
    assert (done.exit_code, "unknown" in done.stdout) == (3, True), done.output
    status = desk.run("channels", "status")
    (hint,) = [line for line in status.stdout.splitlines() if "todoke channels resolve" in line]
    key = hint.split()[-1]
    assert status.exit_code == 3 and "unknown news article/fukko-press/bridge" in status.stdout
    assert desk.run("channels", "resolve", key).exit_code == 2
    settled = desk.run("channels", "resolve", key, "--sent", "--remote", "1", "--as", "佐藤")
    assert settled.exit_code == 0 and "sent" in settled.stdout
    again = desk.run("channels", "resolve", key, "--again")
    assert again.exit_code == 1 and "is sent: nothing can be decided" in again.stderr
    assert desk.run("channels", "status").exit_code == 0
    assert len(desk.mastodon.published()) == 1


def test_a_paused_channel_posts_nothing_until_it_is_resumed(desk: Desk) -> None:
    assert desk.run("channels", "pause", "news", "--as", "佐藤").exit_code == 0
    assert desk.run("channels", "run", "--once").exit_code == 0
    assert "PAUSED" in desk.run("channels", "status").stdout
    assert desk.mastodon.requests == []
    assert desk.run("channels", "resume", "news").exit_code == 0
    assert desk.run("channels", "run", "--once").exit_code == 0
    assert len(desk.mastodon.published()) == 1


def test_an_article_whose_page_is_not_public_yet_is_refused_and_a_dry_run_is_not(desk: Desk) -> None:
    file = desk.folder / "channels.toml"
    file.write_text('releases = "released"\n' + file.read_text("utf-8"), "utf-8")
    refused = desk.run("announce", "article/fukko-press/bridge")
    assert refused.exit_code == 1 and "is not public yet: run todoke publish first" in refused.stderr
    assert desk.run("announce", "article/fukko-press/bridge", "--dry-run").exit_code == 0
    assert desk.run("announce", "content/kinkyu/drill.md").exit_code == 0
    assert len(desk.mastodon.published()) == 1


def test_what_was_announced_is_taken_back_by_order(desk: Desk) -> None:
    desk.run("announce", "article/fukko-press/bridge")
    done = desk.run("announce", "content/fukko-press/bridge.md", "--withdraw")
    assert done.exit_code == 0, done.output
    assert len(desk.mastodon.published()) == 1 and "【取消】" in desk.texts()[0]
    assert desk.run("announce", "nothing", "--withdraw").exit_code == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("announce", "content/other.md"), "there is nothing to announce of content/other.md"),
        (("announce", "article/fukko-press/bridge", "--channel", "x"), "There is no channel x"),
        (("announce", "article/fukko-press/bridge", "--channel", "drills"), "no channel takes"),
        (("channels", "status", "--config", "none.toml"), "none.toml: there is no such file"),
        (("channels", "resolve", "nothing", "--sent"), "there is no post nothing"),
    ],
)
def test_what_cannot_be_done_is_told_on_one_line(desk: Desk, words: tuple[str, ...], told: str) -> None:
    done = desk.run(*words)
    assert done.exit_code == 1 and told in done.stderr and len(done.stderr.splitlines()) == 1, done.output


def test_a_warning_is_announced_as_one(desk: Desk) -> None:
    now = dt.datetime.now(dt.UTC)
    warning = announcement(
        "【緊急】避難", record="emergency/x/1", kind=AnnouncementKind.EMERGENCY, moment=now, until=now + dt.timedelta(hours=1)
    )
    desk.write("emergency/2.json", record(warning))
    assert desk.run("announce", "content/x/1.md").exit_code == 0
    assert len(desk.mastodon.published()) == 1
