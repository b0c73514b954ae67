"""A browser that knows neither custom properties nor <details>: everything can be read, and the menu covers nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route

from audit.browser import examine

_PROPERTY = re.compile(r"[-\w]+\s*:[^;{}]*var\([^;{}]*(;|(?=}))|--[-\w]+\s*:[^;{}]*(;|(?=}))")
_COVERED = """() => [...document.querySelectorAll('main h1, main h2')].filter(heading => {
  heading.scrollIntoView({block: 'center', behavior: 'instant'});
  const box = heading.getClientRects()[0], top = document.elementFromPoint(box.left + 10, box.top + box.height / 2);
  return !heading.contains(top) && !top.contains(heading);
}).map(heading => heading.textContent)"""


def _without_properties(route: Route) -> None:
    response = route.fetch()
    route.fulfill(response=response, body=_PROPERTY.sub("", response.text()))


def _without_details(route: Route) -> None:
    response = route.fetch()
    route.fulfill(response=response, body=re.sub(r"<(/?)(details|summary)\b", r"<\1x-\2", response.text()))


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_page(viewport={"width": 375, "height": 640}) as page:
        page.route("**/*.css", _without_properties)
        page.route("**/*/", _without_details)
        yield page


@pytest.mark.parametrize(
    "url", ["/", "/fukko-press/", "/fukko-press/2012/07/mail-edition-for-evacuees/", "/mail/fukko-press/45/", "/kouryu/calendar/2013/05/"]
)
def test_a_browser_without_custom_properties_and_details_shows_every_word_and_covers_none(url: str, page: Page, address: str) -> None:
    page.goto(address + url)
    assert page.evaluate("getComputedStyle(document.body).getPropertyValue('--ink')") == ""
    assert page.locator("details").count() == 0
    contrast = [
        violation for violation in examine(page, url, "light", 375, visual_only=True).violations if violation.rule == "color-contrast"
    ]
    assert contrast == []
    assert page.evaluate(_COVERED) == []
