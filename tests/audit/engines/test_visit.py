"""Pages in Firefox: those of the sample are sound, and a page with a fault is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from audit.engines.all_browsers import visit_in_all
from audit.engines.recorder import record
from audit.engines.visit import page_problems, search_problems, visit
from audit.engines.webkit import webkit
from audit.engines.window import Window
from audit.server import serving
from plugins.builder.options import BuildReport

SOUND = "<main><h1>見出し</h1><p>この本文は、どの画面でも読むことができる長さで書いてあります。</p></main>"
MENU = "<nav class=main><details{}><summary>出版物</summary><ul><li><a href='/'>一つ目</a></li></ul></details></nav>"
FAULTS = {
    "too wide": (SOUND + "<p style='width:2000px'>幅</p>", "px wider than the window"),
    "hidden by another element": (SOUND + "<div style='position:fixed;inset:0;background:#fff'></div>", "the heading is covered by <div"),
    "no heading": ("<main><p>見出しのない本文が、ここに書いてあります。</p></main>", "no main content with a heading"),
    "nothing to read": ("<main><h1>見出し</h1></main>", "the main content has no text"),
    "an uncaught error": (SOUND + "<script>missing()</script>", "error: "),
    "a promise that fails": (SOUND + "<script>Promise.reject('late')</script>", "rejected: late"),
    "a picture that does not load": (SOUND + "<img src='/no.png' alt=''>", "img did not load: "),
    "a word in the console": (SOUND + "<script>console.error('bad')</script>", "console.error: bad"),
    "a menu that does not open": (MENU.format(" onclick='event.preventDefault()'") + SOUND, "the menu does not open by the Enter key"),
    "a menu behind the text": (
        "<style>nav ul{position:absolute;z-index:-1} main{background:#fff}</style>" + MENU.format("") + SOUND,
        "1 links of the menu cannot be reached",
    ),
}


def test_pages_of_the_sample_are_sound_in_firefox_and_its_search_finds(sample: BuildReport, firefox_window: Window) -> None:
    pages = ["/", "/fukko-press/", "/fukko-dayori/progress/", "/kouryu/calendar/"]
    with serving(sample.output / "site", record) as address:
        assert list(visit(firefox_window, address, pages)) == []


def test_a_sound_page_has_no_problem(served: Callable[[str], str], firefox_window: Window) -> None:
    assert list(page_problems(firefox_window, served(MENU.format("") + SOUND), 375)) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_a_page_is_told(fault: str, served: Callable[[str], str], firefox_window: Window) -> None:
    body, words = FAULTS[fault]
    assert any(words in problem for problem in page_problems(firefox_window, served(body), 375))


def test_the_width_of_a_phone_is_the_width_that_the_page_has(served: Callable[[str], str], firefox_window: Window) -> None:
    address = served(SOUND)
    for width in (375, 1280):
        firefox_window.open(address, width)
        assert firefox_window.run("() => innerWidth") == width


def test_a_search_that_lists_nothing_is_told(served: Callable[[str], str], firefox_window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.engines.visit._HITS", "() => document.querySelectorAll('.results a').length")
    assert list(search_problems(firefox_window, served(SOUND))) == ["the search lists nothing"]


def test_a_browser_that_is_not_installed_is_named_with_what_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert visit_in_all(tmp_path, []) == [
        "Firefox is needed: `make system-audit` installs it (Debian: firefox-esr)",
        "WebKitGTK's driver and Xvfb are needed: `make system-audit` installs them (Debian: webkit2gtk-driver xvfb)",
    ]
    with pytest.raises(FileNotFoundError, match="webkit2gtk-driver"), webkit():
        pass
