"""Every sample issue as a phone and a desktop show it: light, dark, with and without images. axe-core checks it, and nothing is wider than the screen."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urldefrag

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route

from plugins.builder.options import BuildReport
from plugins.magazine.render.renderer import PROSE_PICTURE

BASE = "https://todoke.example.jp"
SCREEN = 812
"""CSS pixels: the height of a phone that is 375 wide."""
MOST_SCREENS = 5
"""Screens that an issue of six articles may have."""
READABLE = "() => [...document.querySelectorAll('p, li, h1, h2, h3, td')].filter(e => e.innerText.trim() && e.checkVisibility() && parseFloat(getComputedStyle(e).fontSize) < 14).map(e => e.innerText)"
PICTURES = "() => [...document.images].map(i => ({alt: i.alt, link: i.closest('a')?.href ?? '', width: i.getBoundingClientRect().width, height: i.getBoundingClientRect().height, top: i.getBoundingClientRect().top}))"
CONTENTS = "() => [...document.querySelectorAll('[role=navigation] li')].map(e => ({title: e.innerText.replaceAll('\\n', ''), href: e.querySelector('a')?.href ?? '', bottom: e.getBoundingClientRect().bottom}))"
BROKEN_LINES = r"""() => {
  const whole = /(\d{4}年)?\d{1,2}月\d{1,2}日(（.曜日）)?|\d{1,2}時\d{1,2}分|0\d{1,4}-\d{1,4}-\d{3,4}|〒\d{3}-\d{4}/g, broken = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text; (text = texts.nextNode());)
    for (const match of text.data.matchAll(whole)) {
      const range = document.createRange();
      range.setStart(text, match.index); range.setEnd(text, match.index + match[0].length);
      if (new Set([...range.getClientRects()].map(r => Math.round(r.top))).size > 1) broken.push(match[0]);
    }
  return broken;
}"""


class MailProgram:
    """Shows one mail after the other in one window with pictures and in one without: a context for each mail would start a process of Chromium for each.

    A mail runs no script and keeps nothing, so what was shown before leaves nothing behind; pictures that one window has loaded the other does not have.
    """

    def __init__(self, browser: Browser, site: Path) -> None:
        self._browser, self._site = browser, site
        self._windows: dict[bool, Page] = {}

    @contextmanager
    def opened(self, file: Path, *, width: int = 375, dark: bool = False, pictures: bool = True) -> Iterator[Page]:
        """Open a mail. Its pictures come from the site, or not at all."""
        if pictures not in self._windows:
            self._windows[pictures] = self._browser.new_context().new_page()
            self._windows[pictures].route("**/*", self._with_pictures if pictures else self._without)
        page = self._windows[pictures]
        page.set_viewport_size({"width": width, "height": SCREEN})
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.goto(file.as_uri())
        yield page

    def close(self) -> None:
        for page in self._windows.values():
            page.context.close()

    def _with_pictures(self, route: Route) -> None:
        picture = self._site / urldefrag(route.request.url).url.removeprefix(f"{BASE}/")
        if picture.is_file():
            route.fulfill(path=picture)
        else:
            self._without(route)

    def _without(self, route: Route) -> None:
        if route.request.url.startswith("file:"):
            route.continue_()
        else:
            route.abort()


@pytest.fixture(scope="module")
def program(browser: Browser, sample: BuildReport) -> Iterator[MailProgram]:
    program = MailProgram(browser, sample.output / "site")
    yield program
    program.close()


def mails(sample: BuildReport) -> list[Path]:
    files = sorted(sample.output.glob("mail/*/*/mail.html"))
    assert len(files) == 5 + 4  # the notices in force have a mail each
    return files


def issues(sample: BuildReport) -> list[Path]:
    return [file for file in mails(sample) if file.parts[-3] != "emergency"]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [375, 640])
def test_every_mail_is_whole_and_accessible_without_images(program: MailProgram, sample: BuildReport, width: int, *, dark: bool) -> None:
    for file in mails(sample):
        with program.opened(file, width=width, dark=dark, pictures=False) as page:
            assert page.evaluate("document.documentElement.scrollWidth") <= width, file
            assert page.evaluate(READABLE) == [], file
            result = Axe().run(page)
            assert result.violations_count == 0, result.generate_report()


@pytest.mark.parametrize("width", [375, 640])
def test_an_image_that_is_not_loaded_takes_the_lines_of_its_words_and_no_box(program: MailProgram, sample: BuildReport, width: int) -> None:
    seen = 0
    for file in issues(sample):
        with program.opened(file, width=width, pictures=False) as page:
            for picture in page.evaluate(PICTURES):
                lines = math.ceil((len(picture["alt"]) * 14 + 20) / picture["width"]) + 1
                assert picture["height"] <= lines * 14 * 1.5 + 4, (file, picture)
                seen += 1
    assert seen > 10


def test_only_the_first_article_has_a_large_picture_and_each_picture_is_a_link(program: MailProgram, sample: BuildReport) -> None:
    for file in issues(sample):
        with program.opened(file) as page:
            pictures = page.evaluate(PICTURES)
        assert all(picture["link"].startswith(BASE) and picture["alt"] for picture in pictures), file
        lead, *others = sorted(pictures, key=lambda picture: picture["top"])
        assert lead["width"] > 300 and all(other["width"] <= PROSE_PICTURE for other in others), file


def test_an_issue_of_six_articles_fills_five_screens_of_a_phone_at_most(
    program: MailProgram, sample: BuildReport, capsys: pytest.CaptureFixture[str]
) -> None:
    screens: dict[str, tuple[int, float]] = {}
    for file in issues(sample):
        with program.opened(file) as page:
            articles = len(page.query_selector_all(".item"))
            screens["/".join(file.parts[-3:-1])] = articles, page.evaluate("document.documentElement.scrollHeight") / SCREEN
    with capsys.disabled():
        print("", *(f"{name}: {number} articles, {height:.2f} screens" for name, (number, height) in screens.items()), sep="\n  ")
    of_six = [height for number, height in screens.values() if number <= 6]
    assert of_six and max(of_six) <= MOST_SCREENS
    assert max(height / number * 6 for number, height in screens.values()) <= MOST_SCREENS + 0.6  # with the editors' own essays


def test_the_first_screen_of_a_phone_says_what_is_new(program: MailProgram, sample: BuildReport) -> None:
    for file in issues(sample):
        with program.opened(file) as page:
            title = page.locator("h1").bounding_box()
            contents = page.evaluate(CONTENTS)
        assert title and title["y"] < 100, file
        shown = [entry for entry in contents if entry["bottom"] <= SCREEN]
        assert len(shown) == len(contents) or len(shown) >= 9, file


def test_the_contents_lead_to_each_headline_in_order_and_to_the_place_of_a_section_without_article(
    program: MailProgram, sample: BuildReport
) -> None:
    for file in issues(sample):
        with program.opened(file) as page:
            contents = page.evaluate(CONTENTS)
            headlines = page.eval_on_selector_all("h3 a", "links => links.map(a => [a.innerText.replaceAll('\\n', ''), a.href])")
        articles = [[entry["title"], entry["href"]] for entry in contents if "#" not in entry["href"]]
        assert articles == headlines, file
        for entry in contents:
            address, anchor = urldefrag(entry["href"])
            html = (sample.output / "site" / address.removeprefix(f"{BASE}/") / "index.html").read_text("utf-8")
            assert not anchor or f'id="{anchor}"' in html, entry


@pytest.mark.parametrize("width", [320, 375])
def test_no_date_and_no_telephone_number_is_broken_at_the_end_of_a_line(program: MailProgram, sample: BuildReport, width: int) -> None:
    for file in mails(sample):
        with program.opened(file, width=width) as page:
            assert page.evaluate(BROKEN_LINES) == [], file
            assert page.evaluate("document.documentElement.scrollWidth") <= width, file


APPLE = "document.querySelector('p').insertAdjacentHTML('beforeend', '<a x-apple-data-detectors=\"true\" href=\"tel:1\">x</a>')"
GMAIL = "(span => span.innerHTML = `<a href='https://calendar.example/'>${span.innerText}</a>`)(document.querySelector('.k'))"
COLOURS = "(link => [getComputedStyle(link).color, getComputedStyle(link).textDecorationLine, getComputedStyle(link.parentElement).color])(document.querySelector('{}'))"


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("make", "link"), [(APPLE, "a[x-apple-data-detectors]"), (GMAIL, ".k a")])
def test_a_link_that_a_program_makes_of_a_date_looks_like_the_text_around_it(
    program: MailProgram, sample: BuildReport, make: str, link: str, *, dark: bool
) -> None:
    for file in mails(sample):
        with program.opened(file, dark=dark, pictures=False) as page:
            page.evaluate(make)
            color, line, around = page.evaluate(COLOURS.format(link))
            assert (color, line) == (around, "none"), file
            assert "telephone=no" in (page.locator("meta[name=format-detection]").get_attribute("content") or "")


def test_progress_is_drawn_by_the_cells_of_a_table_as_wide_as_the_figures_say(program: MailProgram, sample: BuildReport) -> None:
    file = sample.output / "mail/fukko-press/47/mail.html"
    with program.opened(file, pictures=False) as page:
        shares = page.eval_on_selector_all(
            "table.bar", "bars => bars.map(bar => 100 * bar.querySelector('.bar-done').offsetWidth / bar.offsetWidth)"
        )
        heights = page.eval_on_selector_all("table.bar", "bars => bars.map(bar => bar.offsetHeight)")
    figures = [int(words) for words in re.findall(r"(\d+)％", re.sub("<[^>]*>", "", file.read_text("utf-8")))]
    assert figures == [96, 99, 97, 77] and all(abs(share - figure) < 1 for share, figure in zip(shares, figures, strict=True))
    assert set(heights) == {10}
