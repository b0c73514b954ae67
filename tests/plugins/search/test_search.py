"""Search in static files: exact results for Japanese, small files, the keyboard, and a way without JavaScript.

The browser tests run the script on an index that the plugin wrote: both sides of the format that `plugins.search.index` states.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect

from audit.server import serving
from plugins.search.entries import text_lines
from plugins.search.index import DIGITS, collect, decode, encode, ngrams, shard_of, shard_postings, update_postings
from plugins.search.numbers import numbers_of, room_for
from tests.samples.tiny import NOW, TinySite, make_site

TEXTS = {
    "train": "新幹線が開通しました。",
    "roads": "新しい幹線道路と、線路の話です。新幹とは言いません。幹線はあります。",
    "cells": "東北新\n\n幹線の段落です。",
    "wide": "ＪＲ仙石線とｶﾞｿﾘﾝの話。",
    "kesennuma": "気仙沼の港です。",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> TinySite:
    """Five pages with nearly the same words, and thirty with the same text."""
    tiny = make_site(tmp_path_factory.mktemp("search"))
    with (tiny.root / "publications.toml").open("a", encoding="utf-8") as toml:
        toml.write('[checks]\nT102 = "warn"\n')  # partners' entries have half-width kana, and must be found too
    for day, (name, text) in enumerate(TEXTS.items(), 1):
        tiny.write(f"press/2020/{name}.md", f"---\ntitle: {name}\ndate: 2020-05-{day:02}\n---\n{text}\n")
    for number in range(30):
        tiny.article(f"press/2019/common-{number:02}.md", f"共通の知らせ{number}", f"2019-04-{number + 1:02}", "どこにもある文章です。")
    tiny.build(NOW)
    return tiny


@pytest.fixture(scope="module")
def address(site: TinySite) -> Iterator[str]:
    with serving(site.site) as address:
        yield address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 320, "height": 640})
    yield context.new_page()
    context.close()


def search(page: Page, address: str, query: str) -> list[str]:
    """Type ``query``, press Enter, and return the titles of the results."""
    page.goto(f"{address}/search/")
    page.get_by_label("さがすことば").fill(query)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("「")
    return page.locator("#results h2").all_inner_texts()


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("新幹線", ["train"]),
        ("幹線", ["cells", "roads", "train"]),
        ("新", ["cells", "roads", "train"]),
        ("jr仙石線", ["wide"]),
        ("ガソリン", ["wide"]),
        ("幹線 道路", ["roads"]),
        ("気仙沼の港です", ["kesennuma"]),
        ("新幹線の線路", []),
        ("鯨", []),
    ],
)
def test_a_query_finds_the_pages_with_all_its_words_newest_first(query: str, titles: list[str], page: Page, address: str) -> None:
    assert search(page, address, query) == titles


def test_a_screen_reader_announces_the_number_of_results(page: Page, address: str) -> None:
    search(page, address, "新幹線")
    status = page.get_by_role("status")
    assert status.get_attribute("aria-live") == "polite"
    expect(status).to_have_text("「新幹線」を含むページは1件です。")
    assert page.locator("mark").inner_text() == "新幹線"
    search(page, address, "鯨")
    expect(status).to_have_text("「鯨」を含むページはありません。")


@pytest.mark.parametrize("query", ["共通", "どこにもある文章"])
def test_more_results_come_by_keyboard_and_the_first_of_them_gets_the_focus(query: str, page: Page, address: str) -> None:
    assert len(search(page, address, query)) == 10
    page.get_by_role("button", name="続きを見る").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#results li")).to_have_count(20)
    assert page.evaluate("document.activeElement.textContent") == "共通の知らせ19"
    page.get_by_role("button", name="続きを見る").press("Enter")
    expect(page.get_by_role("status")).to_have_text(f"「{query}」を含むページは30件です。")
    expect(page.locator("#more")).to_be_hidden()


def test_the_address_of_a_query_opens_with_its_results(page: Page, address: str) -> None:
    page.goto(f"{address}/search/?q=気仙沼")
    expect(page.get_by_role("status")).to_have_text("「気仙沼」を含むページは1件です。")
    assert page.get_by_label("さがすことば").input_value() == "気仙沼"


def test_an_empty_query_asks_for_words(page: Page, address: str) -> None:
    page.goto(f"{address}/search/")
    page.get_by_role("button", name="さがす").click()
    expect(page.get_by_role("status")).to_have_text("さがすことばを入れてください。")


def test_a_file_that_cannot_be_loaded_is_reported_to_the_reader(page: Page, address: str) -> None:
    page.route("**/search/s/*.json", lambda route: route.abort())
    page.goto(f"{address}/search/?q=気仙沼")
    expect(page.get_by_role("status")).to_contain_text("もう一度お試しください")


def test_without_javascript_the_page_leads_to_the_titles_of_every_year(browser: Browser, site: TinySite, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/search/")
    assert page.locator("form.search, #more").count() == 0
    titles: list[str] = []
    for year in ("2020年", "2019年"):
        page.goto(f"{address}/search/")
        page.get_by_role("link", name=year).click()
        titles += page.locator(".titles a").all_inner_texts()
    context.close()
    assert len(titles) == 35
    assert "train" in titles


def test_no_pair_crosses_a_space_and_compatible_characters_are_equal() -> None:
    assert ngrams("新 幹線") == {"新", "幹", "線", "幹線"}
    assert ngrams("ＪＲ") == {"j", "r", "jr"}


def test_the_text_of_a_body_has_a_line_for_each_block_without_readings_and_notes() -> None:
    assert text_lines("<table><tr><td>新</td><td>幹線</td></tr></table>") == ["新", "幹線"]
    assert text_lines('<p>閖上<sup id="a">1</sup>の<b>港</b> &amp; 浜</p><figure><img alt="a > b" src="x"></figure>') == ["閖上の港 & 浜"]
    assert text_lines("<p><ruby>閖上<rp>（</rp><rt>ゆりあげ</rt><rp>）</rp></ruby>の町</p>") == ["閖上の町"]


def decoded(text: str) -> list[int]:
    """Read postings by a second implementation of the format."""
    if text.startswith("!"):
        return [index * 6 + bit for index, digit in enumerate(text[1:]) for bit in range(6) if DIGITS.index(digit) >> bit & 1]
    numbers, gap, scale, last = list[int](), 0, 1, -1
    for digit in map(DIGITS.index, text):
        gap, scale = gap + digit % 32 * scale, scale * 32
        if digit < 32:
            last += gap + 1
            numbers.append(last)
            gap, scale = 0, 1
    return numbers


@given(st.sets(st.integers(0, 4999)))
def test_postings_are_read_back_as_they_were_written(numbers: set[int]) -> None:
    assert decoded(encode(sorted(numbers))) == decode(encode(sorted(numbers))) == sorted(numbers)


@given(st.sets(st.integers(0, 60), min_size=1), st.sets(st.integers(0, 70)), st.sets(st.integers(0, 70)))
def test_updated_postings_are_equal_to_postings_written_anew(numbers: set[int], added: set[int], removed: set[int]) -> None:
    after = sorted((numbers | added) - removed)
    assert update_postings(encode(sorted(numbers)), added, removed) == (encode(after) if after else "")


@given(
    st.sets(st.integers(0, 90_000), min_size=1, max_size=400),
    st.sets(st.integers(-3, 90_000), max_size=3),
    st.sets(st.integers(-3, 3), max_size=3),
)
def test_updated_postings_of_the_newest_documents_are_equal_too(numbers: set[int], offsets: set[int], near: set[int]) -> None:
    last = max(numbers)
    added, removed = {max(0, last + offset) for offset in offsets}, {max(0, last + offset) for offset in near}
    after = sorted((numbers | added) - removed)
    assert update_postings(encode(sorted(numbers)), added, removed) == (encode(after) if after else "")


def test_postings_of_every_document_take_one_bit_for_each_document() -> None:
    assert len(encode(range(10_000))) <= 1_668


def test_each_n_gram_is_in_its_shard_and_the_number_of_shards_is_a_power_of_two() -> None:
    texts = ["".join(random.Random(seed).choices("復興新幹線港町𠮷", k=300)) for seed in range(40)]
    shards, _ = shard_postings(collect(enumerate(map(ngrams, texts))))
    assert len(shards) & (len(shards) - 1) == 0
    assert all(shard_of(gram, len(shards)) == number for number, shard in enumerate(shards) for gram in shard)


def entries(site: Path) -> dict[str, tuple[int, bytes]]:
    """Return number and bytes of each entry by title."""
    files = {file: file.read_bytes() for file in (site / "search/d").iterdir()}
    return {json.loads(data)["t"]: (int(file.stem), data) for file, data in files.items()}


def test_a_page_that_comes_in_between_or_goes_moves_no_other(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md", "一", "2020-05-01")
    tiny.article("press/2020/c.md", "三", "2020-05-25")
    tiny.build()
    before = entries(tiny.site)
    tiny.article("press/2020/b.md", "二", "2020-05-12")
    tiny.build()
    with_b = entries(tiny.site)
    assert {title: entry for title, entry in with_b.items() if title != "二"} == before
    assert with_b["一"][0] < with_b["二"][0] < with_b["三"][0]
    (tiny.root / "content/press/2020/b.md").unlink()
    tiny.build()
    assert entries(tiny.site) == before


@given(st.lists(st.datetimes(dt.datetime(2018, 1, 1), dt.datetime(2024, 12, 31)), max_size=60), st.integers(0, 5))
def test_numbers_ascend_with_the_dates_and_leave_room(dates: list[dt.datetime], undated: int) -> None:
    numbers = numbers_of([*[None] * undated, *sorted(dates)])
    assert numbers == sorted(set(numbers))
    blocks = [undated, *Counter((date.year, date.month) for date in dates).values()]
    assert max(numbers, default=0) < 2 + sum(room_for(count) for count in blocks if count) * 5 / 4


def test_a_document_that_comes_in_between_moves_few_others() -> None:
    dates = [dt.datetime(2020, 1, 1) + dt.timedelta(hours=number * 9) for number in range(900)]
    moved = []
    for day in range(0, 330, 30):
        new = dt.datetime(2020, 1, 2, 1) + dt.timedelta(days=day)
        after = dict(zip(sorted([*dates, new]), numbers_of(sorted([*dates, new])), strict=True))
        moved.append(sum(number != after[date] for date, number in zip(dates, numbers_of(dates), strict=True)))
    assert max(moved) <= 10


def test_the_script_is_smaller_than_10_000_bytes() -> None:
    assert Path("themes/miyagi/static/search.js").stat().st_size < 10_000
