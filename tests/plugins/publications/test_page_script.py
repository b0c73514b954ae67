"""What the script of every page adds: a table is a region with a name only where it scrolls. And what paper gets: the QR code of the portal and of notices."""

from __future__ import annotations

import pytest
import segno
from playwright.sync_api import Browser

TABLE = ".table table"
PROGRESS = "/fukko-dayori/progress/"


def test_a_table_is_a_named_region_and_a_stop_of_the_tab_key_only_where_it_scrolls(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(address + PROGRESS)
    regions = page.locator(".table[role=region]")
    page.wait_for_function("document.querySelectorAll('.table[role=region]').length === 0")
    assert page.locator(".table[tabindex], .table[aria-label]").count() == 0
    page.set_viewport_size({"width": 240, "height": 800})
    page.wait_for_function("document.querySelectorAll('.table[role=region]').length > 0")
    scrolling = page.evaluate("[...document.querySelectorAll('.table')].filter(e => e.scrollWidth > e.clientWidth).length")
    assert regions.count() == scrolling == page.locator(".table[role=region][tabindex='0'][aria-label]").count()
    context.close()


def test_without_scripts_every_table_that_may_scroll_can_be_reached(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + PROGRESS)
    assert page.locator(".table").count() == page.locator(".table[role=region][tabindex='0'][aria-label]").count() > 0
    context.close()


@pytest.mark.parametrize(
    ("path", "has_code"), [("/", True), ("/emergency/2021/03/heavy-rain-evacuation/", True), ("/fukko-press/2016/03/five-years-on/", False)]
)
def test_paper_has_the_address_and_the_portal_and_notices_its_qr_code(path: str, has_code: bool, browser: Browser, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(address + path)
    printed = page.locator(".printed")
    assert not printed.is_visible()
    page.emulate_media(media="print")
    assert printed.is_visible() and f"https://todoke.example.jp{path}" in printed.inner_text()
    assert printed.locator("svg").count() == has_code
    if has_code:
        modules = segno.make_qr(f"https://todoke.example.jp{path}", error="m").symbol_size(border=4)[0]
        assert printed.locator("svg").get_attribute("width") == str(modules * 4)
        box = printed.locator("svg").bounding_box()
        assert box and box["width"] / modules >= 2  # pixels a module: 0.5 mm on paper and more, as telephones need
    context.close()
