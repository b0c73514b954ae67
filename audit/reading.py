"""What assistive technology and the keyboard meet in Chromium: names without stray spaces, and a focus that nothing covers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from playwright.sync_api import Page

# Japanese is written without spaces: one between two of its letters stands in the source, or a phrase break has made it.
_SPACE = re.compile(r"[ぁ-ヿ一-鿿々〆]{1,6}[ \u200b]+[ぁ-ヿ一-鿿々〆]{1,6}")
_WRITTEN = """() => {
  const texts = [];
  for (const e of document.querySelectorAll('[alt], [aria-label], [title], [placeholder], [value]'))
    texts.push(...['alt', 'aria-label', 'title', 'placeholder', 'value'].map(name => e.getAttribute(name) || ''));
  // Two elements that are not inline are two words: their names are joined by a space, and should be.
  const isInline = element => /^(RUBY|RB|RT)$/.test(element.nodeName) || getComputedStyle(element).display.startsWith('inline');
  const walk = (node, silent) => silent.includes(node.nodeName) ? '' : node.nodeType === 3 ? node.data : [...node.childNodes].map(child => {
    const text = walk(child, silent);
    return child.nodeType === 1 && !silent.includes(child.nodeName) && !isInline(child) || child.nodeName === 'BR' ? ' ' + text + ' ' : text;
  }).join('');
  // The names of most elements in Chromium are without the readings of ruby, some are with them, and some with their brackets too.
  for (const silent of [[], ['RP'], ['RP', 'RT']]) {
    const bare = document.documentElement.cloneNode(true);
    bare.querySelectorAll(silent.join() || ':not(*)').forEach(element => element.remove());
    texts.push(bare.textContent);
    for (const e of document.querySelectorAll('a, button, h1, h2, h3, h4, th, td, summary, label')) texts.push(walk(e, silent));
  }
  return texts.map(text => text.replace(/\\s+/g, ' '));
}"""
_AT_FOCUS = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  if (e.matches('nav details:not([open]) > summary')) return 'closed menu';
  const boxes = [...e.getClientRects()].map(box => ({l: Math.max(box.left, 0), t: Math.max(box.top, 0), r: Math.min(box.right, innerWidth), b: Math.min(box.bottom, innerHeight)}));
  const inside = boxes.filter(box => box.r - box.l > 1 && box.b - box.t > 1);
  const own = (x, y) => {
    const top = document.elementFromPoint(x, y);
    return top && (e.contains(top) || top.contains(e) && top.matches('main, main *, header, header *, nav *, footer, footer *') || [...(e.labels || [])].some(l => l.contains(top)));
  };
  const points = box => [[.5, .5], [.1, .2], [.9, .2], [.1, .8], [.9, .8]].map(([x, y]) => [box.l + x * (box.r - box.l), box.t + y * (box.b - box.t)]);
  return inside.some(box => points(box).some(([x, y]) => own(x, y))) ? '' : `${e.tagName.toLowerCase()} ${e.getAttribute('href') || e.id || e.textContent.trim().slice(0, 30)}`;
}"""
_STOPS = 400
"""Presses of the Tab key on one page at most."""


def name_spaces(page: Page) -> Iterator[str]:
    """Yield the accessible names of the open page in which a space stands that nobody wrote: a phrase break became one."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    names = {str(node["name"].get("value", "")) for node in nodes if node.get("name") and not node.get("ignored")}
    spaced = {(name, match[0]) for name in names for match in _SPACE.finditer(name)}
    written = page.evaluate(_WRITTEN) if spaced else []
    yield from sorted(name for name, part in spaced if not any(part in text for text in written))


def covered_focus(page: Page) -> Iterator[str]:
    """Press Tab through the open page, opening menus on the way; yield the elements that have the focus while nothing of them is seen (2.4.11)."""
    page.emulate_media(reduced_motion="reduce")  # the page is where it stays, not on its way there
    page.evaluate("() => { scrollTo(0, 0); document.activeElement.blur() }")
    for _ in range(_STOPS):
        page.keyboard.press("Tab")
        state = page.evaluate(_AT_FOCUS)
        if state is None:
            return
        if state == "closed menu":
            page.keyboard.press("Enter")
        elif state:
            yield state
