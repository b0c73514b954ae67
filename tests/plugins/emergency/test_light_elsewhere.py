"""The light page in programs that know nothing but HTML: two browsers for terminals, and Chromium with scripts, styles, pictures and the network switched off."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from jinja2 import FileSystemLoader
from playwright.sync_api import Browser, Route

from plugins.emergency.pages import PageRenderer
from tests.plugins.emergency.records import BASE, sample_library, sample_records

PROGRAMS = {
    "w3m": ("w3m", "-dump", "-cols", "200", "-I", "UTF-8", "-O", "UTF-8"),
    "lynx": ("lynx", "-dump", "-nolist", "-width=200", "-assume_charset=utf-8", "-display_charset=utf-8"),
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The light page of all sample notices, as a file on a disk."""
    library = sample_library()
    records = sorted((record for record in sample_records().values() if not record.is_drill), key=lambda record: -record.weight)
    pages = PageRenderer(FileSystemLoader("themes/miyagi/emergency"), library.registry.site, BASE)
    page = tmp_path_factory.mktemp("light") / "light.html"
    page.write_bytes(pages.light(records, library.registry.publications["emergency"]))
    return page


def answers() -> list[str]:
    """What a reader has to find, in this order."""
    record = sample_records()["heavy-rain-evacuation"]
    message = record.message
    return [
        message.title,
        record.level_words,
        record.issued,
        "いますること",
        *message.action,
        message.what,
        message.where,
        record.until,
        message.issued_by,
    ]


@pytest.mark.parametrize("program", sorted(PROGRAMS))
def test_a_browser_for_terminals_shows_every_answer_in_order_and_glues_no_words_together(file: Path, program: str) -> None:
    done = subprocess.run([*PROGRAMS[program], str(file)], capture_output=True, check=True)
    text = done.stdout.decode()
    places = [text.find(answer) for answer in answers()]
    assert -1 not in places and places == sorted(places), dict(zip(answers(), places, strict=True))
    for label in ("何が", "どこ", "いつまで", "だれが", "電話"):
        assert f"{label}　" in text, "a label and what it names are two words"
    assert "171" in text and "119" in text


def test_chromium_needs_neither_script_nor_style_nor_the_network(file: Path, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, offline=True)
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.continue_() if route.request.url == file.as_uri() else route.abort()

    context.route("**/*", refuse)
    page = context.new_page()
    page.goto(file.as_uri())
    text = page.inner_text("body")
    assert asked == [file.as_uri()]
    assert [answer for answer in answers() if answer not in text] == []
    assert {link.get_attribute("href") for link in page.query_selector_all('a[href^="tel:"]')} >= {"tel:171", "tel:119", "tel:110"}
    context.close()
