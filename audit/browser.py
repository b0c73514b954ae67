"""Chromium as a visitor's: axe-core, the keyboard, the weight of a page."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, Route, sync_playwright

Scheme = Literal["light", "dark"]

AXE_VERSION = re.search(r"axe v([\d.]+)", AXE_SCRIPT)[1]  # type: ignore[index]
"""The version of axe-core inside the wheel."""

_OPTIONS: dict[str, Any] = {"resultTypes": ["violations", "incomplete"], "rules": {"target-size": {"enabled": True}}}
_SEEN = {
    "resultTypes": ["violations", "incomplete"],
    "runOnly": ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"],
}
"""The rules that a colour scheme or a width can change; all others judge the same document again."""

# The shade that hints at a scrollable table is a gradient under every cell; axe gives up on gradients. Without it, it measures.
_NO_SHADE = ".table { background-image: none !important }"
# A page with readings has hundreds of <ruby>. Of those in one element that look the same the first is judged: half the time, no other answer.
_SAME_RUBY = """() => document.querySelectorAll('ruby').forEach(ruby => {
  const first = ruby.parentElement.querySelector(':scope > ruby');
  const look = e => ['color', 'backgroundColor', 'opacity', 'fontSize', 'fontWeight', 'textShadow', 'position'].map(key => getComputedStyle(e)[key]).join();
  const same = first !== ruby && [first, ...first.children].map(look).join() === [ruby, ...ruby.children].map(look).join();
  ruby.toggleAttribute('data-as-before', same);
})"""
_TOLD = "({violations: r.violations.map(v => [v.id, v.impact, v.nodes.map(n => String(n.target[0]))]), undecided: r.incomplete.flatMap(v => v.nodes).length})"
_REFRESH = re.compile(rb'<meta http-equiv="refresh"[^>]*>')
_STOPS = """() => [...document.querySelectorAll(
  'a[href], area[href], button, input:not([type=hidden]), select, textarea, summary, iframe, video[controls], audio[controls], [contenteditable=true], [tabindex]'
)].filter(e => e.tabIndex >= 0 && !e.disabled && e.checkVisibility({visibilityProperty: true})
  && !(e.type === 'radio' && e.name && [...document.getElementsByName(e.name)].find(o => o.checked || true) !== e))"""
_WATCH = f"""() => {{
  document.querySelectorAll('details').forEach(d => d.open = !d.closest('nav'));
  window.stops = ({_STOPS})();
  window.seen = new Map();
  document.addEventListener('focusin', event => {{
    const style = getComputedStyle(event.target);
    window.seen.set(event.target, style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 && !/^rgba\\(.*, 0\\)$/.test(style.outlineColor));
  }}, true);
  return window.stops.length;
}}"""
_WALKED = """() => {
  const name = e => `${e.tagName.toLowerCase()} ${e.getAttribute('href') || e.id || e.textContent.trim().slice(0, 30)}`;
  const seen = [...window.seen], shown = e => {
    e.focus();
    e.scrollIntoView({block: 'nearest', behavior: 'instant'});
    const box = e.getClientRects()[0];
    const top = box && document.elementFromPoint((Math.max(box.left, 0) + Math.min(box.right, innerWidth)) / 2, (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2);
    return !!top && (e.contains(top) || top.contains(e) && top !== document.documentElement && top !== document.body || [...(e.labels || [])].some(l => l.contains(top)));
  };
  return [...window.stops.filter(e => !window.seen.has(e)).map(e => name(e) + ': never reached by Tab'),
    ...seen.filter(([e, drawn]) => !drawn).map(([e]) => name(e) + ': no visible focus'),
    ...seen.filter(([e]) => !shown(e)).map(([e]) => name(e) + ': outside of the window or covered')];
}"""


@dataclass(frozen=True)
class Complaint:
    """One rule of axe that one page breaks: where in the page, how badly."""

    page: str
    scheme: Scheme
    width: int
    rule: str
    impact: str
    targets: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page} ({self.scheme}, {self.width} px): {self.rule} ({self.impact}): {', '.join(self.targets[:5])}"


@dataclass(frozen=True)
class Examined:
    """What axe says of one page: complaints, and elements it could not decide on."""

    complaints: tuple[Complaint, ...]
    undecided: int


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, without a display and without calls home."""
    path = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
    if path is None:
        raise FileNotFoundError("Chromium is needed: `make test` installs it")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


def open_page(page: Page, address: str, url: str) -> None:
    """Go to ``url``. A page that only forwards is shown as it stands, which a reader sees when forwarding is switched off."""

    def stay(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=_REFRESH.sub(b"", answer.body()))

    page.route(f"{address}{url}", stay)
    page.goto(address + url)
    page.unroute(f"{address}{url}")


def examine(page: Page, url: str, scheme: Scheme, width: int, *, look_only: bool = False) -> Examined:
    """Run every rule of axe (WCAG A and AA, best practices, target size) on the page that is open; with ``look_only`` those about its looks."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(AXE_SCRIPT)
        page.add_style_tag(content=_NO_SHADE)
    page.evaluate(_SAME_RUBY)
    options = json.dumps(_SEEN if look_only else _OPTIONS)
    found = page.evaluate(f"axe.run({{exclude: [['[data-as-before]']]}}, {options}).then(r => {_TOLD})")
    complaints = (Complaint(url, scheme, width, rule, impact, tuple(targets)) for rule, impact, targets in found["violations"])
    return Examined(tuple(complaints), found["undecided"])


def walk(page: Page) -> list[str]:
    """Press Tab through the page that is open; return what is never reached, has no visible focus, or is covered when it has it."""
    count = page.evaluate(_WATCH)
    for _ in range(count + 3 + 12 * page.locator("video[controls], audio[controls]").count()):
        page.keyboard.press("Tab")
    return [str(line) for line in page.evaluate(_WALKED)]


def sideways(page: Page) -> int:
    """Return by how many CSS pixels the page that is open is wider than its window."""
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
    kinds: dict[str, str] = {}
    sums: dict[str, int] = {}
    session.on("Network.responseReceived", lambda event: kinds.update({event["requestId"]: event["type"]}))
    session.on("Network.loadingFinished", lambda event: sums.update({event["requestId"]: int(event["encodedDataLength"])}))
    session.send("Network.enable")
    page.goto(address + url, wait_until="networkidle")
    context.close()
    by: dict[str, int] = {}
    for request, size in sums.items():
        by[kinds.get(request, "Other")] = by.get(kinds.get(request, "Other"), 0) + size
    html, style, script, images = (by.pop(kind, 0) for kind in ("Document", "Stylesheet", "Script", "Image"))
    return Weight(url, len(sums), html, style, script, images, sum(by.values()))
