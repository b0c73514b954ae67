"""Two hundred things that readers type, and the page that each is for: variants, readings, synonyms, slips of the finger, and what must not be found."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from audit.server import serving
from tests.samples.tiny import NOW, make_site

HERE = Path(__file__).parent
ENOUGH = 0.98
"""The share of pairs that have to be right."""


def rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The pages of ``pages.csv``, each of one sentence, with the tables of the sample."""
    site = make_site(tmp_path_factory.mktemp("pairs"))
    for name in ("municipalities.csv", "readings.csv", "synonyms.csv"):
        shutil.copy(Path("content/data", name), site.content / "data" / name)
    with (site.root / "publications.toml").open("a", encoding="utf-8") as toml:
        toml.write(
            '[checks]\nT101 = "off"\nT102 = "off"\nT103 = "off"\nT104 = "off"\nT105 = "off"\nT106 = "off"\nT107 = "off"\nT108 = "off"\n'
        )
    for day, row in enumerate(rows("pages.csv")):
        site.write(f"press/2020/{row['page']}.md", f"---\ntitle: 見本{day} {row['text'][:20]}\ndate: 2020-05-01\n---\n{row['text']}\n")
    site.build(NOW)
    with serving(site.site) as address:
        yield address


@pytest.fixture(scope="module")
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/search/")
    yield page
    context.close()


def results(page: Page, query: str) -> tuple[set[str], list[str]]:
    """Return the pages that ``query`` finds, and the words that are offered if there are none."""
    page.get_by_label("さがすことば").fill(query)
    page.keyboard.press("Enter")
    expect(page.locator(f'body:has(#found:text("「{query}」"))')).to_have_count(1)
    while page.locator("#more").is_visible():
        before = page.locator("#results li").count()
        page.locator("#more").click()
        expect(page.locator("#results li")).not_to_have_count(before)
    links = page.locator("#results h2 a").evaluate_all("links => links.map(link => link.getAttribute('href').split('/').at(-2))")
    return set(links), page.locator("#near a").all_inner_texts()


def is_right(row: dict[str, str], pages: set[str], offered: list[str]) -> bool:
    match row["kind"]:
        case "never":
            return row["page"] not in pages
        case "typo":
            return row["page"] in offered
        case _:
            return row["page"] in pages


def test_readers_get_what_they_mean_and_nothing_that_only_looks_like_it(page: Page) -> None:
    pairs = rows("pairs.csv")
    wrong = [(row["kind"], row["query"], row["page"]) for row in pairs if not is_right(row, *results(page, row["query"]))]
    print(f"{len(pairs) - len(wrong)} of {len(pairs)} right", *wrong, sep="\n")
    assert len(pairs) >= 200
    assert 1 - len(wrong) / len(pairs) >= ENOUGH, wrong
