"""JSON Feed, and the oldest forms of RSS, from a server to files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from plugins.partners.entries.files import read_front
from tests.plugins.partners.entries.test_takedown import entry_of
from tests.plugins.partners.http.test_fetch import page
from tests.plugins.partners.test_update import World

JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "磯のたより",
    "home_page_url": "https://iso.example/",
    "authors": [{"name": "磯の人"}],
    "items": [
        {
            "id": 7,
            "url": "https://iso.example/7",
            "title": "のり",
            "content_html": "<p>摘みました</p>",
            "date_published": "2012-03-11T10:00:00+09:00",
        },
        {"id": "8", "url": "https://iso.example/8", "content_text": "一行\n\n二行", "tags": ["水産業"]},
    ],
}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_json_feed_is_imported(world: World) -> None:
    report = world.run({"/hama": page(json.dumps(JSON_FEED).encode(), Content_Type="application/feed+json")})["hama"]
    assert (report.new, report.failed) == (2, None)
    front = read_front(entry_of(world, "のり"))
    assert (front["entry_id"], front["original"], front["date"]) == ("7", "https://iso.example/7", "2012-03-11 10:00")
    other = entry_of(world, "一行")
    assert read_front(other)["topics"] == ["水産業"] and "<p>一行</p>\n\n<p>二行</p>" in other.read_text("utf-8")


@pytest.mark.parametrize("version", ["0.91", "0.92"])
def test_rss_0_9_is_imported(world: World, version: str) -> None:
    item = "<item><title>市</title><link>http://a.example/1</link><description>朝市</description></item>"
    feed = f'<?xml version="1.0"?><rss version="{version}"><channel><title>t</title>{item}</channel></rss>'
    assert world.run({"/hama": page(feed.encode())})["hama"].new == 1
