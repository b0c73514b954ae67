"""The command line: `todoke feeds add`, and what is tried before it is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.partners.model.config import read_settings
from tests.plugins.cli.feeds.test_commands import BLOGGER, PUBLICATIONS, call, served, toml  # noqa: F401 - the fixture
from tests.plugins.partners.http.test_fetch import Site, page
from tests.plugins.partners.websub.test_service import rss


def head(*links: str, body: str = "") -> str:
    return f"<!DOCTYPE html><html><head><title>x</title>{''.join(links)}</head><body>{body}</body></html>"


ALTERNATE = '<link rel="alternate" type="{}" href="{}">'
PAGES = {
    "the head comes before the body": head(
        ALTERNATE.format("application/rss+xml", "/feed"), body=ALTERNATE.format("application/rss+xml", "/dead")
    ),
    "a link in the head wins although one in the body comes first": f"<link rel=stylesheet href=x>{head(ALTERNATE.format('application/atom+xml', '/feed'))}",
    "application/xml": head(ALTERNATE.format("application/xml", "/feed")),
    "text/xml with a charset": head(ALTERNATE.format("text/xml; charset=utf-8", "/feed")),
    "rel=feed": head('<link rel="feed" href="/feed">'),
    "rel in capitals": head('<LINK REL="Alternate Home" TYPE="Application/RSS+XML" HREF="/feed">'),
    "the second when the first is dead": head(
        ALTERNATE.format("application/rss+xml", "/dead"), ALTERNATE.format("application/atom+xml", "/feed")
    ),
    "the second when the first is a page": head(
        ALTERNATE.format("application/rss+xml", "/"), ALTERNATE.format("application/atom+xml", "/feed")
    ),
    "comments last": head(ALTERNATE.format("application/rss+xml", "/comments/feed"), ALTERNATE.format("application/rss+xml", "/feed")),
    "feed: in a link": head('<link rel="alternate" type="application/rss+xml" href="feed:HERE/feed">'),
    "a plain link": head(body='<a href="/about">about</a><a href="/feed">RSS</a>'),
    "no html element": '<meta charset="utf-8"><title>x</title>' + ALTERNATE.format("application/rss+xml", "/feed"),
    "XHTML": '<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x"><html xmlns="http://www.w3.org/1999/xhtml">'
    '<head><link rel="alternate" type="application/rss+xml" href="/feed"/></head></html>',
    "a base": head('<base href="/sub/">', ALTERNATE.format("application/rss+xml", "../feed")),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp932"])
@pytest.mark.parametrize("name", PAGES)
def test_the_feed_of_every_usual_kind_of_page_is_found(toml: Path, name: str, encoding: str) -> None:  # noqa: F811
    site = Site({"/feed": page(BLOGGER), "/comments/feed": page(BLOGGER.replace("浜のたより".encode(), b"comments"))})
    with served(site) as base:
        body = PAGES[name].replace("HERE", base).replace("<title>x", "<title>題").encode(encoding)
        charset = "" if encoding == "utf-16" else f"; charset={encoding}"
        site.pages["/"] = page(body, Content_Type=f"text/html{charset}")
        result = call("add", f"{base}/", "--allow-loopback", "--key", "iso", "--licence", "x", "--yes")
    assert result.exit_code == 0, result.output
    assert next(feed.url for feed in read_settings(toml).feeds if feed.key == "iso") == f"{base}/feed"


@pytest.mark.parametrize("form", ["feed:{}/feed", "feed://{host}/feed", " {}/feed "])
def test_an_address_as_feed_readers_write_it_is_understood(toml: Path, form: str) -> None:  # noqa: F811
    with served(Site({"/feed": page(BLOGGER)})) as base:
        address = form.format(base, host=base.removeprefix("http://"))
        assert call("add", address, "--allow-loopback", "--key", "iso", "--licence", "x", "--yes").exit_code == 0


def test_a_page_whose_feeds_are_all_dead_says_why(toml: Path) -> None:  # noqa: F811
    links = head(ALTERNATE.format("application/rss+xml", "/dead"), ALTERNATE.format("application/rss+xml", "/page"))
    with served(Site({"/": page(links.encode(), Content_Type="text/html"), "/page": page(b"<html>x")})) as base:
        result = call("add", f"{base}/", "--allow-loopback", "--licence", "x", "--yes")
    assert result.exit_code == 1 and "HTTP 404" in result.output and "an HTML page" in result.output


def test_the_feeds_of_an_opml_file_are_added_one_by_one(toml: Path) -> None:  # noqa: F811
    with served(Site({"/a": page(BLOGGER), "/b": page(BLOGGER)})) as base:
        outlines = "".join(f'<outline text="t{path}" type="rss" xmlUrl="{base}{path}"/>' for path in ("/a", "/dead", "/b", "/a"))
        opml = f'<?xml version="1.0"?><!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml version="2.0"><body><outline text="&x;">{outlines}</outline></body></opml>'
        (toml.parent / "readers.opml").write_text(opml, "utf-8")
        result = call("add", "readers.opml", "--allow-loopback", "--licence", "CC BY 4.0", "--yes")
    assert result.exit_code == 0 and f"not added: {base}/dead" in result.output and "root:" not in result.output
    added = [feed.url for feed in read_settings(toml).feeds]
    assert f"{base}/a" in added and f"{base}/b" in added and len(added) == 4


def test_an_opml_file_that_cannot_be_read_is_a_usage_error(toml: Path) -> None:  # noqa: F811
    (toml.parent / "x.opml").write_text("<html>", "utf-8")
    for arguments in (["x.opml"], ["none.opml"], ["x.opml", "--key", "iso"]):
        assert call("add", *arguments, "--licence", "x", "--yes").exit_code == 2


def test_an_opml_file_is_tried_before_anything_is_written_and_may_be_read_again(toml: Path) -> None:  # noqa: F811
    before = toml.read_bytes()
    with served(Site({"/a": page(BLOGGER), "/b": page(BLOGGER)})) as base:
        outlines = "".join(f'<outline text="t" type="rss" xmlUrl="{base}{path}"/>' for path in ("/a", "/b"))
        (toml.parent / "readers").write_text(f'<opml version="2.0"><body>{outlines}</body></opml>', "utf-8")
        tried = call("add", "readers", "--allow-loopback", "--dry-run")
        assert tried.exit_code == 0 and "2 of 2" in tried.output and f"url = {base}/a" in tried.output and "ask the writer" in tried.output
        assert toml.read_bytes() == before
        arguments = ["add", "readers", "--allow-loopback", "--licence", "CC BY 4.0", "--yes"]
        assert call(*arguments).exit_code == 0
        after = toml.read_bytes()
        again = call(*arguments)
    assert again.exit_code == 0 and again.output.count("already subscribed") == 2 and toml.read_bytes() == after


def test_a_licence_is_asked_for_before_the_network_is(toml: Path) -> None:  # noqa: F811
    result = call("add", "https://nowhere.invalid/", "--yes")
    assert result.exit_code == 2 and "--licence" in result.output


def test_a_feed_with_a_hub_is_offered_to_be_told_of_at_once(toml: Path) -> None:  # noqa: F811
    with served(Site({})) as base:
        site = Site({"/feed": page(rss(base, 1))})
        with served(site) as server:
            result = call("add", f"{server}/feed", "--allow-loopback", "--dry-run")
    assert result.exit_code == 0 and "todoke feeds receive" in result.output


def test_a_takedown_and_a_removal_are_tried_first(toml: Path) -> None:  # noqa: F811
    with served(Site({"/x": page(BLOGGER)})) as base:
        assert call("update", "minato", "--allow-loopback", "--url", f"minato={base}/x", "--force").exit_code == 0
    files = sorted((toml.parent / "content").rglob("*.*"))
    before = toml.read_bytes()
    named = next(path for path in files if path.suffix == ".md").relative_to(toml.parent).as_posix()
    for arguments, words in (
        ([named], named),
        (["http://hama.example.com/2012/03/wakame.html"], "would be removed"),
        (["minato"], "its entries stay"),
    ):
        result = call("remove", *arguments, "--dry-run")
        assert result.exit_code == 0 and words in result.output
    assert sorted((toml.parent / "content").rglob("*.*")) == files and toml.read_bytes() == before


def test_without_any_feed_the_next_step_is_named(toml: Path) -> None:  # noqa: F811
    toml.write_text(PUBLICATIONS.partition("[feeds.hama]")[0], "utf-8")
    for command in ("list", "update"):
        result = call(command)
        assert result.exit_code == 0 and "todoke feeds add" in result.output


def test_an_address_that_does_not_exist_is_explained(toml: Path) -> None:  # noqa: F811
    result = call("add", "https://nowhere.invalid/", "--licence", "x", "--yes")
    assert result.exit_code == 1 and "check the spelling" in result.output
