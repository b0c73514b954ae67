"""What must be so of a page in every browser: no errors, nothing wider than the window, content that is seen, a menu that opens, a search that finds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from audit.engines.recorder import PROBLEMS
from audit.engines.window import ENTER, BrowserError, Window

WIDTHS = (375, 1280)
"""CSS pixels: a phone, and a screen on a desk."""

SEARCH = "/search/?q=%E7%9F%B3%E5%B7%BB"
"""The search for 石巻, of which the sample tells much."""

_SEARCH_SECONDS = 20
_OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
# The first heading is what the page is about: it must be drawn, and nothing may lie over it when it is in the window.
_UNSEEN = """() => {
  const main = document.querySelector('main'), heading = document.querySelector('main h1, main h2');
  if (!main || !heading) return ['no main content with a heading'];
  heading.scrollIntoView({block: 'center', behavior: 'instant'});
  const box = heading.getClientRects()[0], style = getComputedStyle(heading);
  if (!box || box.width < 20 || style.visibility !== 'visible' || style.opacity === '0') return ['the heading is not visible'];
  const top = document.elementFromPoint(box.left + Math.min(box.width, innerWidth) / 2, box.top + box.height / 2);
  const problems = top && (heading.contains(top) || top.contains(heading)) ? [] : ['the heading is covered by ' + (top ? top.outerHTML.slice(0, 80) : 'nothing')];
  return main.innerText.trim().length < 20 ? [...problems, 'the main content has no text'] : problems;
}"""
_FOCUS_MENU = """() => {
  const summary = document.querySelector('nav.main summary');
  if (summary) { scrollTo(0, 0); summary.focus(); }
  return !!summary;
}"""
_CLOSED_MENU = """() => {
  const menu = document.querySelector('nav.main details'), links = [...menu.querySelectorAll('a')];
  if (!menu.open) return ['the menu does not open by the Enter key'];
  const hidden = links.filter(link => {
    link.scrollIntoView({block: 'nearest', behavior: 'instant'});
    const box = link.getClientRects()[0], top = box && document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return !top || !link.contains(top) || box.left < 0 || box.right > innerWidth;
  });
  menu.open = false;
  return hidden.length ? [hidden.length + ' links of the menu cannot be reached'] : [];
}"""
_HITS = f"""() => new Promise(done => {{
  const until = Date.now() + {_SEARCH_SECONDS * 1000};
  const tell = () => {{
    const hits = document.querySelectorAll('.results a').length;
    hits || Date.now() > until ? done(hits) : setTimeout(tell, 50);
  }};
  tell();
}})"""


def page_problems(window: Window, address: str, width: int) -> Iterator[str]:
    """Open a page that `recorder` has prepared; yield what is wrong with it."""
    window.open(address, width)
    overflow = window.run(_OVERFLOW)
    if overflow > 0:
        yield f"{overflow} px wider than the window"
    yield from window.run(_UNSEEN)
    if window.run(_FOCUS_MENU):
        window.type_key(ENTER)
        yield from window.run(_CLOSED_MENU)
    yield from window.run(PROBLEMS)


def search_problems(window: Window, address: str) -> Iterator[str]:
    """Search once; yield a line if no page is listed, and what else went wrong. ``address`` is that of the search with a query."""
    window.open(address, WIDTHS[0])
    if not window.run(_HITS):
        yield "the search lists nothing"
    yield from window.run(PROBLEMS)


def visit(window: Window, address: str, pages: Iterable[str]) -> Iterator[str]:
    """Open every page in both widths, and search; yield one line for each problem, with the browser, the page and the width."""
    for url in pages:
        for width in WIDTHS:
            try:
                problems = tuple(page_problems(window, address + url, width))
            except BrowserError as error:
                problems = (str(error),)
            yield from (f"{window.name}: {url} ({width} px): {problem}" for problem in problems)
    yield from (f"{window.name}: {SEARCH}: {problem}" for problem in search_problems(window, address + SEARCH))
