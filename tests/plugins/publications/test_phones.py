"""How far down a phone (375 × 812 CSS pixels, Chromium) the content of every kind of page begins, and how the menu opens and closes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from audit.site import one_of_each

WORDS = ".story :is(.lede, .act-now, .card, .credit, .figures, .film, .watch, .prose > :not(figure))"
"""Where the words of one document begin."""

LISTS = "main :is(.ledger > li, .chips, .map, .year, .calendar, .table, .chart, .areas, .stand, .titles, .index, .script, .empty, form)"
"""Where a page that leads to others begins to do so."""


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 375, "height": 812})
    yield context.new_page()
    context.close()


def first_top(page: Page, selector: str) -> float | None:
    """Return how far below the top of the page the first visible element of ``selector`` begins; None if there is none."""
    top: float | None = page.evaluate(
        """selector => {
          const seen = [...document.querySelectorAll(selector)].filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect().top + scrollY);
          return seen.length ? Math.min(...seen) : null;
        }""",
        selector,
    )
    return top


def test_words_begin_above_500_pixels_and_lists_above_600_on_every_kind_of_page(
    phone: Page, address: str, templates: dict[str, str]
) -> None:
    late, measured = [], 0
    for url in one_of_each({url: name for url, name in templates.items() if name != "redirect.html"}):
        phone.goto(address + url)
        phone.evaluate(
            "document.querySelectorAll('.urgent, .help').forEach(e => e.remove())"
        )  # each page has them while a notice is in force
        for selector, limit in ((WORDS, 500), (LISTS, 600)):
            top = first_top(phone, selector)
            if top is not None:
                measured += 1
                late += [(url, round(top))] if top >= limit else []
                break
        else:
            late.append((url, -1))
    assert (late, measured >= 40) == ([], True), (late, measured)


def test_the_band_of_an_urgent_notice_leaves_the_words_of_an_article_on_the_first_screen(phone: Page, address: str) -> None:
    phone.goto(f"{address}/fukko-press/2016/03/five-years-on/")
    top = first_top(phone, WORDS)
    assert phone.locator(".urgent").is_visible()
    assert top is not None and top < 500


@pytest.mark.parametrize("width", [320, 375])
def test_the_navigation_is_one_row_and_the_band_of_the_sample_one_line(width: int, phone: Page, address: str) -> None:
    phone.set_viewport_size({"width": width, "height": 812})
    for path in ("/", "/fukko-press/", "/fukko-press/2016/03/five-years-on/"):
        phone.goto(address + path)
        tops = phone.evaluate(
            "[...document.querySelectorAll('.main > ul > li > a, .main summary')].map(e => e.getBoundingClientRect().top)"
        )
        assert len(tops) == 5 and len(set(tops)) == 1, (path, tops)
        assert (
            phone.evaluate(
                "(r => (r.selectNodeContents(document.querySelector('.sample p')), r.getClientRects().length))(document.createRange())"
            )
            == 1
        )
        assert phone.evaluate("document.documentElement.scrollWidth") <= width


def covered(page: Page) -> list[str]:
    """Return each link of the first screens that has something else over its middle when it has the focus (WCAG 2.2, 2.4.11)."""
    problems: list[str] = (
        page.evaluate("""() => [...document.querySelectorAll('a[href]')].slice(0, 60).filter(e => e.checkVisibility()).filter(e => {
      e.focus();
      e.scrollIntoView({block: 'center', behavior: 'instant'});
      const box = e.getClientRects()[0], top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
      return !(top && (e.contains(top) || top.contains(e)));
    }).map(e => e.textContent.trim())""")
    )
    return problems


@pytest.mark.parametrize("width", [375, 1280])
def test_without_scripts_the_open_menu_covers_nothing(width: int, browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 812}, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/fukko-press/")
    closed = page.locator("main").bounding_box()
    page.locator(".main summary").click()
    menu, main = page.locator(".main details ul").bounding_box(), page.locator("main").bounding_box()
    assert closed and menu and main
    assert main["y"] >= menu["y"] + menu["height"] and main["y"] > closed["y"] + 100
    assert covered(page) == []
    page.locator(".main summary").click()
    assert page.locator("main").bounding_box() == closed
    context.close()


@pytest.mark.parametrize("path", ["/fukko-press/", "/search/"])
def test_escape_and_leaving_close_the_menu(path: str, phone: Page, address: str) -> None:
    phone.goto(address + path, wait_until="networkidle")
    menu, button = phone.locator(".main details"), phone.locator(".main summary")
    button.focus()
    phone.keyboard.press("Enter")
    phone.keyboard.press("Tab")
    assert menu.get_attribute("open") is not None
    phone.keyboard.press("Escape")
    assert menu.get_attribute("open") is None
    assert phone.evaluate("document.activeElement.localName") == "summary"
    phone.keyboard.press("Enter")
    phone.keyboard.press("Shift+Tab")
    assert menu.get_attribute("open") is None
    button.click()
    phone.locator("h1").click()
    assert menu.get_attribute("open") is None


def test_what_is_reached_through_the_open_menu_is_in_sight_and_its_click_is_not_lost_when_the_menu_closes(
    phone: Page, address: str
) -> None:
    phone.goto(f"{address}/", wait_until="networkidle")
    phone.locator(".main summary").click()
    phone.locator(".main details a").last.focus()
    phone.keyboard.press("Tab")
    assert phone.locator(".main details").get_attribute("open") is None
    assert phone.evaluate("(box => box.top >= 0 && box.bottom <= innerHeight)(document.activeElement.getBoundingClientRect())")
    phone.locator(".main summary").click()
    link = phone.locator("main a[href]").first
    path = link.get_attribute("href")
    link.click()
    phone.wait_for_url(f"{address}{path}")
