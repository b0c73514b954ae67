"""Browsers for terminals, w3m and lynx: words that the page keeps apart stay apart, and there is no button that only a script can use.

Both know no style sheets; w3m joins what stands in different elements, if Japanese letters meet there, across line ends and spaces.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page

PROGRAMS = {
    "w3m": ("w3m", "-dump", "-T", "text/html", "-cols", "200", "-I", "UTF-8", "-O", "UTF-8"),
    "lynx": ("lynx", "-dump", "-nolist", "-width=200", "-assume_charset=utf-8", "-display_charset=utf-8", "-force_html"),
}
"""The commands that write a page as text."""

_LETTERS = 6
"""Fewer letters stand together by chance."""

# The last eight letters of an element and the first eight of the next one, where a browser with style sheets draws them apart. Blocks of HTML 4 are
# apart everywhere.
_APART = """() => {
  const pairs = new Set(), block = 'p, div, ul, ol, li, dl, dt, dd, h1, h2, h3, h4, h5, h6, table, caption, thead, tbody, tr, td, th, form, pre, blockquote, hr, address';
  const drawn = e => e.nodeType === 1 && e.nodeName !== 'BR' && e.checkVisibility() && e.textContent.trim() && !e.closest('title, rt, rp, .vh, datalist, select');
  for (const parent of document.querySelectorAll('body, body *')) {
    if (parent.closest('pre, script, style, noscript')) continue;
    const isBox = /flex|grid/.test(getComputedStyle(parent).display) || parent instanceof SVGElement && parent.localName !== 'text';
    let before = null;
    for (const child of parent.childNodes) {
      if (child.nodeType === 3 && child.data.trim()) before = null;
      if (!drawn(child)) continue;
      const display = getComputedStyle(child).display;
      if (before && !before.matches(block) && !child.matches(block) && (isBox || !/^(inline|ruby|ruby-text|contents)$/.test(display)))
        pairs.add(JSON.stringify([[...before.textContent.trim()].slice(-8).join(''), [...child.textContent.trim()].slice(0, 8).join('')]));
      before = child;
    }
  }
  return [...pairs].map(JSON.parse);
}"""
# A button that sends no form does nothing without a script.
_BUTTON = re.compile(r"<button[^>]*\btype=\"?button\b[^>]*>", re.IGNORECASE)
_SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL | re.IGNORECASE)


def glued_words(page: Page, file: Path) -> Iterator[str]:
    """Yield the words of ``file`` that the open page draws apart, and a browser for terminals together."""
    pairs = [(before, after) for before, after in page.evaluate(_APART) if len(before) + len(after) >= _LETTERS]
    for name, command in PROGRAMS.items():
        text = _dump(command, file)
        yield from (f"{name} joins {before!r} and {after!r}" for before, after in pairs if f"{before}{after}" in text)


def dead_buttons(html: str) -> Iterator[str]:
    """Yield the buttons that are in the page before a script has run, though only a script can use them. Terminals show hidden ones too."""
    yield from (f"a button without a script: {match[0]}" for match in _BUTTON.finditer(_SCRIPT.sub("", html)))


def _dump(command: tuple[str, ...], file: Path) -> str:
    done = subprocess.run([*command, str(file)], capture_output=True, check=True)  # noqa: S603 - programs of the system, named above
    return done.stdout.decode("utf-8", "replace")
