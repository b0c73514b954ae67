"""Firefox and WebKit over a list of pages, and what Firefox and Chromium print of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from audit.browser import chromium
from audit.engines.firefox import firefox
from audit.engines.paper import paper_problems
from audit.engines.recorder import record
from audit.engines.visit import WIDTHS, visit
from audit.engines.webkit import webkit
from audit.engines.window import BrowserError, Window
from audit.server import serving

ENGINES: tuple[Callable[[], AbstractContextManager[Window]], ...] = (firefox, webkit)
"""The browsers beside Chromium."""

HEADING = "() => document.querySelector('main h1, main h2').textContent"
"""The JavaScript function that returns what a page is about."""


def visit_in_all(site: Path, pages: Iterable[str]) -> list[str]:
    """Open ``pages`` of the built ``site`` in each of `ENGINES`; return the problems. A browser that is not installed is one, with what to install."""
    addresses = list(pages)
    with serving(site, record) as address:
        return [line for engine in ENGINES for line in _visit(engine, address, addresses)]


def _visit(engine: Callable[[], AbstractContextManager[Window]], address: str, pages: list[str]) -> Iterator[str]:
    try:
        with engine() as window:
            yield from visit(window, address, pages)
    except (FileNotFoundError, BrowserError) as error:
        yield str(error)


def print_in_both(site: Path, pages: Iterable[str]) -> list[str]:
    """Print ``pages`` of the built ``site`` from Firefox and Chromium; return the problems of the sheets."""
    addresses = list(pages)
    with serving(site, record) as address:
        return [*_print_in_firefox(address, addresses), *_print_in_chromium(address, addresses)]


def _print_in_firefox(address: str, pages: list[str]) -> Iterator[str]:
    try:
        with firefox() as window:
            for url in pages:
                window.open(address + url, WIDTHS[-1])
                yield from _problems(window.name, url, window.pdf(), window.run(HEADING))
    except (FileNotFoundError, BrowserError) as error:
        yield str(error)


def _print_in_chromium(address: str, pages: list[str]) -> Iterator[str]:
    with chromium() as browser:
        page = browser.new_page()
        for url in pages:
            page.goto(address + url)
            yield from _problems("Chromium", url, page.pdf(format="A4", prefer_css_page_size=True), page.evaluate(HEADING))


def _problems(browser: str, url: str, pdf: bytes, heading: str) -> Iterator[str]:
    yield from (f"{browser}: {url} on paper: {problem}" for problem in paper_problems(pdf, heading))
