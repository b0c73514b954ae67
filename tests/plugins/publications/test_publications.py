"""What lists documents: sections, permanent months, places, topics, neighbours, feeds, sitemap, redirects."""

from __future__ import annotations

import datetime as dt
import json

import feedparser
import lxml.html
import pytest
from lxml import etree

from plugins.publications import feeds
from tests.samples.tiny import NOW, TinySite, make_site


def write_articles(site: TinySite) -> TinySite:
    """Three articles in two months, one in the future, one taken down."""
    site.article("press/2020/first.md", "一つめ", "2020-05-01")
    site.article("press/2020/second.md", "二つめ", "2020-05-20")
    site.article("press/2020/third.md", "三つめ", "2020-07-01")
    site.article("press/2021/soon.md", "これから", "2021-04-01")
    site.write("press/2020/gone.md", "---\ntitle: 終わり\ndate: 2020-06-01\nexpires: 2020-06-30\n---\n終わった話です。\n")
    return site


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> TinySite:
    """The articles, built. Nobody writes into it."""
    site = write_articles(make_site(tmp_path_factory.mktemp("built")))
    site.build()
    return site


@pytest.fixture
def three(tiny: TinySite) -> TinySite:
    """The articles, to be changed and built."""
    return write_articles(tiny)


def test_a_month_is_a_page_with_its_articles(built: TinySite) -> None:
    may = built.page("/press/2020/05/")
    assert "一つめ" in may
    assert "二つめ" in may
    assert "三つめ" not in may
    assert not (built.site / "press/2020/06").exists()


def test_an_article_has_its_permanent_address(built: TinySite) -> None:
    assert "最初の段落です。" in built.page("/press/2020/05/first/")


def test_future_and_expired_articles_are_on_no_page(built: TinySite) -> None:
    words = "".join(path.read_text(encoding="utf-8") for path in built.site.rglob("*") if path.suffix in (".html", ".xml", ".json"))
    assert "これから" not in words
    assert "終わった話です" not in words


def test_articles_are_published_and_taken_down_by_the_time_of_the_build(three: TinySite) -> None:
    three.build(now=NOW + dt.timedelta(days=1))
    assert "これから" in three.page("/press/")
    three.build(now=dt.datetime(2020, 6, 15, tzinfo=NOW.tzinfo))
    assert "終わった話です" in three.page("/press/2020/06/gone/")


def test_an_article_links_to_the_one_before_and_the_one_after(built: TinySite) -> None:
    second = built.page("/press/2020/05/second/")
    assert 'href="/press/2020/05/first/"' in second
    assert 'href="/press/2020/07/third/"' in second


def test_a_new_article_changes_only_the_page_of_the_article_before_it(three: TinySite) -> None:
    three.build()
    before = {path: path.read_bytes() for path in three.site.glob("press/2020/*/*/index.html")}
    three.article("press/2021/new.md", "あたらしい", "2021-03-01")
    three.build()
    changed = [path.parent.name for path, data in before.items() if path.read_bytes() != data]
    assert changed == ["third"]
    assert "一つめ" in three.page("/press/2020/05/second/")


def test_places_and_topics_list_their_documents(built: TinySite) -> None:
    assert "一つめ" in built.page("/places/ishinomaki/")
    assert "一つめ" not in built.page("/places/onagawa/")
    assert "一つめ" in built.page("/topics/housing/")
    assert "一つめ" not in built.page("/topics/roads/")


PICTURED = "title: 題\ndate: 2020-05-01\nimage: ../../images/sea.png\nimage_alt: 海\n"


@pytest.mark.parametrize("feed", ["feed.xml", "press/feed.xml"])
def test_atom_feeds_are_read_by_feedparser(built: TinySite, feed: str) -> None:
    parsed = feedparser.parse((built.site / feed).read_bytes())
    assert not parsed.bozo
    assert [entry.title for entry in parsed.entries] == ["三つめ", "二つめ", "一つめ"]
    assert parsed.entries[0].link == "https://site.example.jp/press/2020/07/third/"
    assert parsed.feed.updated == "2020-07-01T00:00:00+09:00"


def test_json_feeds_have_absolute_addresses(three: TinySite) -> None:
    three.write("press/2020/link.md", "---\ntitle: 四\ndate: 2020-08-01\n---\n[一つめ](first.md)の続きです。\n")
    three.build()
    feed = json.loads((three.site / "press/feed.json").read_text(encoding="utf-8"))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["items"][0]["date_published"] == "2020-08-01T00:00:00+09:00"
    assert 'href="https://site.example.jp/press/2020/05/first/"' in feed["items"][0]["content_html"]


def test_a_footnote_in_a_feed_leads_to_the_page_and_a_picture_goes_with_its_entry(tiny: TinySite) -> None:
    tiny.image()
    tiny.write("press/2020/a.md", f"---\n{PICTURED}---\n本文[^1]です。\n\n[^1]: 注です。\n")
    tiny.build()
    page = "https://site.example.jp/press/2020/05/a/"
    entry = feedparser.parse((tiny.site / "press/feed.xml").read_bytes()).entries[0]
    assert f'href="{page}#fn-1"' in entry.content[0].value and f'href="{page}#fnref-1"' in entry.content[0].value
    (picture,) = entry.enclosures
    assert picture.href.startswith("https://site.example.jp/") and picture.type.startswith("image/")
    item = json.loads((tiny.site / "press/feed.json").read_text(encoding="utf-8"))["items"][0]
    assert 'href="#' not in item["content_html"] and item["image"] == picture.href


def test_a_publication_without_articles_has_a_page_and_a_feed(built: TinySite) -> None:
    assert "求人" in built.page("/jobs/")
    updated = feedparser.parse((built.site / "jobs/feed.xml").read_bytes()).feed.updated
    assert updated == "2011-03-11T14:46:00+09:00"  # it has never changed: what happens elsewhere does not count


def test_the_sitemap_names_every_page_that_exists(built: TinySite) -> None:
    shards = [str(e.text) for e in etree.parse(built.site / "sitemap.xml").iter("{*}loc")]
    pages = [str(e.text) for shard in shards for e in etree.parse(built.site / shard.rsplit("/", 1)[1]).iter("{*}loc")]
    assert "https://site.example.jp/press/2020/05/first/" in pages
    assert "https://site.example.jp/places/onagawa/" in pages
    missing = [page for page in pages if not (built.site / page.removeprefix("https://site.example.jp/") / "index.html").is_file()]
    assert missing == []


def test_an_alias_redirects_to_the_page(tiny: TinySite) -> None:
    tiny.write("press/2020/a.md", "---\ntitle: 題\ndate: 2020-05-01\naliases: [/old/place/]\n---\n本文です。\n")
    tiny.build()
    redirect = tiny.page("/old/place/")
    assert "url=/press/2020/05/a/" in redirect.replace("&#39;", "'").lower()
    assert 'href="/press/2020/05/a/"' in redirect


def test_a_partner_entry_is_credited_and_not_indexed(tiny: TinySite) -> None:
    tiny.write(
        "partners/blog/2020/20200501-abc.md",
        "---\ntitle: 浜の朝\ndate: 2020-05-01 06:00\noriginal: https://blog.example.com/1\nauthor: 見本太郎\nlicence: CC BY 4.0\nfeed: blog\n"
        "entry_id: x:1\nfirst_seen: 2020-05-02\nupdated: 2020-05-02\nhash: abc\n---\n<p>浜に*朝*が来ました。</p>\n",
    )
    tiny.build()
    page = tiny.page("/partners/blog/2020/05/20200501-abc/")
    assert "浜に*朝*が来ました。" in page
    assert "見本太郎" in page
    assert "CC BY 4.0" in page
    assert 'href="https://blog.example.com/1"' in page
    assert "noindex" in page
    assert "blog/2020/05" not in (tiny.site / "sitemap-partners.xml").read_text(encoding="utf-8")


def test_the_portal_leads_with_what_is_new_then_places_publications_and_the_subscription_box(built: TinySite) -> None:
    portal = built.tree("/")
    assert [heading.get("id") for heading in portal.cssselect("main h2")][:4] == ["news", "places", "publications", "mail"]
    assert portal.cssselect("form[role=search][action='/search/'] input[name=q]")
    (box,) = portal.cssselect(".receive a[href^=mailto]")
    assert box.get("href").startswith("mailto:press@example.jp?subject=%E9%85%8D%E4%BF%A1")
    jumps = [a.get("href") for a in portal.cssselect(".finders a")]
    assert all(portal.cssselect(f"main {jump}") for jump in jumps)


def test_the_portal_begins_with_urgent_notices_or_says_that_there_are_none(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md")
    tiny.build()
    assert "いま出ていません" in tiny.tree("/").cssselect(".calm")[0].text_content()
    tiny.write(
        "notices/2021/flood.md",
        "---\ntitle: 川に近づかないで\ndate: 2021-03-31\nexpires: 2021-04-02\nseverity: 警報\n---\n水かさが増えています。\n",
    )
    tiny.build()
    portal = tiny.tree("/")
    assert not portal.cssselect(".calm")
    urgent = portal.cssselect("aside.urgent")[0]
    assert "水かさが増えています。" in urgent.text_content()
    assert urgent.getparent().index(urgent) < urgent.getparent().index(portal.cssselect("header.site")[0])
    banner = tiny.tree("/press/").cssselect("aside.urgent")[0]
    assert banner.cssselect("h2")[0].text_content() == "【緊急】川に近づかないで" and "水かさ" in banner.text_content()
    assert [a.get("href") for a in banner.cssselect("li a")] == [
        "/notices/2021/03/flood/"
    ] and "2021年4月2日の終わりまで" in banner.text_content()
    assert not tiny.tree("/notices/").cssselect("aside.urgent") and not tiny.tree("/notices/2021/03/flood/").cssselect("aside.urgent")


def test_a_summary_with_signs_of_html_is_words_in_the_feed(tiny: TinySite) -> None:
    tiny.write(
        "press/2020/a.md", "---\ntitle: 水位\ndate: 2020-05-01\nsummary: 水位<警戒値 <img src=x onerror=alert(1)>\n---\n本文です。\n"
    )
    tiny.build()
    summary = etree.parse(str(tiny.site / "press/feed.xml")).find("{*}entry/{*}summary")
    assert summary is not None
    assert (summary.get("type"), summary.text) == ("text", "水位<警戒値 <img src=x onerror=alert(1)>")


def test_the_feed_of_the_portal_has_every_notice_those_in_force_first_and_ten_others_at_least(tiny: TinySite) -> None:
    notice = "---\ntitle: {title}\ndate: 2021-03-31 {time}\nexpires: 2021-04-02\nseverity: 警報\n{more}---\n水かさが増えています。\n"
    tiny.write("notices/2021/replaced.md", notice.format(title="はじめの知らせ", time="09:00", more=""))
    tiny.write("notices/2021/newer.md", notice.format(title="新しい知らせ", time="10:00", more="updates: replaced.md\n"))
    for number in range(30):
        tiny.write(f"notices/2021/n{number}.md", notice.format(title=f"知らせ{number}", time="08:00", more=""))
        tiny.article(f"press/2020/a{number}.md", f"記事{number}")
    tiny.build()
    atom = [entry.title for entry in feedparser.parse((tiny.site / "feed.xml").read_bytes()).entries]
    items = [item["title"] for item in json.loads((tiny.site / "feed.json").read_text("utf-8"))["items"]]
    assert atom == items and len(atom) == 32 + feeds.FEWEST_OTHERS
    assert "新しい知らせ" in atom[:31] and atom[31] == "はじめの知らせ" and all("記事" in title for title in atom[32:])


def test_no_two_feeds_that_a_page_names_have_the_same_title(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md")
    tiny.write("mail/press/1.md", "---\ntitle: 春の号\ndate: 2020-06-10\npreheader: 話題\n---\n## 話題\n\n本文です。\n")
    tiny.build()
    for page in sorted(tiny.site.rglob("*.html")):
        links = lxml.html.fromstring(page.read_text("utf-8")).cssselect("link[rel=alternate]")
        assert len({link.get("title") for link in links}) == len(links), page
    names = [link.get("title") for link in tiny.tree("/mail/press/").xpath("//link[@rel='alternate']")]
    assert len(names) == 6 and "復興プレス メール版の号（Atom）" in names
