"""The page with the texts of every channel, in Chromium: readable at every width, in the dark, and without anything from outside."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from channels.announcement import SitePicture
from channels.cli.lookup import posts_for
from channels.preview.page import page
from tests.samples.announcing.announcements import ADDRESS, KINDS, announcement, destination, drill, drill_destination

HOSTILE = "<script>alert(1)</script> & 「題」"


def written(folder: Path) -> Path:
    picture = SitePicture("images/a.jpg", "image/jpeg", {"ja": "橋の写真"})
    posts = posts_for(announcement(HOSTILE, ("文です。" * 90,), pictures=(picture,)), [destination(kind) for kind in KINDS])
    posts += posts_for(announcement(address=f"https://www.example.jp/{'a' * 400}"), [destination("bluesky", "too-long")])
    posts += posts_for(drill(), [drill_destination(name="drills")])
    file = folder / "texts.html"
    file.write_text(page(HOSTILE, ADDRESS, posts), "utf-8")
    return file


@pytest.mark.parametrize(("width", "scheme"), [(375, "light"), (1280, "dark")])
def test_the_page_is_accessible_and_needs_nothing_else(browser: Browser, tmp_path: Path, width: int, scheme: str) -> None:
    shown = browser.new_page(viewport={"width": width, "height": 800}, color_scheme="dark" if scheme == "dark" else "light")
    asked: list[str] = []
    shown.on("request", lambda request: asked.append(request.url))
    file = written(tmp_path)
    shown.goto(f"file://{file}")
    assert Axe().run(shown).response["violations"] == []
    assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert asked == [f"file://{file}"] and shown.locator("script").count() == 0
    assert shown.locator("h1").inner_text() == HOSTILE
    assert shown.locator("#t1").input_value().startswith(HOSTILE) and shown.locator("#t1").input_value().endswith(ADDRESS)
    assert "アドレスだけで長さの限りを超えます" in shown.locator("article", has_text="too-long").inner_text()
    code = shown.locator(".page svg").bounding_box()
    assert code and code["width"] >= 130
    shown.close()
