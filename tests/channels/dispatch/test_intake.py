"""What a build leaves becomes rows: once, when it is public or sent, and not because a build broke."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from channels.announcement import AnnouncementKind, Change, Drill, Live
from channels.destinations import destinations
from channels.dispatch.intake import Intake
from channels.dispatch.releases import Releases
from channels.outbox.outbox import PostState
from mailer.database.deliveries import claims, issues, ledger
from mailer.database.deliveries.claims import ClaimRequest
from mailer.database.deliveries.ledger import ResultGroup
from mailer.database.readers import subscriptions
from mailer.delivery.journal import format_timestamp
from mailer.model.outcome import DeliveryResult
from tests.samples.announcing.announcements import ADDRESS, MOMENT, announcement, channel, drill, record
from tests.samples.announcing.outboxes import Office, office
from tests.samples.mail.databases import with_tables
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW, REF, people


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Office]:
    url = with_tables(f"sqlite:///{tmp_path / 'var' / 'todoke.db'}")
    with office(url, tmp_path, [channel(name="a"), channel(name="drills", drill=True)]) as opened:
        write(opened, "site.json", {"format": "todoke-announcements", "schema": 1})
        opened.settings.site.mkdir()
        (opened.settings.site / "index.html").write_text("", "utf-8")
        yield opened


def write(here: Office, name: str, value: object) -> Path:
    path = here.settings.announcements / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False), "utf-8")
    return path


def intake(here: Office, releases: Releases | None = None) -> Intake:
    return Intake(here.settings.announcements, here.outbox, destinations(here.settings), here.settings.site, releases)


def released(folder: Path, *pages: dict[str, str], first: bool = False) -> None:
    """A release of the publisher with these pages; the first one has everything."""
    (folder / "released").mkdir()
    record_of_release = {"format": 1, "first": first, "moment": MOMENT.isoformat(), "new": pages, "changed": [], "gone": []}
    (folder / "released" / "000002.json").write_text(json.dumps(record_of_release), "utf-8")


def rows(here: Office) -> dict[str, tuple[str, ...]]:
    """The records of each channel."""
    posts = here.outbox.list_posts()
    return {name: tuple(sorted(post.record for post in posts if post.channel == name)) for name in ("a", "drills")}


def test_the_real_thing_goes_to_live_channels_and_drills_to_channels_of_drills(here: Office) -> None:
    write(here, "article/1.json", record(announcement()))
    sample = record(announcement(record="article/x/sample")) | {"sample": True}
    write(here, "article/2.json", sample)
    taking = intake(here)
    assert taking.take(MOMENT) and not taking.take(MOMENT)
    assert rows(here) == {"a": (announcement().record,), "drills": ("article/x/sample",)}


def test_one_file_that_cannot_be_used_is_told_and_holds_up_no_other(here: Office) -> None:
    write(here, "article/1.json", record(announcement()))
    write(here, "article/2.json", record(announcement(record="article/x/2")) | {"address": "ftp://x"})
    write(here, "article/3.json", {"format": "something else"})
    (here.settings.announcements / "article" / "4.json").write_bytes(b"\xff{")
    taking = intake(here)
    taking.take(MOMENT)
    assert rows(here)["a"] == (announcement().record,)
    assert [word in " ".join(taking.problems) for word in ("2.json: address", "3.json", "4.json")] == [True] * 3


def test_an_announcement_of_the_future_and_one_from_before_there_were_channels_wait_or_stay_out(here: Office) -> None:
    write(here, "article/1.json", record(announcement(record="article/x/old", moment=MOMENT - timedelta(days=40))))
    write(here, "article/2.json", record(announcement(record="article/x/future", moment=MOMENT + timedelta(hours=1))))
    taking = intake(here)
    taking.take(MOMENT)
    assert rows(here)["a"] == ()
    taking.take(MOMENT + timedelta(hours=2))
    assert rows(here)["a"] == ("article/x/future",)


def test_what_is_announced_waits_until_its_page_is_public(here: Office, tmp_path: Path) -> None:
    write(here, "article/1.json", record(announcement()))
    warning = announcement(record="emergency/x/1", kind=AnnouncementKind.EMERGENCY, until=MOMENT + timedelta(hours=3))
    write(here, "emergency/1.json", record(warning))
    taking = intake(here, Releases(tmp_path / "released"))
    taking.take(MOMENT)
    assert rows(here)["a"] == ()
    released(tmp_path, {"path": ADDRESS.removeprefix("https://www.example.jp/") + "index.html"})
    taking.take(MOMENT)
    assert rows(here)["a"] == (announcement().record, "emergency/x/1")


def test_a_notice_that_was_only_built_is_left_to_the_fast_path_which_asks_two_people(here: Office) -> None:
    warning = announcement(record="emergency/x/1", kind=AnnouncementKind.EMERGENCY, until=MOMENT + timedelta(hours=3))
    write(here, "emergency/1.json", record(warning))
    write(here, "emergency/2.json", record(drill()))
    intake(here).take(MOMENT)
    assert rows(here) == {"a": (), "drills": ()}


def test_a_notice_that_was_replaced_before_it_was_announced_stays_out(here: Office, tmp_path: Path) -> None:
    until = MOMENT + timedelta(hours=3)
    first = announcement(record="emergency/x/1", kind=AnnouncementKind.EMERGENCY, until=until)
    second = announcement(
        record="emergency/x/2", kind=AnnouncementKind.EMERGENCY, until=until, change=Change.UPDATE, follows="emergency/x/1"
    )
    write(here, "emergency/1.json", record(first))
    write(here, "emergency/2.json", record(second))
    released(tmp_path, first=True)
    intake(here, Releases(tmp_path / "released")).take(MOMENT)
    assert rows(here)["a"] == ("emergency/x/2",)


def test_a_page_that_is_gone_is_taken_back_but_for_one_whose_end_has_come(here: Office) -> None:
    ended = announcement(record="article/x/ended", until=MOMENT + timedelta(hours=1))
    for number, each in enumerate((announcement(), ended, announcement(record="article/x/stays"))):
        write(here, f"article/{number}.json", record(each))
    taking = intake(here)
    taking.take(MOMENT)
    (here.settings.announcements / "article" / "0.json").unlink()
    (here.settings.announcements / "article" / "1.json").unlink()
    taking.take(MOMENT + timedelta(hours=2))
    states = {post.record: post.state for post in here.outbox.list_posts(channel="a")}
    assert states == {announcement().record: PostState.EXPIRED, "article/x/ended": PostState.PENDING, "article/x/stays": PostState.PENDING}


def test_a_page_that_is_there_still_was_not_withdrawn_whatever_became_of_its_source(here: Office) -> None:
    for number, each in enumerate((announcement(), announcement(record="article/x/stays", address=f"{ADDRESS}2/"))):
        write(here, f"article/{number}.json", record(each))
    page = here.settings.site / ADDRESS.removeprefix("https://www.example.jp/") / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("", "utf-8")
    taking = intake(here)
    taking.take(MOMENT)
    (here.settings.announcements / "article" / "0.json").unlink()
    write(here, "article/renamed.json", record(announcement(record="article/fukko-press/renamed")))
    taking.take(MOMENT)
    assert rows(here)["a"] == (announcement().record, "article/x/stays")
    assert here.states("a") == [PostState.PENDING, PostState.PENDING]


def test_a_broken_build_takes_nothing_back(here: Office) -> None:
    for number in range(6):
        write(here, f"article/{number}.json", record(announcement(record=f"article/x/{number}")))
    taking = intake(here)
    taking.take(MOMENT)
    for number in range(5):
        (here.settings.announcements / "article" / f"{number}.json").unlink()
    taking.take(MOMENT)
    assert "5 announced records are gone at once" in taking.problems[-1]
    shutil.rmtree(here.settings.announcements)
    taking.take(MOMENT)
    assert set(here.states("a")) == {PostState.PENDING}


def test_an_issue_is_announced_when_it_has_been_sent_and_not_before(here: Office) -> None:
    database = here.outbox.opened.database
    announced = announcement("第45号", record=f"issue/{REF}", kind=AnnouncementKind.ISSUE, issue=str(REF), moment=NOW)
    write(here, "issue/1.json", record(announced))
    subscriptions.import_subscribers(database, people(2), source="t", now=NOW)
    frozen = issues.freeze(database, ISSUE, LIST, NOW)
    taking, moment = intake(here), NOW
    for state in ("", "sent"):
        if state:
            held = claims.claim_batch(database, ClaimRequest(frozen.issue_id, ""), token="t", owner="me", lease=60.0, now=NOW)
            assert held is not None
            at = format_timestamp(NOW)
            results = [DeliveryResult(row.subscriber_id, state, 1, 250, "ok", at, "", at, "<x@y>") for row in held.rows]
            ledger.record(database, [ResultGroup(frozen.issue_id, held.fence, results, True)], now=NOW)
        moment += timedelta(seconds=6)
        taking.take(moment)
        assert rows(here)["a"] == ((announced.record,) if state else ())


def test_the_two_purposes_stay_apart_in_what_is_read(here: Office) -> None:
    write(here, "article/1.json", record(announcement()))
    write(here, "emergency/1.json", record(drill()))
    taking = intake(here)
    taking.take(MOMENT)
    assert {type(each.purpose) for each in taking._reading.live} == {Live} and {type(each.purpose) for each in taking._reading.drills} == {
        Drill
    }
