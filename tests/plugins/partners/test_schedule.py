"""When a feed is asked: the floor, jitter, Retry-After, back-off, moves, ends. PITFALLS.md, Feeds, first and second rule."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from plugins.cli.feeds.tables import notes
from plugins.partners import schedule, state
from plugins.partners.feed_import import FeedReport
from plugins.partners.http.fetch import Failure
from plugins.partners.model.config import Settings
from plugins.partners.model.dates import JAPAN
from plugins.partners.state import FeedState
from plugins.partners.update import update
from tests.plugins.partners.http.test_fetch import Answer, page, redirect
from tests.plugins.partners.test_update import BLOGGER, HAMA, NOW, World

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ASKED = "http://hama.example/feed"
BROKEN = Failure(ASKED, "HTTP 500", 500)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world that keeps to the schedule."""
    made = World(tmp_path)
    made.options = replace(made.options, force=False)
    return made


def at(world: World, pages: dict[str, Answer], hours: float) -> FeedReport:
    return world.run(pages, now=NOW + timedelta(hours=hours))["hama"]


def test_pitfall_at_least_an_hour_lies_between_two_fetches(world: World) -> None:
    pages = {"/hama": page(BLOGGER, ETag='"1"')}
    assert at(world, pages, 0).new == 2
    early = at(world, pages, 0.99)
    assert early.waits_until and early.failed is None and len(world.site.asked("/hama")) == 1
    assert at(world, pages, 1.2).not_modified and len(world.site.asked("/hama")) == 2


def test_pitfall_jitter_spreads_feeds_and_never_shortens_the_hour() -> None:
    waits = {schedule.succeeded(FeedState(ASKED), f"feed-{number}", NOW).not_before for number in range(40)}
    assert len(waits) > 20
    assert all(due and NOW + HOUR <= due <= NOW + HOUR * 1.11 for due in waits)


def test_a_moment_far_off_was_written_by_a_wrong_clock_and_does_not_bind() -> None:
    assert schedule.waits_until(FeedState(ASKED, not_before=NOW + timedelta(days=400)), NOW) is None
    assert schedule.waits_until(FeedState(ASKED, not_before=NOW + HOUR), NOW) == NOW + HOUR


@pytest.mark.parametrize("status", [301, 308])
def test_pitfall_a_permanent_move_moves_the_subscription_and_says_what_to_write(world: World, status: int) -> None:
    pages = {"/hama": redirect("/new", status), "/new": page(BLOGGER, ETag='"1"')}
    report = at(world, pages, 0)
    assert report.new == 2 and str(report.moved_to).endswith("/new")
    assert any(str(report.moved_to) in line for line in notes(report))
    known = state.load(world.options.state)["hama"]
    assert str(known.moved_to).endswith("/new") and known.url.endswith("/hama")
    assert schedule.feed_state(known, known.url).moved_to == known.moved_to
    followed = schedule.feed_state(known, str(known.moved_to))
    assert (followed.url, followed.etag, followed.moved_to) == (known.moved_to, '"1"', None)
    assert schedule.feed_state(known, "http://other.example/") == FeedState("http://other.example/")


def test_a_moved_subscription_is_asked_for_at_its_new_place_only(world: World) -> None:
    pages = {"/hama": redirect("/new", 301), "/new": page(BLOGGER, ETag='"1"')}

    async def twice() -> None:
        async with world.site.serve() as base:
            for hours in (0, 2):
                options = replace(world.options, now=NOW + timedelta(hours=hours))
                await update([replace(HAMA, url=f"{base}/hama")], Settings((), frozenset(), "x"), options)

    world.site.pages = pages
    asyncio.run(twice())
    assert [request.path for request in world.site.requests] == ["/robots.txt", "/hama", "/new", "/new"]
    assert world.site.asked("/new")[1].headers["If-None-Match"] == '"1"'


@pytest.mark.parametrize("status", [302, 303, 307])
def test_pitfall_a_temporary_redirect_moves_nothing(world: World, status: int) -> None:
    report = at(world, {"/hama": redirect("/new", status), "/new": page(BLOGGER)}, 0)
    assert report.new == 2 and report.moved_to is None
    assert state.load(world.options.state)["hama"].moved_to is None


def test_a_move_to_what_is_no_feed_is_not_believed(world: World) -> None:
    report = at(world, {"/hama": redirect("/new", 301), "/new": page(b"<html>parked</html>")}, 0)
    assert report.failed and state.load(world.options.state)["hama"].moved_to is None


def test_a_new_place_that_fails_is_forgotten() -> None:
    moved = FeedState(ASKED, moved_to="http://new.example/feed")
    assert schedule.failed(moved, BROKEN, "hama", NOW).moved_to is None


def test_pitfall_410_ends_the_feed_and_its_entries_stay(world: World) -> None:
    at(world, {"/hama": page(BLOGGER)}, 0)
    before = world.files()
    gone = at(world, {"/hama": page(b"", 410)}, 2)
    assert gone.ended and "gone for good" in str(gone.failed)
    later = at(world, {"/hama": page(BLOGGER)}, 24 * 30)
    assert later.ended and later.failed is None and len(world.site.asked("/hama")) == 2
    assert any("todoke feeds remove" in line for line in notes(later))
    assert world.files() == before


@pytest.mark.parametrize("status", [429, 503])
def test_pitfall_retry_after_is_obeyed_for_that_feed_and_not_for_its_host(world: World, status: int) -> None:
    pages = {"/hama": page(b"", status, Retry_After=str(5 * 3600)), "/b": page(BLOGGER, ETag='"1"')}
    feeds = (HAMA, replace(HAMA, key="b", url="/b"))
    first = world.run(pages, *feeds)
    assert first["hama"].failed and first["b"].new == 2
    second = world.run(pages, *feeds, now=NOW + 4.9 * HOUR)
    assert second["hama"].waits_until and second["b"].not_modified
    assert world.run(pages, *feeds, now=NOW + 5.1 * HOUR)["hama"].failed
    assert len(world.site.asked("/hama")) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("120", timedelta(seconds=120)),
        ("Wed, 10 Feb 2016 04:00:00 GMT", 3 * HOUR),
        ("Wed, 10 Feb 2016 00:00:00 GMT", timedelta()),
        ("99999999999999999999", schedule.LONGEST_RETRY_AFTER),
        ("Fri, 01 Jan 2100 00:00:00 GMT", schedule.LONGEST_RETRY_AFTER),
        ("", None),
        ("soon", None),
        ("Fri, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Fri, 01 Jan 99999999999 00:00:00 GMT", None),
        ("Wed, 10 Feb 2016 04:00:00 -0000", 3 * HOUR),
        ("-5", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_a_week_at_most(text: str, expected: timedelta | None) -> None:
    assert schedule.retry_after(text, datetime(2016, 2, 10, 10, 0, tzinfo=JAPAN)) == expected


def test_other_failures_back_off_exponentially_to_a_day() -> None:
    state_now, pauses = FeedState(ASKED), []
    for _ in range(9):
        state_now = schedule.failed(state_now, BROKEN, "hama", NOW)
        assert state_now.not_before is not None
        pauses.append((state_now.not_before - NOW) / HOUR)
    for pause, hours in zip(pauses, [1, 2, 4, 8, 16, 24, 24, 24, 24], strict=True):
        assert hours <= pause <= hours * 1.1
    assert schedule.succeeded(state_now, "hama", NOW).failures == 0


def test_a_feed_that_fails_for_a_week_is_reported(world: World) -> None:
    pages = {"/hama": page(b"", 500)}
    assert at(world, pages, 0).failing_since is None
    assert at(world, pages, 24 * 6).failing_since is None
    report = at(world, pages, 24 * 8)
    assert report.failing_since == "2016-02-10" and any("failing since 2016-02-10" in line for line in notes(report))
    resting = at(world, pages, 24 * 8 + 0.5)
    assert resting.waits_until and resting.failing_since == "2016-02-10"
    assert at(world, {"/hama": page(BLOGGER)}, 24 * 30).failing_since is None


def test_robots_txt_is_obeyed_and_holds_for_a_day(world: World) -> None:
    robots = page(b"User-agent: *\nDisallow: /\n\nUser-agent: Todoke-Feeds\nDisallow: /private\n")
    pages = {"/robots.txt": robots, "/hama": page(BLOGGER, ETag='"1"'), "/private/feed": page(BLOGGER)}
    feeds = (HAMA, replace(HAMA, key="hidden", url="/private/feed"))
    first = world.run(pages, *feeds)
    assert first["hama"].new == 2 and "robots.txt refuses us" in str(first["hidden"].failed)
    assert len(world.site.asked("/robots.txt")) == 1 and not world.site.asked("/private/feed")
    at(world, pages, 5)
    assert len(world.site.asked("/robots.txt")) == 1
    at(world, pages, 30)
    assert len(world.site.asked("/robots.txt")) == 2


@pytest.mark.parametrize(("status", "asked"), [(404, True), (403, True), (500, False), (503, False), (429, False)])
def test_without_robots_txt_all_is_allowed_and_a_failing_server_is_left_alone(world: World, status: int, asked: bool) -> None:
    report = at(world, {"/robots.txt": page(b"", status), "/hama": page(BLOGGER)}, 0)
    assert (report.new == 2) is asked and bool(world.site.asked("/hama")) is asked


def test_a_lost_state_costs_one_full_fetch_and_nothing_else(world: World) -> None:
    pages = {"/hama": page(BLOGGER, ETag='"1"')}
    at(world, pages, 0)
    before = world.files()
    world.options.state.unlink()
    assert (lambda report: (report.new, report.changed, report.unchanged))(at(world, pages, 0.1)) == (0, 0, 2)
    assert world.files() == before
