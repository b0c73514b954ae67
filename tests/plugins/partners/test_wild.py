"""Feeds as they are found: documents in the manner of known services and encodings, each with the entries expected of it. PITFALLS.md, Feeds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from plugins.partners.entries import review, takedown
from plugins.partners.entries.entry import make_entry
from plugins.partners.entries.files import read_front, read_stored, write
from plugins.partners.entries.names import without_duplicates
from plugins.partners.entries.reconcile import match_entries, plan
from plugins.partners.model.dates import FeedDate
from plugins.partners.model.parsed import ParsedEntry
from tests.plugins.partners.entries.test_entry import FEED, NOW, PARSED
from tests.plugins.partners.http.test_fetch import page
from tests.plugins.partners.parse.test_feeds import FEEDS, read
from tests.plugins.partners.test_update import BLOGGER, HAMA, World

EXPECTED = {
    "note.xml": ("rss20", [("三陸わかめの、いちばん短いレシピ", "https://note.example.com/minato_daidokoro/n/n1a2b", "<rt>ひすい</rt>")]),
    "ameba.xml": (
        "rss20",
        [
            ("PR: 旅の予約はこちら", "http://rss.ads.example.net/r?x=1", "<p>広告</p>"),
            ("露天風呂、再開です♪", "http://ameblo.example.jp/okami/entry-11290000001.html", "露天風呂が戻りました。"),
        ],
    ),
    "iso-2022-jp.xml": (
        "rss091u",
        [("仮設住宅の集会所で健診を行います", "http://town.example.jp/news/120.html", "<p>日時は六月十日です。</p>")],
    ),
    "says-utf-8-is-shift_jis.xml": (
        "rss091u",
        [("仮設住宅の集会所で健診を行います", "http://town.example.jp/news/120.html", "<p>日時は六月十日です。</p>")],
    ),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_pitfall_encodings_and_services_as_they_are_found(name: str) -> None:
    version, entries = EXPECTED[name]
    feed = read(name)
    assert feed.version == version
    assert [(entry.title, entry.link) for entry in feed.entries] == [(title, link) for title, link, _ in entries]
    for entry, (_, _, words) in zip(feed.entries, entries, strict=True):
        assert words in entry.body
        for trace in ("utm_source", "onclick", "javascript", "<font", "name="):
            assert trace not in entry.body


def test_pitfall_titles_as_plain_text_or_as_html() -> None:
    for markup in ("わかめ &amp; 船", "<b>わかめ</b> & 船", "わかめ &amp;amp; 船"):
        assert make_entry(replace(PARSED, title=markup), FEED, frozenset(), NOW).title == "わかめ & 船"


def test_pitfall_changed_titles_make_no_duplicates() -> None:
    """miniflux/v2#3120."""
    first = make_entry(PARSED, FEED, frozenset(), NOW)
    with TemporaryDirectory() as folder:
        write(Path(folder), plan([first], [], FEED, NOW).changes[0])
        edited = make_entry(replace(PARSED, title="別の題", body="<p>別</p>\n"), FEED, frozenset(), NOW)
        (change,) = plan([edited], read_stored(Path(folder)), FEED, NOW).changes
    assert change.kind == "changed"


def test_pitfall_future_dates_are_clamped() -> None:
    assert make_entry(replace(PARSED, published=FeedDate(4102444800, "2100-01-01T00:00:00Z")), FEED, frozenset(), NOW).published == NOW


def test_pitfall_licence_and_author_are_kept(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.run({"/hama": page(BLOGGER)}, HAMA)
    fronts = [read_front(path) for path in world.options.content.rglob("*.md")]
    assert {(front["author"], front["licence"], front["feed"]) for front in fronts} == {("浜の人", "CC BY 4.0", "hama")}


IDS = st.sampled_from(
    ["", "tag:1", "tag:2", "http://hama.example/1", "https://hama.example/1/", "http://HAMA.example/2?utm_source=x", "../../x"]
)
LINKS = st.sampled_from(["", "http://hama.example/1", "https://www.hama.example/1", "http://hama.example/2", "http://hama.example/"])
STAMPS = st.one_of(
    st.none(), st.builds(FeedDate, st.sampled_from([0, 1331427600, 1331514000, 4102444800]), st.just("2012-03-11T10:00:00Z"))
)
ENTRIES = st.lists(
    st.builds(
        ParsedEntry, IDS, LINKS, st.sampled_from(["題", "別", ""]), st.sampled_from(["<p>一</p>\n", "<p>二</p>\n"]), STAMPS, st.none()
    ),
    max_size=6,
)


NO_NAMES = ParsedEntry("", "", "題", "<p>一</p>\n", None, None)
ONE_LINK_TWICE = [
    NO_NAMES,
    NO_NAMES,
    replace(NO_NAMES, link="http://hama.example/1"),
    replace(NO_NAMES, link="http://hama.example/1", title="別"),
]
"""Hypothesis found it: a file was found by path and title, and the new address was not recorded, so that the next title would have made a duplicate."""


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example([NO_NAMES, NO_NAMES, NO_NAMES, replace(NO_NAMES, link="https://www.hama.example/1")], ONE_LINK_TWICE, "publish")
@example([replace(NO_NAMES, link="https://www.hama.example/1")], ONE_LINK_TWICE[2:], "review")
@given(ENTRIES, ENTRIES, st.sampled_from(["publish", "review"]))
def test_never_a_duplicate_never_a_loss_and_twice_is_once(
    earlier: list[ParsedEntry], later: list[ParsedEntry], mode: Literal["publish", "review"]
) -> None:
    """After two different rounds each entry of the last one has a file of its own; a third round changes no byte."""
    feed = replace(FEED, mode=mode)
    with TemporaryDirectory() as temporary:
        folder = Path(temporary, "content")
        distinct = 0
        for days, parsed_entries in enumerate((earlier, later)):
            now = NOW + timedelta(days=days)
            before = set(folder.rglob("*.md"))
            entries = [make_entry(parsed, feed, frozenset(), now) for parsed in parsed_entries]
            distinct += len(without_duplicates(entries, feed))
            for change in plan(entries, read_stored(folder), feed, now).changes:
                write(folder, change)
            assert before <= set(folder.rglob("*.md"))
        stored = read_stored(folder)
        assert len([file for file in stored if not file.edit_of]) <= distinct
        matches = match_entries(without_duplicates(entries, feed), [file for file in stored if not file.edit_of], feed)
        paths = [file.path for _, file in matches if file]
        assert len(set(paths)) == len(matches)
        again = [make_entry(parsed, feed, frozenset(), now) for parsed in later]
        assert plan(again, stored, feed, now + timedelta(days=9)).changes == ()
        assert {path for path in Path(temporary).rglob("*") if path.is_file()} == set(folder.rglob("*.md"))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example([replace(NO_NAMES, body="<p>二</p>\n"), replace(NO_NAMES, published=FeedDate(1331427600, "2012-03-11T10:00:00Z"))], 0, "publish")
@given(ENTRIES, st.integers(0, 5), st.sampled_from(["publish", "review"]))
def test_one_entry_that_is_refused_takes_no_other_along_and_never_comes_back(
    parsed_entries: list[ParsedEntry], number: int, mode: Literal["publish", "review"]
) -> None:
    feed = replace(FEED, mode=mode)
    with TemporaryDirectory() as temporary:
        content = Path(temporary)
        folder = content / "partners" / feed.key
        entries = without_duplicates([make_entry(parsed, feed, frozenset(), NOW) for parsed in parsed_entries], feed)
        for change in plan(entries, [], feed, NOW).changes:
            write(folder, change)
        files = sorted(folder.rglob("*.md"))
        assert len(files) == len(entries)
        if not files:
            return
        refused = files[number % len(files)]
        review.refuse(content, refused.relative_to(content / "partners").as_posix())
        assert sorted(folder.rglob("*.md")) == [file for file in files if file != refused]
        assert takedown.apply(content) == takedown.Removal()
        allowed, _, _ = takedown.read_takedown(content).split(entries, feed)
        assert plan(allowed, read_stored(folder), feed, NOW).changes == () and len(allowed) == len(entries) - 1


def test_every_fixture_is_used() -> None:
    tests = "".join(path.read_text("utf-8") for path in Path(__file__).parent.rglob("test_*.py"))
    assert [path.name for path in FEEDS.iterdir() if path.name not in tests] == []
