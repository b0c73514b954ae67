"""Paper: what Firefox and Chromium print of the sample, and that a page that prints badly is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from audit.engines.all_browsers import HEADING
from audit.engines.paper import MOST_PAGES, paper_problems
from audit.engines.recorder import record
from audit.engines.window import Window
from audit.server import serving
from plugins.builder.options import BuildReport

PAGES = ("/", "/kouryu/", "/fukko-press/2012/07/mail-edition-for-evacuees/", "/kouryu/calendar/2013/05/")
"""Portal, section, article, calendar: the kinds that Firefox left half empty."""

LINES = "".join(f"<p>{number}行目の本文です。</p>" for number in range(120))
STYLE = "<style>@page{size:A4;margin:15mm}h1,p{font-size:12pt;line-height:1.6;margin:0}</style>"
UNBROKEN = f"{STYLE}<main><h1>題名</h1><div style='break-inside:avoid;height:200mm;margin-top:90mm'>{LINES[:400]}</div></main>"
CUT = f"{STYLE}<main><h1>題名</h1>{LINES}</main><p style='position:fixed;bottom:-4mm'>切れた行</p>"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_page() as page:
        yield page


def _print(page: Page, address: str) -> tuple[bytes, str]:
    page.goto(address)
    return page.pdf(format="A4", prefer_css_page_size=True), str(page.evaluate(HEADING))


@pytest.mark.parametrize("url", PAGES)
def test_the_kinds_of_pages_of_the_sample_print_well_from_both_browsers(
    url: str, sample: BuildReport, firefox_window: Window, page: Page
) -> None:
    with serving(sample.output / "site", record) as address:
        firefox_window.open(address + url, 1280)
        assert list(paper_problems(firefox_window.pdf(), firefox_window.run(HEADING))) == []
        assert list(paper_problems(*_print(page, address + url))) == []


def test_a_first_sheet_that_is_nearly_empty_is_told(served: Callable[[str], str], firefox_window: Window, page: Page) -> None:
    address = served(UNBROKEN)
    firefox_window.open(address, 1280)
    for pdf in (firefox_window.pdf(), _print(page, address)[0]):
        assert any(problem.startswith("the first of 2 sheets is filled to ") for problem in paper_problems(pdf, "題名"))


def test_a_line_on_the_edge_of_the_sheet_is_told(served: Callable[[str], str], page: Page) -> None:
    assert any("a line is cut" in problem for problem in paper_problems(_print(page, served(CUT))[0], "題名"))


def test_a_heading_that_is_not_printed_and_too_many_sheets_are_told(served: Callable[[str], str], page: Page) -> None:
    pdf = _print(page, served(f"{STYLE}<main><h1>題名</h1>{LINES * 8}</main>"))[0]
    problems = list(paper_problems(pdf, "別の題名"))
    assert "'別の題名' is not on the first sheet" in problems
    assert any(problem.endswith(" sheets") and int(problem.split()[0]) > MOST_PAGES for problem in problems)
