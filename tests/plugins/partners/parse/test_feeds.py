"""Feeds of real kinds → entries, and documents that must not become any."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from plugins.partners.entries.entry import make_entry
from plugins.partners.model.dates import FeedDate
from plugins.partners.model.errors import ParseError
from plugins.partners.model.parsed import ParsedFeed
from plugins.partners.parse.charset import decode
from plugins.partners.sandbox.feed import Source, looks_like_html, parse
from plugins.partners.sandbox.pool import SandboxLimits, open_sandbox
from tests.plugins.partners.entries.test_names import FEED, NOW

FEEDS = Path(__file__).parents[3] / "data" / "feeds"
MEMORY = 160 * 1024 * 1024
NOWHERE = Source("http://a.example/", "", "http://a.example/")


def read_bytes(body: bytes, source: Source = NOWHERE, limits: SandboxLimits = SandboxLimits()) -> ParsedFeed:  # noqa: B008 - frozen
    async def go() -> ParsedFeed:
        async with open_sandbox(limits) as sandbox:
            return await parse(body, source, sandbox)

    return asyncio.run(go())


def read(name: str, url: str = "http://feeds.example/feed", content_type: str = "application/xml", most: int = 1000) -> ParsedFeed:
    return read_bytes((FEEDS / name).read_bytes(), Source(url, content_type, "http://site.example/"), SandboxLimits(max_entries=most))


def test_blogger_atom_has_ids_dates_categories_and_links_relative_to_the_entry() -> None:
    feed = read("blogger.xml")
    first = feed.entries[0]
    assert feed.version == "atom10"
    assert first.id == "tag:blogger.com,1999:blog-100.post-1"
    assert first.link == "http://hama.example.com/2012/03/wakame.html"
    assert first.title == "わかめの芽が出た & 船が戻った"
    assert first.published == FeedDate(1331427600, "2012-03-11T10:00:00.000+09:00")
    assert first.categories == ("水産業", "日記")
    assert '<a href="http://hama.example.com/2011/12/boat.html?m=1" rel="nofollow noopener">前の記事</a>' in first.body
    assert "tracker" not in first.body and "<table" not in first.body and first.body.count("<img") == 2
    assert '<a href="http://1.bp.blogspot.example/wakame.jpg" rel="nofollow noopener"><img' in first.body
    assert "<p>港で</p>" in first.body and "<h2>船のこと</h2>" in first.body


def test_wordpress_rss_gives_its_full_content_with_ruby_and_without_scripts() -> None:
    feed = read("wordpress.xml")
    (entry,) = feed.entries
    assert feed.version == "rss20"
    assert entry.id == "http://volunteer.example.org/?p=123"
    assert entry.link == "http://volunteer.example.org/2012/06/ashiyu-3/"
    assert entry.title == "足湯とお茶の会 – 第3回"
    assert "<ruby>開<rp>（</rp><rt>ひら</rt><rp>）</rp></ruby>" in entry.body
    assert "<th>日</th>" in entry.body and "<ul><li>おとな 20人</li>" in entry.body
    for forbidden in ("script", "iframe", "onclick", "onmouseover", "stats.wordpress", "document.write"):
        assert forbidden not in entry.body


def test_rss_1_of_hatena_in_euc_jp_is_read() -> None:
    feed = read("hatena-euc-jp.rdf")
    assert feed.version == "rss10"
    assert [entry.title for entry in feed.entries] == ["[復興]秋刀魚の水揚げ", "市場の食堂"]
    assert '<img src="http://cdn-ak.f.st-hatena.example/' in feed.entries[0].body and "f:id" not in feed.entries[0].body
    assert feed.entries[1].body == "<p>食堂が開きました。</p>\n"


@pytest.mark.parametrize("content_type", ["text/xml", "text/xml; charset=ISO-8859-1", "text/xml; charset=UTF-8"])
def test_bytes_decide_when_the_label_says_utf8_or_latin(content_type: str) -> None:
    assert read("mislabelled-euc-jp.rdf", content_type=content_type).entries == read("hatena-euc-jp.rdf").entries


def test_shift_jis_with_characters_of_windows_is_read() -> None:
    (entry,) = read("shift_jis.xml").entries
    assert entry.title == "①髙台の家、上棟しました"
    assert entry.body == "<p>表示ソフトの能力は十分。髙台の家が建ちました～。</p>\n"


def test_iso_2022_jp_and_utf16_and_marks_are_read() -> None:
    text = '<?xml version="1.0" encoding="{}"?><rss/>復興'
    assert decode(text.format("iso-2022-jp").encode("iso2022_jp"), "") == "<rss/>復興"
    assert decode(text.format("utf-16").encode("utf-16"), "") == "<rss/>復興"
    assert decode(text.format("utf-8").encode("utf-8-sig"), "") == "<rss/>復興"


def test_one_broken_byte_does_not_spoil_a_utf8_feed() -> None:
    assert decode("<rss>復興の町".encode() + b"\xff" + "と浜".encode(), "text/xml; charset=utf-8") == "<rss>復興の町\ufffdと浜"


def test_a_label_that_names_no_encoding_of_the_web_is_ignored() -> None:
    assert decode(b"a+AGE-\xa4\xa2", "text/xml; charset=utf-7") == "a+AGE-あ"
    assert decode("あ".encode("cp932"), "text/xml; charset=zip") == "あ"


def test_a_page_served_as_a_feed_is_refused_with_a_reason() -> None:
    with pytest.raises(ParseError, match="HTML"):
        read("error-page.html")
    assert looks_like_html(b'\xef\xbb\xbf <?xml version="1.0"?>\n<HTML>')
    assert not looks_like_html((FEEDS / "blogger.xml").read_bytes())


@pytest.mark.parametrize("body", [b"", b"\x00\xff\xfe", b"<opml version='2.0'><body/></opml>", b"hello", b'{"version": "1"}'])
def test_a_document_that_is_no_feed_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError, match="not a feed"):
        read_bytes(body)


def test_entries_past_the_cap_are_counted_not_read() -> None:
    feed = read("blogger.xml", most=1)
    assert len(feed.entries) == 1 and feed.left_out == 1


def test_an_entity_bomb_and_an_external_entity_expand_to_nothing() -> None:
    body = b"""<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "lol lol lol"><!ENTITY b "&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>
<rss version="2.0"><channel><title>t</title><item><link>http://a.example/1</link><title>x</title><description>&b;&f;</description></item></channel></rss>"""
    (entry,) = read_bytes(body).entries
    assert "root:" not in entry.body and len(entry.body) < 200


def attributes(count: int) -> bytes:
    """A document on which feedparser needs time that grows with the square of its size."""
    many = " ".join(f'a{number}="x"' for number in range(count))
    return f'<rss version="2.0"><channel><item><description>&lt;p {many}&gt;</description></item><x {many}/></channel></rss>'.encode()


def test_endless_parsing_is_stopped_by_the_processor_limit() -> None:
    with pytest.raises(ParseError, match="processor limit"):
        read_bytes(attributes(100_000), limits=SandboxLimits(cpu_seconds=1, wall_seconds=30))


def test_endless_parsing_is_stopped_by_the_clock() -> None:
    with pytest.raises(ParseError, match="longer than 1 s"):
        read_bytes(attributes(100_000), limits=SandboxLimits(wall_seconds=1.0))


HUNGRY = b'<rss version="2.0"><channel><item><description>' + b"ab<?x?>" * 1_500_000 + b"</description></item></channel></rss>"


def test_a_document_that_needs_too_much_memory_is_stopped_and_a_common_feed_fits() -> None:
    limits = SandboxLimits(memory_bytes=MEMORY)
    assert len(read_bytes((FEEDS / "blogger.xml").read_bytes(), limits=limits).entries) == 2
    with pytest.raises(ParseError, match="memory limit"):
        read_bytes(HUNGRY, limits=limits)


def test_a_document_that_kills_its_child_process_fails_alone() -> None:
    """A bad document dies alone: good ones before, beside and after it are read, by few processes."""

    async def go() -> list[object]:
        async with open_sandbox(SandboxLimits(cpu_seconds=1)) as sandbox:
            jobs = [body for _ in range(2) for body in (good, attributes(100_000), good)]
            return await asyncio.gather(*(parse(body, NOWHERE, sandbox) for body in jobs), return_exceptions=True)

    good = (FEEDS / "blogger.xml").read_bytes()
    results = asyncio.run(go())
    assert [len(result.entries) if isinstance(result, ParsedFeed) else type(result) for result in results] == [
        2,
        ParseError,
        2,
        2,
        ParseError,
        2,
    ]


@pytest.mark.parametrize("start", [b"<!---->" * 800, b"<?xml?>" * 800, b"<!--" * 900])
def test_what_stands_before_a_page_is_read_in_one_go(start: bytes) -> None:
    """A regular expression once needed for ever for this."""
    assert not looks_like_html(start + b"<rss>")
    assert not looks_like_html(start)


@pytest.mark.parametrize(
    "date", ["0000-00-00 00:00:00", "9999-12-31T23:59:59Z", "Fri, 31 Dec 9999 23:59:59 +0000", "0001-01-01T00:00:00+09:00"]
)
def test_an_impossible_date_costs_its_entry_nothing_but_the_date(date: str) -> None:
    items = "".join(
        f"<item><title>題{n}</title><link>http://a.example/{n}</link><pubDate>{date if n == 1 else ''}</pubDate></item>" for n in range(3)
    )
    feed = read_bytes(f'<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'.encode())
    made = [make_entry(entry, FEED, frozenset(), NOW) for entry in feed.entries]
    assert [entry.title for entry in made] == ["題0", "題1", "題2"] and {entry.published for entry in made} == {NOW}
    json_items = [{"id": str(n), "content_text": "x", "date_published": date} for n in range(3)]
    json_feed = read_bytes(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": json_items}).encode())
    assert len([make_entry(entry, FEED, frozenset(), NOW) for entry in json_feed.entries]) == 3


@pytest.mark.parametrize(
    "nonsense", [{"tags": {"a": 1}}, {"url": ["x"]}, {"title": {"x": 1}}, {"authors": "x"}, {"id": {"a": []}}, {"date_published": 7}]
)
def test_one_entrys_nonsense_costs_at_most_that_entry(nonsense: dict[str, object]) -> None:
    items = [{"id": "1", "content_text": "一"}, {"id": "2", "content_text": "二", **nonsense}, {"id": "3", "content_text": "三"}]
    feed = read_bytes(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode())
    assert {"1", "3"} <= {entry.id for entry in feed.entries} and len(feed.entries) + feed.broken == 3


def test_an_entry_that_no_library_can_read_is_counted_and_the_others_come() -> None:
    items = [
        {"id": "1", "content_text": "一"},
        {"id": "2", "content_html": "<b>" * 40 + "&#xd800;", "url": "http://[::1"},
        {"id": "3", "content_text": "三"},
    ]
    feed = read_bytes(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode())
    assert [entry.id for entry in feed.entries][:1] == ["1"] and feed.entries[-1].id == "3"


@pytest.mark.parametrize("guid", ["abc123", "2012/03/11-1", "?p=7", "#a", "/1"])
def test_a_guid_that_is_no_address_is_never_made_one(guid: str) -> None:
    for attribute in ("", ' isPermaLink="false"', ' isPermaLink="true"'):
        item = f"<item><title>題</title><guid{attribute}>{guid}</guid><description>x</description></item>"
        (entry,) = read_bytes(f'<rss version="2.0"><channel><title>t</title>{item}</channel></rss>'.encode()).entries
        assert (entry.id, entry.link) == (guid, "")


def test_a_relative_link_is_relative_to_its_feed_and_an_absolute_guid_is_a_link() -> None:
    items = "<item><title>一</title><link>/1</link></item><item><title>二</title><guid>http://b.example/2</guid></item>"
    feed = read_bytes(f'<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'.encode())
    assert [entry.link for entry in feed.entries] == ["http://a.example/1", "http://b.example/2"]
