"""Names without stray spaces, and a focus that nothing covers: deliberate faults are told, sound pages are not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from audit.reading import covered_focus, name_spaces
from audit.site import every_page, one_of_each, with_readings
from plugins.builder.options import BuildReport


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_page(viewport={"width": 375, "height": 600}) as page:
        yield page


def show(page: Page, body: str) -> None:
    page.set_content(f"<!doctype html><html lang=ja><title>題</title><main><h1>題</h1>{body}</main>")


def test_a_phrase_break_that_becomes_a_space_in_a_name_is_told(page: Page) -> None:
    show(page, "<a href='/'>石巻市と<span style='display:inline-block'></span><wbr>女川町に<wbr>避難指示</a>")
    broken = list(name_spaces(page))
    show(
        page,
        "<ruby>石巻市<rt>いしのまきし</rt></ruby><a href='/'><ruby>石巻市<rt>いしのまきし</rt></ruby>と<span style='display:inline-block'></span><wbr>女川町</a>",
    )
    assert list(name_spaces(page)) != []
    show(page, "<a href='/'>石巻市と女川町に避難指示</a>")
    assert broken
    assert " " in broken[0]
    assert list(name_spaces(page)) == []


@pytest.mark.parametrize(
    "body",
    [
        "<a href='/'>石巻 女川</a>",
        "<a href='/' aria-label='石巻 女川'>一</a>",
        "<a href='/'><b>石巻</b><p>女川</p></a>",
        "<a href='/'><ruby>石巻<rp>（</rp><rt>いしのまき</rt><rp>）</rp></ruby> <ruby>女川<rt>おながわ</rt></ruby></a>",
        "<h2><span style='display:block'>いしのまき</span><ruby>石巻<rp>（</rp><rt>いしのまき</rt><rp>）</rp></ruby></h2>",
    ],
)
def test_a_space_that_is_written_or_stands_between_two_blocks_is_not_told(body: str, page: Page) -> None:
    show(page, body)
    assert list(name_spaces(page)) == []


def test_an_element_that_is_covered_while_it_has_the_focus_is_told(page: Page) -> None:
    links = "".join(f"<p><a href='/{number}/'>{number}番</a></p>" for number in range(3))
    show(page, links)
    assert list(covered_focus(page)) == []
    show(page, links + "<div style='position:fixed;inset:0;background:#fff'></div>")
    assert list(covered_focus(page)) == ["a /0/", "a /1/", "a /2/"]


def test_a_menu_that_stays_open_over_the_next_link_is_told(page: Page) -> None:
    menu = "<nav><details style='position:relative'><summary>出版物</summary><ul style='position:absolute;top:20px;margin:0;background:#fff;width:90%;height:300px'><li><a href='/m/'>中</a></li></ul></details></nav>"
    show(page, menu + "<p><a href='/next/'>次</a></p>")
    assert list(covered_focus(page)) == ["a /next/"]


def test_a_sample_of_the_pages_has_the_copies_with_readings_too(noted_sample: tuple[BuildReport, dict[str, str]]) -> None:
    report, templates = noted_sample
    pages = with_readings(one_of_each(templates), report.output / "site")
    assert {"/", "/furigana/", "/search/"} <= set(pages) and set(pages) <= set(every_page(report.output / "site"))
