"""The light page: one file of at most 14,000 bytes, without script and without any request, also for many long notices; and the short texts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from jinja2 import FileSystemLoader
from lxml import html
from playwright.sync_api import Browser

from plugins.emergency.open_data import notices_csv
from plugins.emergency.pages import LIGHTEST, PageRenderer, light_body
from plugins.emergency.short_text import LIMITS, short_text, width
from tests.plugins.emergency.records import BASE, sample_library, sample_records

REGISTRY = sample_library().registry
PAGES = PageRenderer(
    FileSystemLoader("themes/miyagi/emergency"), REGISTRY.site.model_copy(update={"mirrors": ("https://mirror.example.com",)}), BASE
)
EMERGENCY = REGISTRY.publications["emergency"]
NAMES = sorted(sample_records())


def test_it_works_from_a_disk_without_script_and_asks_no_server(tmp_path: Path, browser: Browser) -> None:
    file = tmp_path / "light.html"
    file.write_bytes(PAGES.light([sample_records()["heavy-rain-evacuation"]], EMERGENCY))
    context = browser.new_context(java_script_enabled=False, offline=True, viewport={"width": 240, "height": 320})
    page = context.new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(file.as_uri())
    assert requests == [file.as_uri()]
    assert page.locator("h1").inner_text() == "【緊急】石巻市と女川町に避難指示（見本）"
    assert page.evaluate("document.documentElement.scrollWidth") <= 240
    context.close()


def test_it_holds_nothing_that_loads_runs_or_needs_a_new_browser() -> None:
    tree = html.fromstring(PAGES.light([*sample_records().values()], EMERGENCY))
    assert {element.tag for element in tree.iter()} <= set(
        "html head meta title body main h1 h2 h3 h4 p b ol ul li a br hr table thead tbody tr th td strong em".split()
    )
    assert not tree.xpath("//@src | //@onclick | //@class")
    links = [str(a.get("href")) for a in tree.iter("a")]
    assert all(link.startswith(("https://", "tel:", "mailto:")) for link in links)
    assert {
        "tel:171",
        "tel:119",
        "tel:0220000101",
        f"{BASE}/emergency/light.html",
        "https://mirror.example.com/emergency/light.html",
    } <= set(links)


@pytest.mark.parametrize("count", [0, 1, 5, 40, 200])
@pytest.mark.parametrize("length", [1, 300])
def test_it_never_weighs_more_than_one_round_trip_and_loses_no_title_before_it_must(count: int, length: int) -> None:
    sample = sample_records()["heavy-rain-evacuation"]
    long = replace(sample, html=f"<p>{'雨が続きます。' * length}</p>")
    page = PAGES.light([long] * count, EMERGENCY)
    if count <= 5:
        assert page.decode().count("石巻市と女川町に避難指示（見本）</h") == count
    assert len(page) <= LIGHTEST


def test_links_of_a_body_become_whole_and_pictures_go() -> None:
    body = light_body('<h2 id="a">題</h2><p><a href="/places/">町</a><img src="/a.png" alt="絵"><a href="#a">上</a></p>', BASE)
    assert body == f'<h3>題</h3><p><a href="{BASE}/places/" style="color: inherit">町</a><a style="color: inherit">上</a></p>'


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("name", NAMES)
def test_a_short_text_keeps_its_limit_and_ends_with_the_address(name: str, limit: int) -> None:
    text = short_text(sample_records()[name], limit)
    assert width(text) <= limit and text.splitlines()[-1] == sample_records()[name].address


@pytest.mark.parametrize("limit", LIMITS)
def test_also_very_long_answers_keep_the_limits_and_the_first_step_is_told(limit: int) -> None:
    sample = sample_records()["heavy-rain-evacuation"]
    long = replace(
        sample.message, title="雨" * 200, what="雨が続きます。" * 28, where="石巻市、" * 40, action=("逃げてください。" * 20,) * 12
    )
    text = short_text(replace(sample, message=long), limit)
    assert width(text) <= limit and "逃げてください" in text and sample.address in text


def test_no_cell_of_the_table_is_a_formula() -> None:
    sample = sample_records()["road-closed"]
    table = notices_csv([replace(sample, message=replace(sample.message, title="=HYPERLINK(1)"))]).decode("utf-8-sig")
    assert ",'=HYPERLINK(1)," in table
