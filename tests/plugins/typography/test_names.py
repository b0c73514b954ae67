"""The names that a screen reader says, taken from Chromium's accessibility tree: a place where a line may break is no space in them."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser

PAGES = (
    "/",
    "/fukko-press/",
    "/fukko-dayori/2018/03/housing-and-land-february/",
    "/emergency/",
    "/kouryu/calendar/2021/05/",
    "/places/ishinomaki/",
    "/404.html",
)

# Marks what holds a break and nothing that stands on lines of its own, and returns the words without any break.
_WORDS = """() => [...document.querySelectorAll('h1, h2, h3, h4, a')].filter(e => e.querySelector('wbr')
  && [...e.querySelectorAll('*')].every(inner => inner.localName === 'wbr' || getComputedStyle(inner).display === 'inline')).map((e, at) => {
    e.setAttribute('data-broken', at);
    return e.textContent.replace(/[ \\n]+/g, ' ').replace(/^ | $/g, '');
  })"""


def accessible_names(browser: Browser, url: str) -> list[tuple[str, str]]:
    """Return of each heading and link with a break inside: what is written, and the name that assistive technology gets."""
    page = browser.new_page()
    page.goto(url)
    written: list[str] = page.evaluate(_WORDS)
    session: Any = page.context.new_cdp_session(page)
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    pairs = []
    for at, words in enumerate(written):
        node = session.send("DOM.querySelector", {"nodeId": root, "selector": f'[data-broken="{at}"]'})["nodeId"]
        tree = session.send("Accessibility.getPartialAXTree", {"nodeId": node, "fetchRelatives": False})["nodes"]
        pairs.append((words, tree[0]["name"]["value"]))
    page.close()
    return pairs


@pytest.mark.parametrize("path", PAGES)
def test_a_line_may_break_inside_a_name_and_no_space_is_read_there(path: str, browser: Browser, address: str) -> None:
    pairs = accessible_names(browser, address + path)
    assert pairs
    assert [(words, name) for words, name in pairs if name != words] == []


def test_a_date_is_no_word_of_its_own_in_a_name_and_begins_a_line_before_it_breaks(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 375, "height": 800})
    page.goto(f"{address}/fukko-dayori/")
    assert page.evaluate("[...new Set([...document.querySelectorAll('main time')].map(e => getComputedStyle(e).display))]") == ["inline"]
    page.evaluate(
        "document.querySelector('main').innerHTML = '<p style=\"width:15em;font-size:16px\">' + '十二文字のことばが先に' + '<time>2019年10月31日</time>現在の進み具合</p>'"
    )
    assert page.evaluate("document.querySelector('main time').getClientRects().length") == 1
    page.close()


@pytest.mark.parametrize("width", [320, 375])
def test_with_readings_no_page_is_wider_than_the_window_and_no_reading_is_a_box_of_its_own(
    width: int, browser: Browser, address: str
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    for path in ("/furigana/", "/furigana/fukko-press/", "/furigana/places/", "/furigana/mail/fukko-press/45/", "/furigana/situation/"):
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        boxes = "[...document.querySelectorAll('ruby')].filter(e => /flex|grid/.test(getComputedStyle(e.parentElement).display)).length"
        assert page.evaluate(boxes) == 0, path
    page.close()
