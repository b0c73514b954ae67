"""Contrast by pixels and targets by their boxes: what axe cannot decide, we can, in both directions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from audit.browser import AxeResult, examine
from audit.undecided import Undecided, settle

DRAWN = "<svg width=300 height=60><rect width=300 height=60 fill='{ground}'/><text id=a x=10 y=40 fill='{colour}' style='{style}'>みやぎ</text></svg>"
CASES = {
    "over a gradient that is light": ("<p id=a style='background:linear-gradient(#fff,#eee)'>みやぎの文字</p>", True),
    "over a gradient that is as dark as the letters": (
        "<p id=a style='display:inline-block;background:linear-gradient(90deg,#fff,#222)'>みやぎの文字</p>",
        False,
    ),
    "in a drawing, on white": (DRAWN.format(ground="#fff", colour="#000", style=""), True),
    "in a drawing, on grey": (DRAWN.format(ground="#777", colour="#555", style=""), False),
    "in a drawing, on black with a white halo": (
        DRAWN.format(ground="#000", colour="#000", style="paint-order:stroke;stroke:#fff;stroke-width:6px"),
        True,
    ),
    "large letters need less": ("<p id=a style='font-size:30px;color:#888;background:linear-gradient(#fff,#fff)'>みやぎの文字</p>", True),
    "small letters of the same grey": (
        "<p id=a style='font-size:16px;color:#888;background:linear-gradient(#fff,#fff)'>みやぎの文字</p>",
        False,
    ),
    "half transparent": ("<p id=a style='color:#000;opacity:.4;background:linear-gradient(#fff,#fff)'>みやぎの文字</p>", False),
    "not drawn at all": ("<p id=a style='visibility:hidden'>みやぎの文字</p>", False),
    "scrolled away": (
        "<div class=table role=region style='overflow:auto;width:100px'><p id=a style='width:20em;padding-left:15em'>みやぎの文字</p></div>",
        True,
    ),
}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_page(viewport={"width": 320, "height": 640}) as page:
        yield page


def show(page: Page, body: str) -> None:
    page.set_content(
        f"<!doctype html><html lang=ja><title>題</title><style>body{{background:#fff;color:#000}}</style><main><h1>題</h1>{body}</main>"
    )


@pytest.mark.parametrize("case", CASES)
def test_the_pixels_tell_whether_letters_can_be_read(case: str, page: Page) -> None:
    body, is_enough = CASES[case]
    show(page, body)
    left = list(settle(page, [Undecided("color-contrast", "bgGradient", "#a")], set()))
    assert (left == []) is is_enough


def test_what_axe_could_not_decide_is_settled_in_the_same_examination(page: Page) -> None:
    def examine_body(body: str) -> AxeResult:
        show(page, body)
        return examine(page, "/", "light", 320, known=set())

    light, dark = CASES["over a gradient that is light"][0], CASES["over a gradient that is as dark as the letters"][0]
    assert [element.kind for element in examine_body(light).undecided] == ["bgGradient"]
    assert examine_body(light).unsettled == ()
    assert examine_body(dark).unsettled[0].startswith("/ (light, 320 px): color-contrast (bgGradient): #a: contrast 1.")


def test_a_rule_that_pixels_cannot_settle_stays_unsettled(page: Page) -> None:
    show(page, "<p id=a>みやぎ</p>")
    assert [why for _, why in settle(page, [Undecided("video-caption", "", "#a")], set())] == ["no check settles this rule"]


def test_the_same_look_is_measured_once_and_another_ground_anew(page: Page) -> None:
    known: set[str] = set()
    mark = "<div class={}><p id=a style='background:linear-gradient(#fff,#fff)'>みやぎの文字</p></div>"
    show(page, mark.format("one"))
    assert list(settle(page, [Undecided("color-contrast", "", "#a")], known)) == []
    assert len(known) == 1
    show(page, mark.format("two") + "<style>.two p{color:#ddd}</style>")
    assert len(list(settle(page, [Undecided("color-contrast", "", "#a")], known))) == 1


@pytest.mark.parametrize(("padding", "problem"), [("6px", []), ("0", ["target of 30 × 15 pixels"])])
def test_a_target_whose_text_flows_over_its_box_is_measured(padding: str, problem: list[str], page: Page) -> None:
    show(
        page,
        f"<a id=a href=/ style='display:inline-block;width:30px;height:15px;padding-block:{padding};white-space:nowrap'>ひなんじょの一覧</a>",
    )
    assert [why for _, why in settle(page, [Undecided("target-size", "contentOverflow", "#a")], set())] == problem
