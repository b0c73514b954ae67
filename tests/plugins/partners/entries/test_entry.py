"""Identity, title, date and name of an entry."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from plugins.partners.entries.entry import Entry, fingerprint, identity, make_entry, slug
from plugins.partners.model.config import FeedConfig
from plugins.partners.model.dates import JAPAN, FeedDate, day_minute, iso, read_moment
from plugins.partners.model.parsed import ParsedEntry
from plugins.partners.model.text import LONGEST_TITLE, fold, title
from plugins.partners.model.urls import absolute, canonical, path_of

NOW = datetime(2016, 2, 10, 10, 0, tzinfo=JAPAN)
FEED = FeedConfig("hama", "浜のたより", "http://hama.example/feed", "http://hama.example/", "浜の人", "CC BY 4.0", "publish")
PARSED = ParsedEntry(
    "tag:1", "http://hama.example/1", "題", "<p>本文</p>\n", FeedDate(1331427600, "2012-03-11T10:00:00+09:00"), None, ("水産業", "日記")
)


def entry(parsed: ParsedEntry = PARSED) -> Entry:
    return make_entry(parsed, FEED, frozenset({"水産業", "農業"}), NOW)


def test_an_entry_has_its_own_date_title_and_our_topics_only() -> None:
    made = entry()
    assert (day_minute(made.published), made.title, made.topics, made.dated) == ("2012-03-11 10:00", "題", ("水産業",), True)
    assert made.fingerprint == fingerprint("題", "<p>本文</p>\n")


def test_a_future_date_becomes_now_and_a_missing_one_the_first_sight() -> None:
    assert entry(replace(PARSED, published=FeedDate(4102444800, "2100-01-01T00:00:00Z"))).published == NOW
    undated = entry(replace(PARSED, published=None))
    assert undated.published == NOW and not undated.dated


@pytest.mark.parametrize("epoch", [0, -1, -(10**12), 10**17])
def test_impossible_dates_are_missing_or_clamped(epoch: int) -> None:
    assert entry(replace(PARSED, published=FeedDate(epoch, "1970-01-01T00:00:00Z"))).published == NOW


def test_moments_are_written_in_japan_time() -> None:
    assert iso(datetime(2012, 3, 11, 1, 0, 5, 9, tzinfo=UTC)) == "2012-03-11T10:00:05+09:00"
    assert read_moment("2012-03-11T10:00") == read_moment("2012-03-11T01:00+00:00")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("http://a.example/1", "https://a.example/1"),
        ("http://A.Example:80/1/", "https://a.example/1"),
        ("https://a.example/1?utm_source=x&p=2", "http://a.example/1?p=2"),
        ("https://a.example./1?p=2&fbclid=z", "http://a.example/1?p=2"),
    ],
)
def test_one_address_written_differently_is_one_identity(first: str, second: str) -> None:
    assert identity(first) == identity(second)


@pytest.mark.parametrize(
    "other",
    ["http://a.example/2", "http://b.example/1", "http://a.example/1?p=1", "http://a.example:8080/1", "tag:1", "http://a.example/1#p2"],
)
def test_different_addresses_are_different_identities(other: str) -> None:
    assert identity("http://a.example/1") != identity(other)


def test_identity_is_the_id_then_the_link_then_the_content() -> None:
    assert entry().identity == "tag:1"
    by_link = entry(replace(PARSED, id=""))
    assert (by_link.identity, by_link.entry_id) == ("//hama.example/1", "http://hama.example/1")
    by_content = entry(replace(PARSED, id="", link=""))
    assert by_content.identity == f"sha256:{by_content.fingerprint}" and by_content.original == FEED.site
    assert identity(by_link.entry_id) == by_link.identity and identity(by_content.entry_id) == by_content.identity


def test_an_id_is_one_short_line() -> None:
    assert entry(replace(PARSED, id="a\n---\ntitle: x")).entry_id == "a --- title: x"
    assert len(entry(replace(PARSED, id="x" * 5000)).entry_id) == 71


def test_a_slug_is_the_day_in_japan_and_a_hash_and_differs_between_feeds() -> None:
    late = entry(replace(PARSED, published=FeedDate(1331478000, "2012-03-11T15:00:00Z")))
    assert slug(entry(), "hama") == "20120311-63b39707"
    assert slug(late, "hama") == "20120312-63b39707"
    assert slug(entry(), "minato") != slug(entry(), "hama")


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<b>太字</b>と&amp;amp;記号", "太字と&記号"),
        ("&lt;script&gt;x&lt;/script&gt;題", "x題"),
        ("<お知らせ>  朝市\n\n---\ntitle: 別", "<お知らせ> 朝市 --- title: 別"),
        ("1 &lt; 2", "1 < 2"),
        ("港\u202eの\u0000船\ufeff", "港の船"),
        ("\ud800題", "題"),
        ("", "本文です"),
        ("<img src=x>", "本文です"),
    ],
)
def test_titles_are_plain_text_on_one_line(markup: str, expected: str) -> None:
    assert title(markup, "<p>本文です</p>") == expected


def test_long_titles_are_cut_and_empty_entries_called_untitled() -> None:
    assert title("題" * 1000, "") == "題" * (LONGEST_TITLE - 1) + "…"
    assert title("", "") == "無題"
    assert fold("\u3000 \u200f") == ""


def test_addresses_that_lead_nowhere_are_refused_and_the_path_of_an_address_has_no_host() -> None:
    for href in ("ftp://a.example/", "http://", "http://a.example:99999/", "//", "http://a.example/" + "x" * 3000, "http://a.example:0/"):
        assert absolute("http://b.example", href) in (None, "http://b.example")
    assert canonical("tag:x") == "tag:x"
    assert path_of("https://a.example/1/?p=2#c") == "/1?p=2#c" and path_of("http://a.example/") == ""
