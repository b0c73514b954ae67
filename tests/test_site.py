"""The sample site in Chromium, without JavaScript, at 320 CSS pixels: width, origin of files, headings, keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import lxml.html
import pytest
from playwright.sync_api import Browser, Page, Request

from plugins.builder.options import BuildReport

PAGES = {
    "portal": "/",
    "section": "/fukko-press/",
    "progress section": "/fukko-dayori/",
    "month": "/fukko-press/2015/03/",
    "article": "/fukko-press/2015/03/ishinomaki-line-reopened/",
    "progress": "/fukko-dayori/2018/03/housing-and-land-february/",
    "job": "/jinzai/2021/03/sendai-port-logistics/",
    "video": "/inforanger/2015/04/onagawa-station-day/",
    "record": "/kyoiku-kiroku/2011/06/first-three-days-in-the-gym/",
    "event": "/kouryu/2021/03/kesennuma-harbour-market/",
    "notice": "/emergency/2021/03/earthquake-housing-advice/",
    "evacuation": "/emergency/2021/03/heavy-rain-evacuation/",
    "notices": "/emergency/",
    "drill": "/drills/2021/03/tsunami-drill/",
    "place": "/places/ishinomaki/",
    "places": "/places/",
    "situation": "/situation/",
    "shelters": "/situation/shelters/",
    "situation of a place": "/situation/places/ishinomaki/",
    "situation of a drill": "/drills/situation/shelters/",
    "topics": "/topics/",
    "mail": "/mail/",
    "list": "/mail/fukko-press/",
    "issue": "/mail/fukko-press/46/",
    "works": "/fukko-dayori/progress/",
    "calendar": "/kouryu/calendar/2021/05/",
    "on air": "/kouryu/on-air/",
    "jobs of a place": "/jinzai/place/ishinomaki/",
    "records of a year": "/kyoiku-kiroku/fiscal/2011/",
    "furigana": "/furigana/fukko-press/2015/03/ishinomaki-line-reopened/",
    "about": "/about/",
    "search": "/search/",
    "titles": "/search/titles/2015/",
    "404": "/404.html",
}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A phone of 320 CSS pixels, without JavaScript on the page."""
    context = browser.new_context(viewport={"width": 320, "height": 640}, java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_into_320_pixels_and_loads_no_file_from_another_server(name: str, page: Page, address: str) -> None:
    servers: list[str] = []

    def record(request: Request) -> None:
        servers.append(urlsplit(request.url).netloc)

    page.on("request", record)
    response = page.goto(address + PAGES[name])
    assert response is not None
    assert response.ok
    assert set(servers) == {urlsplit(address).netloc}
    window_width, page_width = page.evaluate("[document.documentElement.clientWidth, document.documentElement.scrollWidth]")
    assert page_width <= window_width


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_a_language_one_main_landmark_and_headings_without_gaps(name: str, page: Page, address: str) -> None:
    page.goto(address + PAGES[name])
    assert page.locator("html").get_attribute("lang") == "ja"
    assert page.locator("main").count() == 1
    assert page.locator("h1").count() == 1
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => Number(h.tagName[1]))")
    assert all(deeper - level <= 1 for level, deeper in pairwise(levels)), levels


def test_the_first_press_of_tab_leads_to_the_urgent_notices_and_they_lead_to_the_main_content(page: Page, address: str) -> None:
    page.goto(address + PAGES["article"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#urgent"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    page.keyboard.press("Enter")
    assert page.url.endswith("#urgent")
    links = []
    for _ in range(3):
        page.keyboard.press("Tab")
        links.append(page.evaluate("document.activeElement.getAttribute('href')"))
    assert links[0].startswith("/emergency/") and links[-1] == "#main"
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


def test_the_focus_has_an_outline_of_at_least_two_pixels(page: Page, address: str) -> None:
    page.goto(address)
    for _ in range(12):
        page.keyboard.press("Tab")
        style, width = page.evaluate("(s => [s.outlineStyle, parseFloat(s.outlineWidth)])(getComputedStyle(document.activeElement))")
        assert style != "none"
        assert width >= 2


NUMBER = re.compile(r"(?<![0-9-])0[0-9]{1,4}-[0-9]{1,4}-[0-9]{3,4}(?![0-9-])")


def test_a_touch_dials_every_telephone_number_of_every_page_and_mail(sample: BuildReport) -> None:
    """An address is no telephone, so what stands in scripts and attributes does not count. The text parts of mails cannot hold links."""
    linked = 0
    for file in sample.output.rglob("*.html"):
        tree: Any = lxml.html.fromstring(file.read_bytes())
        for element in tree.xpath("//body//*[not(self::script or self::style)]"):
            above = [element, *element.iterancestors()]
            if any(each.tag == "a" and each.get("href", "").startswith("tel:") for each in above):
                linked += 1
                continue
            texts = [element.text or "", *(child.tail or "" for child in element)]
            assert not any(NUMBER.search(text) for text in texts), (file, texts)
    assert linked > 200
