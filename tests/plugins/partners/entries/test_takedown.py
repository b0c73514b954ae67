"""What editors decide: subscribe, review, publish, refuse, take down, unsubscribe. And what reaches a mail."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from plugins.cli.feeds.tables import notes
from plugins.partners.entries import review, takedown
from plugins.partners.entries.files import read_front
from plugins.partners.model.config import read_settings
from plugins.partners.subscriptions import suggest_key
from tests.plugins.cli.feeds.test_commands import BLOGGER, call, served, toml  # noqa: F401 - the fixture
from tests.plugins.partners.http.test_fetch import Site, page
from tests.plugins.partners.test_update import HAMA, LATER, World

HOME = b"""<!DOCTYPE html><html><head><title>x</title><link rel="alternate" type="application/rss+xml" href="/comments/feed">
<link rel="alternate" type="application/atom+xml" href="/feed"></head><body>x</body></html>"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def entry_of(world: World, title: str, feed: str = "hama") -> Path:
    return next(path for path in (world.options.content / "partners" / feed).rglob("*.md") if title in str(read_front(path)["title"]))


def test_a_web_page_leads_to_its_feed_which_is_shown_and_written(toml: Path) -> None:  # noqa: F811
    before = toml.read_text("utf-8")
    with served(Site({"/": page(HOME, Content_Type="text/html"), "/feed": page(BLOGGER)})) as base:
        result = call("add", f"{base}/", "--allow-loopback", "--key", "iso", "--licence", "CC BY 4.0", "--yes")
    assert result.exit_code == 0, result.output
    assert "わかめの芽が出た" in result.stdout
    added = next(feed for feed in read_settings(toml).feeds if feed.key == "iso")
    assert (added.title, added.author, added.mode, added.url) == ("浜のたより", "浜の人", "review", f"{base}/feed")
    assert toml.read_text("utf-8").startswith(before.rstrip()[: before.index("[feeds.minato]")])


def test_nothing_is_written_without_a_yes_or_a_licence(toml: Path) -> None:  # noqa: F811
    before = toml.read_bytes()
    with served(Site({"/feed": page(BLOGGER), "/bare": page(b"<html><p>x</p>")})) as base:
        assert call("add", f"{base}/feed", "--allow-loopback", "--licence", "x").exit_code == 1
        assert call("add", f"{base}/feed", "--allow-loopback", "--yes").exit_code == 2
        bare = call("add", f"{base}/bare", "--allow-loopback", "--licence", "x", "--yes")
        assert bare.exit_code == 1 and "names no feed" in bare.output
        assert call("add", f"{base}/feed", "--licence", "x", "--yes").exit_code == 1
        assert call("add", f"{base}/feed", "--allow-loopback", "--key", "hama", "--licence", "x", "--yes").exit_code == 2
    assert toml.read_bytes() == before


def test_remove_unsubscribes_and_leaves_entries_and_remarks(toml: Path) -> None:  # noqa: F811
    toml.write_text("# 大事な注\n" + toml.read_text("utf-8"), "utf-8")
    entry = toml.parent / "content/partners/hama/2012/x.md"
    entry.parent.mkdir(parents=True)
    entry.write_text("kept")
    assert call("remove", "hama").exit_code == 1, "not confirmed"
    assert call("remove", "hama", "--yes").exit_code == 0
    assert [feed.key for feed in read_settings(toml).feeds] == ["minato"]
    assert toml.read_text("utf-8").startswith("# 大事な注\n") and entry.read_text() == "kept"
    assert call("remove", "hama", "--yes").exit_code == 2
    assert call("remove", "minato", "--yes").exit_code == 0 and read_settings(toml).feeds == ()


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://kokoropress.blogspot.com/feeds/posts/default", "kokoropress"),
        ("https://note.com/hama_no_hito/rss", "hama-no-hito"),
        ("https://ameblo.jp/umi/rss20.xml", "umi"),
        ("https://www.town.onagawa.miyagi.jp/rss", "town"),
        ("https://www.example.com/", "feed"),
    ],
)
def test_a_key_is_suggested_that_nobody_has(url: str, key: str) -> None:
    assert suggest_key(url, ()) == key and suggest_key(url, (key,)) == f"{key}-2"


def test_drafts_are_listed_published_and_refused(toml: Path) -> None:  # noqa: F811
    with served(Site({"/x": page(BLOGGER)})) as base:
        update = ["update", "minato", "--allow-loopback", "--url", f"minato={base}/x", "--force", "--now", "2016-02-10T10:00"]
        assert call(*update).exit_code == 0
        drafts = json.loads(call("review", "--json").stdout)
        assert len(drafts) == 2 and drafts[0]["path"].startswith("minato/") and json.loads(call("review", "hama", "--json").stdout) == []
        first, second = (draft["path"] for draft in drafts)
        done = call("review", "--publish", first, "--refuse", f"content/partners/{second}")
        assert done.exit_code == 0 and "0 entries wait" in done.stdout
        root = toml.parent / "content/partners"
        assert "draft" not in read_front(root / first) and not (root / second).exists()
        assert "1 entries were taken down" in call(*update).stdout and not (root / second).exists()
    assert call("review", "--publish", "../../publications.toml").exit_code == 2


def test_pitfall_an_entry_is_removed_at_once_on_request_and_never_comes_back(world: World) -> None:
    world.run({"/hama": page(BLOGGER)})
    path = entry_of(world, "わかめ")
    picture = path.with_name(f"{path.stem}-0a1b2c3d.jpg")
    picture.write_bytes(b"x")
    takedown.note(world.options.content, ["https://HAMA.example.com/2012/03/wakame.html?utm_source=x"])
    world.run({"/hama": page(b"", 500)}, now=LATER)
    assert not path.exists() and not picture.exists() and world.done.removal.files == (path.as_posix(),)
    moved = BLOGGER.replace(b"hama.example.com/2012/03/wakame", b"www.hama.example.net/elsewhere")
    report = world.run({"/hama": page(moved)}, now=LATER)["hama"]
    assert (report.new, report.taken_down) == (0, 1) and not path.exists()
    before = takedown.list_path(world.options.content).read_bytes()
    takedown.apply(world.options.content)
    assert takedown.list_path(world.options.content).read_bytes() == before


def entries_at(link: str, *guids: str) -> bytes:
    items = "".join(
        f"<item><title>題名{number}</title><link>{link}</link><guid isPermaLink='false'>{guid}</guid>"
        f"<pubDate>Mon, 06 Jan 2014 0{number}:00:00 +0900</pubDate><description>見本の本文です。</description></item>"
        for number, guid in enumerate(guids)
    ).replace("<guid isPermaLink='false'></guid>", "")
    return f'<rss version="2.0"><channel><title>浜の日記</title>{items}</channel></rss>'.encode()


def titles(world: World, feed: str = "hama") -> set[str]:
    return {str(read_front(path)["title"]) for path in (world.options.content / "partners" / feed).rglob("*.md")}


@pytest.mark.parametrize("link", ["http://hama.example.com/", "http://hama.example.com/blog"], ids=["home", "page"])
@pytest.mark.parametrize(
    "guids", [("g0", "g1", "g2", "g3", "g4"), ("", "", "", "", ""), ("g", "g", "g", "g", "g")], ids=["ids", "none", "one"]
)
def test_to_refuse_one_entry_leaves_the_others_that_share_its_address(world: World, link: str, guids: tuple[str, ...]) -> None:
    review_feed, other = replace(HAMA, mode="review"), replace(HAMA, key="other", url="/other")
    pages = {"/hama": page(entries_at(link, *guids)), "/other": page(entries_at(link, *guids))}
    world.run(pages, review_feed, other)
    everything = {f"題名{number}" for number in range(5)}
    assert titles(world) == titles(world, "other") == everything
    refused = entry_of(world, "題名2", "hama")
    review.refuse(world.options.content, refused.relative_to(world.options.content / "partners").as_posix())
    reports = world.run(pages, review_feed, other, now=LATER)
    assert titles(world) == everything - {"題名2"} and titles(world, "other") == everything
    assert (reports["hama"].taken_down, reports["other"].taken_down) == (1, 0)


def test_an_address_that_several_entries_share_takes_down_none_of_them_and_says_so(toml: Path) -> None:  # noqa: F811
    pages = {"/x": page(entries_at("http://hama.example.com/blog", "g0", "g1"))}
    with served(Site(pages)) as base:
        update = ["update", "hama", "--allow-loopback", "--url", f"hama={base}/x", "--force", "--now", "2016-02-10T10:00"]
        call(*update)
        files = sorted((toml.parent / "content").rglob("*.md"))
        result = call("remove", "http://hama.example.com/blog", "--yes")
        assert result.exit_code == 2 and "several entries share it" in result.output and all(file.name in result.output for file in files)
        takedown.note(toml.parent / "content", ["http://hama.example.com/blog"])
        assert "none is taken down: //hama.example.com/blog" in call(*update).output
        assert sorted((toml.parent / "content").rglob("*.md")) == files
        named = files[0].relative_to(toml.parent).as_posix()
        result = call("remove", named, "--yes")
        assert result.exit_code == 0 and named in result.output
        call(*update)
    assert sorted((toml.parent / "content").rglob("*.md")) == files[1:]


def test_an_address_of_no_entry_is_an_error_and_is_not_listed(toml: Path) -> None:  # noqa: F811
    (toml.parent / "content").mkdir()
    result = call("remove", "https://hama.example.com/typo", "--yes")
    assert result.exit_code == 2 and "no imported entry has this address" in result.output
    assert not takedown.list_path(toml.parent / "content").exists()


@pytest.mark.parametrize("mode", ["publish", "review"])
@pytest.mark.parametrize("host", ["old", "new"])
def test_a_takedown_reaches_an_entry_by_every_address_that_it_ever_had(world: World, host: str, mode: Literal["publish", "review"]) -> None:
    feed = replace(HAMA, mode=mode)
    for server in ("old", "new"):
        world.run({"/hama": page(entries_at(f"http://{server}.example.com/1", "g1"))}, feed)
        for draft in review.waiting(world.options.content):
            if draft.kind == "new":
                review.publish(world.options.content, draft.path)
    (path,) = (path for path in world.options.content.rglob("*.md") if not path.name.startswith("edit-"))
    removed = takedown.take_down(world.options.content, f"https://{host}.example.com/1/")
    assert removed[0] == path.as_posix() and list(world.options.content.rglob("*.md")) == []
    for address in ("http://old.example.com/1", "http://new.example.com/1"):
        assert world.run({"/hama": page(entries_at(address, "other-id"))}, feed, now=LATER)["hama"].taken_down == 1


def test_an_entry_that_two_feeds_have_is_taken_down_in_both(world: World) -> None:
    other = replace(HAMA, key="other", url="/other")
    world.run({"/hama": page(BLOGGER), "/other": page(BLOGGER)}, HAMA, other)
    removed = takedown.take_down(world.options.content, "http://hama.example.com/2012/03/wakame.html")
    assert len(removed) == 2


def test_an_id_that_is_unique_in_its_feed_only_is_listed_with_the_feeds_key(world: World) -> None:
    other = replace(HAMA, key="other", url="/other")
    pages = {"/hama": page(entries_at("http://hama.example.com/a", "7")), "/other": page(entries_at("http://hama.example.com/b", "7"))}
    world.run(pages, HAMA, other)
    takedown.take_down(world.options.content, "http://hama.example.com/a")
    world.run(pages, HAMA, other, now=LATER)
    assert titles(world) == set() and titles(world, "other") == {"題名0"}
    assert "feed:hama:7\n" in takedown.list_path(world.options.content).read_text("utf-8")


def test_an_unreadable_takedown_list_stops_everything(toml: Path) -> None:  # noqa: F811
    path = takedown.list_path(toml.parent / "content")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff\xfe\xff")
    assert "cannot read the takedown list" in call("update", "hama").output


def test_two_updates_at_once_do_not_mix(toml: Path) -> None:  # noqa: F811
    from filelock import FileLock

    (toml.parent / "var").mkdir()
    with FileLock(toml.parent / "var/feeds.lock"):
        result = call("update", "hama")
    assert result.exit_code == 1 and "another update is running" in result.output


def test_an_old_line_without_a_feed_bars_as_before_and_the_report_says_how_to_write_it(world: World) -> None:
    """Earlier versions listed ids such as ``7``, which are unique in their feed only."""
    other = replace(HAMA, key="other", url="/other")
    pages = {"/hama": page(entries_at("http://hama.example.com/a", "7")), "/other": page(entries_at("http://hama.example.com/b", "7"))}
    takedown.note(world.options.content, ["7"])
    reports = world.run(pages, HAMA, other)
    assert titles(world) == titles(world, "other") == set()
    assert all("write feed:KEY:7" in " ".join(notes(report)) for report in reports.values())
    path = takedown.list_path(world.options.content)
    path.write_text(path.read_text("utf-8").replace("\n7\n", "\nfeed:hama:7\n"), "utf-8")
    reports = world.run(pages, HAMA, other, now=LATER)
    assert titles(world) == set() and titles(world, "other") == {"題名0"}
    assert reports["hama"].taken_down == 1 and reports["hama"].barred_without_feed == ()


def test_a_line_without_a_feed_that_reaches_one_entry_gets_that_entrys_feed(world: World) -> None:
    other = replace(HAMA, key="other", url="/other")
    pages = {"/hama": page(entries_at("http://hama.example.com/a", "7")), "/other": page(entries_at("http://hama.example.com/b", "7"))}
    world.run({"/hama": pages["/hama"]}, HAMA)
    path = takedown.list_path(world.options.content)
    path.write_text("# 注\n\n7\n", "utf-8")
    world.run(pages, HAMA, other, now=LATER)
    assert titles(world) == set() and titles(world, "other") == {"題名0"}
    assert path.read_text("utf-8").startswith("# 注\n\nfeed:hama:7\n")


def test_at_one_ever_same_address_a_takedown_bars_its_entry_and_not_those_after_it(world: World) -> None:
    """Some blogs show one entry at a time, always at one address."""

    def shown(number: int, guid: str = "") -> bytes:
        item = (
            entries_at("http://hama.example.com/news.html", guid)
            .decode()
            .replace("題名0", f"題名{number}")
            .replace("Mon, 06", f"Mon, {number:02d}")
        )
        return item.replace("見本の本文", f"{number}日の本文").encode()

    world.run({"/hama": page(shown(6))})
    takedown.take_down(world.options.content, "http://hama.example.com/news.html")
    assert world.run({"/hama": page(shown(6))}, now=LATER)["hama"].taken_down == 1
    report = world.run({"/hama": page(shown(7))}, now=LATER)["hama"]
    assert titles(world) == {"題名7"} and report.doubtful == 1 and "wait for review" in " ".join(notes(report))
    (draft,) = review.waiting(world.options.content)
    review.publish(world.options.content, draft.path)
    world.run({"/hama": page(shown(7))}, now=LATER)
    assert titles(world) == {"題名7"} and review.waiting(world.options.content) == ()
    world.run({"/hama": page(shown(6).replace(b"06 Jan", b"09 Jan"))}, now=LATER)
    world.run({"/hama": page(shown(6, "another-id"))}, now=LATER)
    assert titles(world) == {"題名7"}, "by its title or its date the one that was taken down is still known"
