"""One page of each template in Chromium: axe-core in light and dark, narrow and wide; the keyboard; no JavaScript. `make audit` examines all pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from audit.browser import Scheme, examine, keyboard_problems, open_page, overflow_width
from audit.site import one_of_each

VIEWS: tuple[tuple[Scheme, int], ...] = (("light", 320), ("dark", 320), ("light", 1280), ("dark", 1280))


@pytest.fixture(scope="session")
def example_pages(templates: dict[str, str]) -> list[str]:
    """One page for every template, and for every publication of the templates that show documents."""
    return one_of_each(templates)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 320, "height": 640})
    yield context.new_page()
    context.close()


@pytest.fixture
def phone_without_scripts(browser: Browser) -> Iterator[Page]:
    """A phone of 320 CSS pixels whose browser runs no script."""
    context = browser.new_context(viewport={"width": 320, "height": 640}, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_every_template_of_the_theme_has_a_page_in_the_sample(templates: dict[str, str]) -> None:
    theme = Path("themes/miyagi/templates")
    page_templates = {
        path.name for path in theme.glob("*.html") if "{% extends" in (text := path.read_text(encoding="utf-8")) or "<!doctype" in text
    }
    assert {name for name in page_templates if not name.endswith("base.html")} == set(templates.values())


def test_axe_finds_no_violation_on_any_template(example_pages: list[str], page: Page, address: str) -> None:
    violations: list[str] = []
    for url in example_pages:
        open_page(page, address, url)
        for view, (scheme, width) in enumerate(VIEWS):
            violations += map(str, examine(page, url, scheme, width, visual_only=view in (1, 2)).violations)
    assert violations == []


@pytest.mark.parametrize(
    "url",
    [
        "/furigana/",
        "/furigana/kyoiku-kiroku/fiscal/2013/",
        "/furigana/kouryu/calendar/2021/05/",
        "/furigana/drills/situation/lifelines/",
        "/fukko-dayori/2018/07/parks-and-disaster-centres/",
    ],
)
def test_readings_stay_inside_of_badges_chips_and_days_and_a_report_without_figures_has_no_table_of_them(
    url: str, page: Page, address: str
) -> None:
    open_page(page, address, url)
    assert [line for scheme, width in (VIEWS[1], VIEWS[2]) for line in examine(page, url, scheme, width, known=set()).unsettled] == []


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ("<p style='color:#999'>薄い字</p>", "color-contrast"),
        ("<p>海<ruby>石巻<rt>いしのまき</rt></ruby><ruby style='color:#999'>女川<rt>おながわ</rt></ruby></p>", "color-contrast"),
        ("<p>海<ruby>石巻<rt>いしのまき</rt></ruby><ruby>女川<rt style='color:#999'>おながわ</rt></ruby></p>", "color-contrast"),
        ("<img src='/a.png'>", "image-alt"),
        ("<a href='/'></a>", "link-name"),
        ("<p><a href='/' style='display:inline-block;width:9px;height:9px;overflow:hidden'>一</a><a href='/'>二</a></p>", "target-size"),
    ],
)
def test_axe_reports_a_deliberate_violation(body: str, rule: str, page: Page) -> None:
    page.set_content(f"<!doctype html><html lang=ja><title>題</title><main><h1>題</h1>{body}</main>")
    assert rule in {violation.rule for violation in examine(page, "/", "light", 320).violations}


def test_tab_reaches_every_control_of_every_template_and_the_focus_is_visible(example_pages: list[str], page: Page, address: str) -> None:
    problems = []
    for url in example_pages:
        open_page(page, address, url)
        problems += [f"{url}: {problem}" for problem in keyboard_problems(page)]
    assert problems == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<a href='/a/' style='outline:none'>a</a>", "a /a/: no visible focus"),
        ("<a href='/a/' style='position:absolute;left:-999px'>a</a>", "a /a/: outside of the window or covered"),
        ("<a href='/c/' onkeydown='event.preventDefault()'>c</a><a href='/a/'>a</a>", "a /a/: never reached by Tab"),
    ],
)
def test_the_keyboard_check_reports_a_deliberate_fault(body: str, fault: str, page: Page) -> None:
    page.set_content(f"<!doctype html><html lang=ja><title>題</title><style>a:focus{{outline:3px solid #000}}</style><main>{body}</main>")
    assert fault in keyboard_problems(page)


def test_the_menu_opens_by_keyboard_and_the_next_tab_reaches_its_links(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('details').open")
    assert page.evaluate("document.activeElement.checkVisibility()")


def test_every_template_can_be_read_at_320_pixels_without_javascript(
    example_pages: list[str], phone_without_scripts: Page, address: str
) -> None:
    problems = []
    for url in example_pages:
        open_page(phone_without_scripts, address, url)
        if (wider := overflow_width(phone_without_scripts)) > 0:
            problems.append(f"{url}: {wider} px too wide")
        if not phone_without_scripts.locator("main h1").first.is_visible() or len(phone_without_scripts.locator("main").inner_text()) < 20:
            problems.append(f"{url}: nothing to read")
        missing = phone_without_scripts.evaluate(
            "[...document.images].filter(i => i.loading !== 'lazy' && !i.naturalWidth).map(i => i.src)"
        )
        problems += [f"{url}: {source} is not shown" for source in missing]
    assert problems == []
