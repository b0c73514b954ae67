"""The page of a municipality leads on also where the site has nothing about it, and the map is a map on every width."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import lxml.html
import pytest
from playwright.sync_api import Browser

from plugins.builder.options import BuildReport

SAMPLE = Path("content/data/municipalities.csv")


def test_every_municipality_leads_to_its_own_site_to_the_office_of_the_prefecture_and_to_its_neighbours(sample: BuildReport) -> None:
    with SAMPLE.open(encoding="utf-8", newline="") as table:
        rows = {row["name"]: row for row in csv.DictReader(table)}
    for name, row in rows.items():
        page: Any = lxml.html.fromstring((sample.output / "site/places" / row["slug"] / "index.html").read_bytes())
        card = page.xpath("//section[@aria-labelledby='around']")[0]
        links = set(card.xpath(".//a/@href"))
        assert row["regional_office"] in card.text_content() and row["site"] in links, name
        assert {f"/places/{rows[near]['slug']}/" for near in row["neighbours"].split()} <= links, name
        assert all(name in rows[near]["neighbours"].split() for near in row["neighbours"].split()), (
            f"{name} is no neighbour of its neighbour"
        )


@pytest.mark.parametrize("width", [320, 375, 1280])
def test_on_phones_and_paper_as_on_desks_each_municipality_lies_where_the_map_says(width: int, browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 812})
    page = context.new_page()
    page.goto(f"{address}/places/")
    for medium in ("screen", "print"):
        page.emulate_media(media=medium)
        boxes = {
            name: page.locator(f'.map a[href="/places/{name}/"]').bounding_box() for name in ("kesennuma", "sendai", "shiroishi", "onagawa")
        }
        (_, north), (west, _), (_, south), (east, _) = ((box["x"], box["y"]) for box in boxes.values() if box)
        assert north < boxes["sendai"]["y"] < south and west < east  # type: ignore[index]
        cut = page.evaluate(
            "[...document.querySelectorAll('.map a')].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"
        )
        assert cut == []
    context.close()


def test_a_page_that_is_not_there_offers_the_search(browser: Browser, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/404.html")
    page.get_by_role("searchbox").fill("女川")
    page.get_by_role("button", name="さがす").click()
    assert page.url.startswith(f"{address}/search/?q=")
    page.locator("#results li").first.wait_for()
    context.close()


def test_a_black_drawing_on_a_transparent_ground_stands_on_a_light_one_in_the_dark(browser: Browser, address: str) -> None:
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(f"{address}/fukko-press/2016/03/five-years-on/")
    red, green, blue = page.evaluate(
        "getComputedStyle(document.querySelector('.prose img')).backgroundColor.match(/[0-9]+/g).slice(0, 3).map(Number)"
    )
    assert min(red, green, blue) >= 215  # 13:1 against black and more, after brightness(.9) too
    context.close()


def test_the_months_of_a_section_have_no_empty_cells(sample: BuildReport) -> None:
    page: Any = lxml.html.fromstring((sample.output / "site/fukko-press/index.html").read_bytes())
    assert all(item.xpath("string(.//small)") != "0件" and item.xpath(".//a") for item in page.xpath("//div[@class='year']//li"))
