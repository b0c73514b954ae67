"""Chromium, as a visitor has it: axe-core over a page, the path of the Tab key, the bytes of the first view."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, Route, sync_playwright

from audit.undecided import Undecided, settle

Scheme = Literal["light", "dark"]

AXE_VERSION = re.search(r"axe v([\d.]+)", AXE_SCRIPT)[1]  # type: ignore[index]
"""The version of axe-core inside the wheel."""

_OPTIONS: dict[str, Any] = {"resultTypes": ["violations", "incomplete"], "rules": {"target-size": {"enabled": True}}}
_VISUAL_OPTIONS = {
    "resultTypes": ["violations", "incomplete"],
    "runOnly": ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"],
}
"""The rules whose result a colour scheme or a width can change. All others give the same result again for the same document."""

# A gradient at the edge of a table hints that it scrolls. It lies under every cell, and axe cannot measure a contrast against a gradient.
_NO_GRADIENT = ".table { background-image: none !important }"
# A page of the furigana edition has hundreds of <ruby>. Of those that look the same inside one parent, only the first is examined: this takes half of
# the time and finds the same.
_MARK_EQUAL_RUBY = """() => document.querySelectorAll('ruby').forEach(ruby => {
  const first = ruby.parentElement.querySelector(':scope > ruby');
  const style = e => ['color', 'backgroundColor', 'opacity', 'fontSize', 'fontWeight', 'textShadow', 'position'].map(key => getComputedStyle(e)[key]).join();
  const same = first !== ruby && [first, ...first.children].map(style).join() === [ruby, ...ruby.children].map(style).join();
  ruby.toggleAttribute('data-equal-ruby', same);
})"""
_AXE_RESULT = "({violations: r.violations.map(v => [v.id, v.impact, v.nodes.map(n => String(n.target[0]))]), undecided: r.incomplete.flatMap(v => v.nodes.map(n => [v.id, [...n.any, ...n.all, ...n.none].map(c => c.data && c.data.messageKey || '').find(k => k) || '', String(n.target[0])]))})"
_REFRESH = re.compile(rb'<meta http-equiv="refresh"[^>]*>')
# Every element that the Tab key should reach. A group of radio buttons is one stop, so only its first button counts.
_TAB_STOPS = """() => [...document.querySelectorAll(
  'a[href], area[href], button, input:not([type=hidden]), select, textarea, summary, iframe, video[controls], audio[controls], [contenteditable=true], [tabindex]'
)].filter(e => e.tabIndex >= 0 && !e.disabled && e.checkVisibility({visibilityProperty: true})
  && !(e.type === 'radio' && e.name && [...document.getElementsByName(e.name)].find(o => o.checked || true) !== e))"""
# Opens all <details> but the menu, and records for each element that gets the focus whether its outline can be seen: two pixels or wider, not
# transparent (WCAG 2.2, 2.4.13 asks for two pixels).
_RECORD_FOCUS = f"""() => {{
  document.querySelectorAll('details').forEach(d => d.open = !d.closest('nav'));
  window.stops = ({_TAB_STOPS})();
  window.focused = new Map();
  document.addEventListener('focusin', event => {{
    const style = getComputedStyle(event.target);
    window.focused.set(event.target, style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 && !/^rgba\\(.*, 0\\)$/.test(style.outlineColor));
  }}, true);
  return window.stops.length;
}}"""
# What is wrong with the recorded path. "Visible" means that the middle of the part inside the window belongs to the element (WCAG 2.2, 2.4.11).
_FOCUS_PROBLEMS = """() => {
  const name = e => `${e.tagName.toLowerCase()} ${e.getAttribute('href') || e.id || e.textContent.trim().slice(0, 30)}`;
  const focused = [...window.focused], visible = e => {
    e.focus();
    e.scrollIntoView({block: 'nearest', behavior: 'instant'});
    const box = e.getClientRects()[0];
    const top = box && document.elementFromPoint((Math.max(box.left, 0) + Math.min(box.right, innerWidth)) / 2, (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2);
    return !!top && (e.contains(top) || top.contains(e) && top !== document.documentElement && top !== document.body || [...(e.labels || [])].some(l => l.contains(top)));
  };
  return [...window.stops.filter(e => !window.focused.has(e)).map(e => name(e) + ': never reached by Tab'),
    ...focused.filter(([e, outlined]) => !outlined).map(([e]) => name(e) + ': no visible focus'),
    ...focused.filter(([e]) => !visible(e)).map(([e]) => name(e) + ': outside of the window or covered')];
}"""


@dataclass(frozen=True)
class Violation:
    """One rule of axe that one page breaks. ``targets`` are CSS selectors, ``impact`` is axe's grade from minor to critical."""

    page: str
    scheme: Scheme
    width: int
    rule: str
    impact: str
    targets: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page} ({self.scheme}, {self.width} px): {self.rule} ({self.impact}): {', '.join(self.targets[:5])}"


@dataclass(frozen=True)
class AxeResult:
    """What axe found on one page, the elements on which axe could not decide, and those of them that no check of ours settled, with the reason."""

    violations: tuple[Violation, ...]
    undecided: tuple[Undecided, ...] = ()
    unsettled: tuple[str, ...] = ()


def chromium_path() -> str | None:
    """Return the program of the system's Chromium or Chrome, None if there is none."""
    return next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the system's Chromium without a display and without calls to its maker. Raises `FileNotFoundError` if there is none."""
    path = chromium_path()
    if path is None:
        raise FileNotFoundError("Chromium is needed: `make test` installs it")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


def open_page(page: Page, address: str, url: str) -> None:
    """Go to ``url``. A page that only forwards is opened without its ``<meta http-equiv="refresh">``: some readers switch that off, and see the page."""

    def remove_refresh(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, body=_REFRESH.sub(b"", response.body()))

    page.route(f"{address}{url}", remove_refresh)
    page.goto(address + url)
    page.unroute(f"{address}{url}")


def examine(page: Page, url: str, scheme: Scheme, width: int, *, visual_only: bool = False, known: set[str] | None = None) -> AxeResult:
    """Run axe on the open page: all rules (WCAG A and AA, best practices, target size), or with ``visual_only`` those that depend on the view.

    What axe cannot decide is settled by `audit.undecided`, unless ``known`` is None: then it is only counted.
    """
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.evaluate(
        "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )  # scripts follow a new width one frame later
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(AXE_SCRIPT)
        page.add_style_tag(content=_NO_GRADIENT)
    page.evaluate(_MARK_EQUAL_RUBY)
    options = json.dumps(_VISUAL_OPTIONS if visual_only else _OPTIONS)
    result = page.evaluate(f"axe.run({{exclude: [['[data-equal-ruby]']]}}, {options}).then(r => {_AXE_RESULT})")
    violations = (Violation(url, scheme, width, rule, impact, tuple(targets)) for rule, impact, targets in result["violations"])
    undecided = tuple(Undecided(*values) for values in result["undecided"])
    left = settle(page, undecided, known) if known is not None else ()
    unsettled = (f"{url} ({scheme}, {width} px): {e.rule} ({e.kind}): {e.target}: {problem}" for e, problem in left)
    return AxeResult(tuple(violations), undecided, tuple(unsettled))


def keyboard_problems(page: Page) -> list[str]:
    """Press Tab through the open page; return the elements that are never reached, show no focus, or are covered while they have it."""
    count = page.evaluate(_RECORD_FOCUS)
    # A player has controls of its own that take the focus (about twelve); three more presses leave room for the browser's own stops.
    for _ in range(count + 3 + 12 * page.locator("video[controls], audio[controls]").count()):
        page.keyboard.press("Tab")
    return [str(line) for line in page.evaluate(_FOCUS_PROBLEMS)]


def overflow_width(page: Page) -> int:
    """Return by how many CSS pixels the open page is wider than its window (WCAG 2.2, 1.4.10: 0 at 320 pixels)."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@dataclass(frozen=True)
class Weight:
    """Bytes over the wire for the first view of a page, headers included, on a window of 1280 × 900."""

    url: str
    requests: int
    html: int
    style: int
    script: int
    images: int
    other: int

    @property
    def total(self) -> int:
        return self.html + self.style + self.script + self.images + self.other


def weigh(browser: Browser, address: str, url: str) -> Weight:
    """Open ``url`` with an empty cache and add up what Chromium received."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    session = context.new_cdp_session(page)
    types: dict[str, str] = {}
    sizes: dict[str, int] = {}
    session.on("Network.responseReceived", lambda event: types.update({event["requestId"]: event["type"]}))
    session.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: int(event["encodedDataLength"])}))
    session.send("Network.enable")
    page.goto(address + url, wait_until="networkidle")
    context.close()
    totals = Counter[str]()
    for request, size in sizes.items():
        totals[types.get(request, "Other")] += size
    html, style, script, images = (totals.pop(name, 0) for name in ("Document", "Stylesheet", "Script", "Image"))
    return Weight(url, len(sizes), html, style, script, images, totals.total())
