"""From a server on loopback to files in content/partners, twice and after changes."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml
from aiohttp.abc import AbstractResolver, ResolveResult

from plugins.partners import state
from plugins.partners.entries.files import read_front
from plugins.partners.feed_import import FeedReport
from plugins.partners.http.addresses import WITH_LOOPBACK
from plugins.partners.http.client import Limits
from plugins.partners.model.config import FeedConfig, Settings
from plugins.partners.model.dates import JAPAN
from plugins.partners.update import Options, UpdateReport, update
from tests.plugins.partners.http.test_fetch import Answer, Site, hang, page

FEEDS = Path(__file__).parents[2] / "data" / "feeds"
NOW = datetime(2016, 2, 10, 10, 0, tzinfo=JAPAN)
LATER = NOW + timedelta(days=1)
BLOGGER = (FEEDS / "blogger.xml").read_bytes()
HAMA = FeedConfig("hama", "浜のたより", "/hama", "http://hama.example.com/", "浜の人", "CC BY 4.0", "publish")
OTHERS = {"wordpress": "wordpress.xml", "hatena": "hatena-euc-jp.rdf", "umibe": "shift_jis.xml"}


class NoNames(AbstractResolver):
    """Knows nobody: no test may ask the real DNS. It remembers who was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        self.asked.append(host)
        raise OSError("unknown host")

    async def close(self) -> None:
        """Nothing to close."""


class World:
    """A content folder and a server. ``run`` imports once and returns the reports by feed."""

    def __init__(self, folder: Path) -> None:
        self.resolver = NoNames()
        self.options = Options(
            folder / "content",
            folder / "var" / "feeds.json",
            NOW,
            force=True,
            rules=WITH_LOOPBACK,
            limits=Limits(first_byte=0.5, total=5),
            gap=0,
            resolver=self.resolver,
        )
        self.site = Site({})
        self.done = UpdateReport(())
        self.rehearsal = False

    def run(self, pages: dict[str, Answer], *feeds: FeedConfig, now: datetime = NOW, dry_run: bool = False) -> dict[str, FeedReport]:
        self.site.pages = pages
        return asyncio.run(self._run(feeds or (HAMA,), replace(self.options, now=now, dry_run=dry_run)))

    async def _run(self, feeds: tuple[FeedConfig, ...], options: Options) -> dict[str, FeedReport]:
        async with self.site.serve() as base:
            placed = [replace(feed, url=base + feed.url) for feed in feeds]
            if self.rehearsal:  # the server answers for the host that the feed is on
                options = replace(options, override_servers={feed.key: feed.url for feed in placed})
            known = state.load(options.state)
            if known:  # the port differs from run to run; a real feed's address does not
                state.save(options.state, {key: replace(each, url=base + "/" + key) for key, each in known.items()})
            self.done = await update(placed, Settings((), frozenset({"水産業"}), "x"), options)
        return {report.key: report for report in self.done.feeds}

    def files(self) -> dict[str, bytes]:
        return {path.relative_to(self.options.content).as_posix(): path.read_bytes() for path in sorted(self.options.content.rglob("*.*"))}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def counts(report: FeedReport) -> tuple[int, int, int]:
    assert report.failed is None, report
    return report.new, report.changed, report.unchanged


def test_an_entry_becomes_one_file_with_credit(world: World) -> None:
    report = world.run({"/hama": page(BLOGGER)})["hama"]
    assert counts(report) == (2, 0, 0)
    path = world.options.content / "partners/hama/2012/20120311-2fcff2ef.md"
    assert sorted(report.files)[1] == path.as_posix()
    front = read_front(path)
    body = path.read_text("utf-8").split("---\n", 2)[2]
    assert front == {
        "title": "わかめの芽が出た & 船が戻った",
        "date": "2012-03-11 10:00",
        "original": "http://hama.example.com/2012/03/wakame.html",
        "author": "浜の人",
        "licence": "CC BY 4.0",
        "feed": "hama",
        "entry_id": "tag:blogger.com,1999:blog-100.post-1",
        "first_seen": "2016-02-10T10:00:00+09:00",
        "hash": front["hash"],
        "source": front["source"],
        "topics": ["水産業"],
    }
    assert list(front)[:3] == ["title", "date", "original"]
    assert body.startswith("\n<p>今日、わかめの芽を見ました。</p>\n") and body.endswith("</p>\n")


def test_feeds_of_all_kinds_and_encodings_are_imported_together(world: World) -> None:
    pages = {f"/{key}": page((FEEDS / name).read_bytes()) for key, name in OTHERS.items()}
    reports = world.run(pages, *(replace(HAMA, key=key, url=f"/{key}") for key in OTHERS))
    assert {key: counts(report) for key, report in reports.items()} == {"wordpress": (1, 0, 0), "hatena": (2, 0, 0), "umibe": (1, 0, 0)}
    fronts = [yaml.safe_load(text.decode().split("---\n")[1]) for text in world.files().values()]
    assert sorted((front["date"], front["title"]) for front in fronts) == [
        ("2011-11-05 00:00", "市場の食堂"),
        ("2011-11-05 13:40", "[復興]秋刀魚の水揚げ"),
        ("2012-06-03 10:30", "足湯とお茶の会 – 第3回"),
        ("2013-04-19 08:00", "①髙台の家、上棟しました"),
    ]


def test_the_second_round_is_not_modified_and_changes_no_byte(world: World) -> None:
    pages = {"/hama": page(BLOGGER, ETag='W/"1"')}
    world.run(pages)
    before = world.files()
    report = world.run(pages, now=LATER)["hama"]
    assert report.not_modified and world.site.asked("/hama")[1].headers["If-None-Match"] == 'W/"1"'
    assert world.files() == before


def test_without_validators_the_second_round_changes_no_byte_either(world: World) -> None:
    world.run({"/hama": page(BLOGGER)})
    before = {path: path.stat().st_mtime_ns for path in world.options.content.rglob("*.md")}
    assert counts(world.run({"/hama": page(BLOGGER)}, now=LATER)["hama"]) == (0, 0, 2)
    assert {path: path.stat().st_mtime_ns for path in world.options.content.rglob("*.md")} == before


@pytest.mark.parametrize("left", [None, "", "[]", '{"schema": 9, "feeds": {}}', '{"schema": 1, "feeds": {"hama": 1}}'])
def test_a_lost_or_broken_state_makes_no_duplicates(world: World, left: str | None) -> None:
    pages = {"/hama": page(BLOGGER, ETag='"1"')}
    world.run(pages)
    before = world.files()
    world.options.state.unlink()
    if left is not None:
        world.options.state.write_text(left)
    assert counts(world.run(pages, now=LATER)["hama"]) == (0, 0, 2)
    assert world.files() == before


def test_lost_files_come_back_although_the_server_says_not_modified(world: World) -> None:
    pages = {"/hama": page(BLOGGER, ETag='"1"')}
    world.run(pages)
    before = world.files()
    for name in before:
        (world.options.content / name).unlink()
    assert counts(world.run(pages)["hama"]) == (2, 0, 0)
    assert world.files() == before


def test_an_edited_entry_updates_its_file_in_place(world: World) -> None:
    world.run({"/hama": page(BLOGGER)})
    path = world.options.content / "partners/hama/2012/20120311-2fcff2ef.md"
    path.write_text(path.read_text("utf-8").replace("topics:\n- 水産業\n", "topics:\n- 食\nsummary: 職員の要約\n"), "utf-8")
    edited = BLOGGER.replace("船のこと".encode(), "船と網のこと".encode()).replace(b"2012-03-11T10:00", b"2013-05-05T10:00")
    assert counts(world.run({"/hama": page(edited)}, now=LATER)["hama"]) == (0, 1, 1)
    front = read_front(path)
    assert (front["date"], front["first_seen"], front["updated"]) == (
        "2012-03-11 10:00",
        "2016-02-10T10:00:00+09:00",
        "2016-02-11T10:00:00+09:00",
    )
    assert (front["topics"], front["summary"]) == (["食"], "職員の要約")
    assert "<h2>船と網のこと</h2>" in path.read_text("utf-8") and len(world.files()) == 2


def test_an_entry_that_left_the_feed_stays(world: World) -> None:
    world.run({"/hama": page(BLOGGER)})
    before = world.files()
    end = BLOGGER.index(b"<entry>")
    assert counts(world.run({"/hama": page(BLOGGER[:end] + b"</feed>")})["hama"]) == (0, 0, 0)
    assert world.files() == before


def test_https_in_ids_and_links_makes_no_duplicates(world: World) -> None:
    wordpress = replace(HAMA, url="/w")
    body = (FEEDS / "wordpress.xml").read_bytes()
    world.run({"/w": page(body)}, wordpress)
    names = set(world.files())
    report = world.run({"/w": page(body.replace(b"http://volunteer.example.org", b"https://VOLUNTEER.example.org"))}, wordpress)["hama"]
    assert report.new == 0 and set(world.files()) == names


def test_a_blog_that_moved_to_another_host_makes_no_duplicates(world: World) -> None:
    wordpress = replace(HAMA, url="/w")
    body = (FEEDS / "wordpress.xml").read_bytes()
    world.run({"/w": page(body)}, wordpress)
    names = set(world.files())
    moved = body.replace(b"volunteer.example.org", b"www.ashiyu.example.net")
    report = world.run({"/w": page(moved)}, wordpress)["hama"]
    assert (report.new, report.changed) == (0, 1) and set(world.files()) == names
    assert read_front(world.options.content / names.pop())["entry_id"] == "http://www.ashiyu.example.net/?p=123"


def test_a_hanging_server_and_an_error_page_do_not_stop_the_good_feed(world: World) -> None:
    html = page((FEEDS / "error-page.html").read_bytes(), Content_Type="application/rss+xml", ETag='"html"')
    feeds = [HAMA, *(replace(HAMA, key=key, url=f"/{key}") for key in ("slow", "html", "gone"))]
    reports = world.run({"/hama": page(BLOGGER, ETag='"1"'), "/slow": hang, "/html": html}, *feeds)
    assert counts(reports["hama"]) == (2, 0, 0)
    assert "timed out" in str(reports["slow"].failed)
    assert "HTML" in str(reports["html"].failed)
    assert "HTTP 404" in str(reports["gone"].failed)
    assert {key for key, at in state.load(world.options.state).items() if at.etag} == {"hama"}


def test_a_moved_feed_is_reported(world: World) -> None:
    report = world.run({"/hama": page(b"", 301, Location="/new"), "/new": page(BLOGGER)})["hama"]
    assert counts(report) == (2, 0, 0) and str(report.moved_to).endswith("/new")


def test_a_dry_run_writes_nothing_at_all(world: World) -> None:
    report = world.run({"/hama": page(BLOGGER, ETag='"1"')}, dry_run=True)["hama"]
    assert counts(report) == (2, 0, 0) and len(report.files) == 2
    assert world.files() == {} and not world.options.state.exists()


@pytest.mark.parametrize("broken", ["no front matter", "---\ntitle: [\n---\n", "---\n- a\n---\n", "---\ntitle: x\n"])
def test_a_broken_file_stops_its_feed_with_its_name_and_changes_nothing(world: World, broken: str) -> None:
    world.run({"/hama": page(BLOGGER)})
    path = world.options.content / "partners/hama/2012/20120311-2fcff2ef.md"
    path.write_text(broken, "utf-8")
    before = world.files()
    report = world.run({"/hama": page(BLOGGER)})["hama"]
    assert path.name in str(report.failed) and world.files() == before


def test_a_file_that_cannot_be_written_is_that_feeds_failure(world: World) -> None:
    (world.options.content / "partners").mkdir(parents=True)
    (world.options.content / "partners" / "hama").write_text("a file where the folder belongs")
    reports = world.run({"/hama": page(BLOGGER), "/b": page(BLOGGER)}, HAMA, replace(HAMA, key="b", url="/b"))
    assert reports["hama"].failed and counts(reports["b"]) == (2, 0, 0)
