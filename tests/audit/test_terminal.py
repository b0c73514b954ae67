"""w3m and lynx: words that are apart on the screen are apart in the terminal, and no button needs a script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from audit.browser import open_page
from audit.site import one_of_each
from audit.terminal import dead_buttons, glued_words
from plugins.builder.options import BuildReport

HEAD = "<!doctype html><html lang=ja><head><meta charset=utf-8><title>題</title></head><body>"
GLUED = {
    "two inline blocks": "<p><b style='display:inline-block'>注意注意</b><b style='display:inline-block'>地震で傷んだ</b></p>",
    "two items of a row": "<p style='display:flex;gap:1em'><span>三月十一日</span><span>復興プレス</span></p>",
    "labels of a drawing": "<svg width=300 height=60 role=img><text x=0 y=20>道路の完成</text><text x=200 y=20>河川の完成</text></svg>",
}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_page(viewport={"width": 375, "height": 640}) as page:
        yield page


def show(page: Page, folder: Path, body: str) -> Path:
    file = folder / "page.html"
    file.write_text(HEAD + body, encoding="utf-8")
    page.goto(file.as_uri())
    return file


@pytest.mark.parametrize("case", GLUED)
def test_words_that_a_terminal_joins_are_told(case: str, tmp_path: Path, page: Page) -> None:
    assert {line.split()[0] for line in glued_words(page, show(page, tmp_path, GLUED[case]))} >= {"w3m"}


def test_a_line_end_that_only_terminals_see_keeps_them_apart(tmp_path: Path, page: Page) -> None:
    body = "<p style='display:flex;gap:1em'><span>三月十一日</span><br hidden><span>復興プレス</span></p>"
    assert list(glued_words(page, show(page, tmp_path, body))) == []


def test_no_kind_of_page_of_the_sample_joins_words(sample: BuildReport, templates: dict[str, str], page: Page, address: str) -> None:
    joined = []
    for url in one_of_each(templates):
        name = url.lstrip("/") + ("index.html" if url.endswith("/") else "")
        open_page(page, address, url)
        joined += [f"{url}: {line}" for line in glued_words(page, sample.output / "site" / name)]
    assert joined == []


def test_no_page_of_the_sample_has_a_button_that_does_nothing_without_a_script(sample: BuildReport) -> None:
    site = sample.output / "site"
    assert [
        f"{path.relative_to(site)}: {line}" for path in site.rglob("*.html") for line in dead_buttons(path.read_text(encoding="utf-8"))
    ] == []
    assert len(list(dead_buttons("<p><button id=more type=button hidden>続き</button><button>送る</button></p>"))) == 1
