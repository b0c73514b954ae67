"""`todoke publish --follow`: each commit, and each moment at which something begins or ends. The clock is moved by the tests."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
from collections.abc import Iterator

import pytest

from publisher.cli.publish import make_publisher
from publisher.cli.runtime import load
from publisher.pipeline.commands import Commands
from publisher.pipeline.follow import Follower
from publisher.pipeline.lock import publish_lock
from publisher.pipeline.report import Report
from publisher.pipeline.run import Watcher
from tests.samples.mail.mail_bundles import SECRET, Clock
from tests.samples.publishing.publishing_office import APPROVED, JAPAN, Office

NOON = dt.datetime(2026, 11, 28, 12, 0, tzinfo=JAPAN)
NOTICE = "---\ntitle: 断水\ndate: 2026-11-28 09:00\nexpires: 2026-11-28 13:00\nseverity: 注意\n---\n水が出ません。\n"


class Following:
    """A follower that has begun, its clock and its reports."""

    def __init__(self, office: Office, lock: int) -> None:
        settings, store = load(office.machine / "publish.toml")
        self.clock, self.reports = Clock(NOON), list[Report]()
        self.follower = Follower(
            make_publisher(settings, store, Commands(lock, os.environ | {"TODOKE_SECRET": SECRET}), Watcher(), self.clock),
            self.reports.append,
            lambda _seconds: None,
        )

    def step(self) -> list[Report]:
        """Let it do what is due; return what it reported."""
        self.reports.clear()
        self.seconds = self.follower.step()
        return [*self.reports]


@pytest.fixture
def following(office: Office) -> Iterator[Following]:
    office.configure("poll = 30\nretry = 60\n")
    with publish_lock(office.machine / "var/publish", NOON) as lock:
        yield Following(office, lock)


def test_a_notice_comes_down_at_its_end_although_the_newest_commit_is_broken(office: Office, following: Following) -> None:
    notice = office.site.write("notices/2026/water.md", NOTICE)
    good = office.commit()
    (first,) = following.step()
    assert first.is_complete and first.commit == good and "断水" in office.shown("notices/")
    assert following.step() == [] and following.follower.due() == dt.datetime(2026, 11, 28, 13, 0, tzinfo=JAPAN)
    registry = office.site.root / "publications.toml"
    whole = registry.read_text("utf-8")
    registry.write_text("[site\n", "utf-8")  # a document at fault would be held back alone
    office.commit()
    (broken,) = following.step()
    assert broken.is_broken and "断水" in office.shown("notices/")
    assert following.step() == [] == following.step(), "a broken commit is tried once"
    following.clock.moment = NOON + dt.timedelta(minutes=59, seconds=50)
    assert following.step() == [] and following.seconds == pytest.approx(10)
    following.clock.forward(seconds=10)
    (ended,) = following.step()
    assert ended.commit == good and "does not build" in ended.notes[0] and ended.is_new_release
    assert "断水" not in office.shown("notices/") and "橋が通れます" in office.shown("press/")
    registry.write_text(whole, "utf-8")
    notice.unlink()
    office.site.article("press/2020/road.md", "道が開きました", "2020-05-02")
    mended = office.commit()
    assert [report.commit for report in following.step()] == [mended] and "道が開きました" in office.shown("press/")


def test_a_document_of_tomorrow_appears_tomorrow_and_next_says_so_today(office: Office, following: Following) -> None:
    office.site.article("press/2050/later.md", "あとの記事", "2050-01-02 10:00")
    office.site.article("press/2026/tomorrow.md", "明日の記事", "2026-11-29 10:00")
    office.commit()
    following.step()
    assert "明日の記事" not in office.shown("press/")
    told = office.run("next -n 2 --json")
    assert told.exit_code == 0, told.output
    assert {"at": "2050-01-02T10:00:00+09:00", "what": "begins", "document": "press/2050/later.md"}.items() <= json.loads(told.stdout)[
        -1
    ].items()
    assert "begins 公開 press/2050/later.md「あとの記事」" in office.run("next -n 9").stdout
    for _ in range(5):  # days may pass on pages that show the date
        if (due := following.follower.due()) and due <= dt.datetime(2026, 11, 29, 10, 0, tzinfo=JAPAN):
            following.clock.moment = due
            following.step()
    assert "明日の記事" in office.shown("press/") and "あとの記事" not in office.shown("press/")


def test_a_mirror_that_was_cut_is_tried_again_and_reported_once_it_shows_the_release(office: Office, following: Following) -> None:
    dead = office.machine / "second"
    dead.write_text("no folder")
    office.commit()
    (cut,) = following.step()
    assert not cut.is_complete and [bool(mirror.failure) for mirror in cut.mirrors] == [False, True]
    dead.unlink()
    assert following.step() == []
    following.clock.forward(seconds=60)
    (whole,) = following.step()
    assert whole.is_complete and not whole.is_new_release and "橋が通れます" in office.shown("press/", mirror=1)
    following.clock.forward(seconds=60)
    assert following.step() == []


def test_an_issue_that_is_approved_meanwhile_is_handed_over_without_another_commit(office: Office, following: Following) -> None:
    settings = office.with_mail(9)
    settings.write_text(settings.read_text("utf-8") + APPROVED, "utf-8")
    following.clock.moment = dt.datetime.now(JAPAN)  # the approval has the time of the machine
    office.commit()
    (first,) = following.step()
    assert first.is_complete and [*first.handed_over.waiting] == ["press/1"]
    approved = office.run("approve press/1 --as 鈴木花子 --author 佐藤太郎 --mail var/publish/output/mail")
    assert approved.exit_code == 0, approved.output
    assert following.step() == []
    following.clock.forward(seconds=60)
    (second,) = following.step()
    assert [*second.handed_over.done] == ["press/1"] and second.release == first.release
    following.clock.forward(seconds=60)
    assert following.step() == []


def test_a_repository_that_is_away_is_told_once_and_followed_when_it_is_back(office: Office, following: Following) -> None:
    office.commit()
    following.step()
    away = office.site.root.rename(office.site.root.with_name("away"))
    (told,) = following.step()
    assert "ls-remote" in told.failure and following.step() == []
    away.rename(office.site.root)
    office.site.article("press/2020/road.md", "道が開きました", "2020-05-02")
    commit = office.commit()
    assert [report.commit for report in following.step()] == [commit]


def test_a_branch_that_was_rewritten_and_a_checkout_that_is_damaged_are_followed_too(office: Office, following: Following) -> None:
    office.commit()
    following.step()
    office.site.article("press/2020/road.md", "道が開きました", "2020-05-02")
    office.git("add", "--all")
    office.git("commit", "--quiet", "--amend", "--message", "書き直し")
    checkout = office.machine / "var/publish/checkout"
    (checkout / ".git/index.lock").touch()
    (checkout / "content/press/2020/bridge.md").write_text("somebody else wrote here")
    (checkout / "content/press/2020/stray.md").write_text("and here")
    (report,) = following.step()
    assert report.is_complete and "道が開きました" in office.shown("press/") and "橋が通れます" in office.shown("press/")
    (checkout / ".git/HEAD").write_text("nonsense")
    office.site.article("press/2020/third.md", "三つ目", "2020-05-03")
    office.commit()
    (report,) = following.step()
    assert report.is_complete and "三つ目" in office.shown("press/")


def test_sigterm_ends_it_cleanly_after_the_step(office: Office) -> None:
    office.commit()
    with office.start("publish", "--follow") as process:
        assert process.stdout is not None
        lines = list[str]()
        while not (lines and lines[-1].startswith("took")):
            lines.append(process.stdout.readline())
            assert lines[-1], lines
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        assert process.wait() == 0 and "Stopped as asked" in rest
    assert "橋が通れます" in office.shown("press/")
