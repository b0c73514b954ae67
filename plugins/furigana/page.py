"""One built page → its copy with readings. Everything but the text stays as it was written, byte for byte."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser

PREFIX = "/furigana"

LINK = re.compile(r'<a class="furi" href="/furigana(/[^"]*)">[^<]*</a>')
"""What a page with a copy carries; in the copy it leads back."""

_INLINE = frozenset("a abbr b bdi cite del dfn em i ins mark q s small span strong time u var wbr".split())
_SILENT = frozenset("script style svg code pre kbd samp ruby textarea title select noscript".split())
_ADDRESS = re.compile(r'(<a\b(?:[^>"]|"[^"]*")*? href=")(/[^"#]*)')

Weave = Callable[[str, tuple[tuple[int, str], ...]], str]
"""Text of a block, and its inline tags (offset in the text, markup) → HTML with readings."""


class _Weaver(HTMLParser):
    """Gathers text with its inline tags until a block begins or ends, then weaves readings into it."""

    def __init__(self, weave: Weave) -> None:
        super().__init__(convert_charrefs=False)
        self.weave = weave
        self.written: list[str] = []
        self.text, self.tags = "", list[tuple[int, str]]()
        self.silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser's signature
        self._tag(tag, self.get_starttag_text() or "")
        if tag in _SILENT:
            self.silent.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._tag(tag, self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if self.silent and self.silent[-1] == tag:
            self.silent.pop()
        self._tag(tag, f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self.silent:
            self._raw(data)
        else:
            self.text += data

    def handle_entityref(self, name: str) -> None:
        self._reference(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._reference(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self._raw(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self._raw(f"<!{decl}>")

    def _reference(self, raw: str) -> None:
        self.handle_data(raw if self.silent else unescape(raw))

    def _tag(self, tag: str, raw: str) -> None:
        if tag in _INLINE and not self.silent:
            self.tags.append((len(self.text), raw))
        else:
            self._raw(raw)

    def _raw(self, raw: str) -> None:
        self.flush()
        self.written.append(raw)

    def flush(self) -> None:
        """Write what was gathered."""
        if self.text or self.tags:
            self.written.append(self.weave(self.text, tuple(self.tags)))
        self.text, self.tags = "", []


def add_ruby(html: str, weave: Weave) -> str:
    """Return the page with readings in its body, hidden from search engines, with the link back to the page without."""
    head, mark, body = html.partition("<body")
    weaver = _Weaver(weave)
    weaver.feed(mark + LINK.sub(r'<a class="furi" href="\1">ふりがなを外す</a>', body))
    weaver.close()
    weaver.flush()
    robots = "" if '<meta name="robots"' in head else '<meta name="robots" content="noindex">\n'
    head = head.replace('<link rel="canonical"', f'{robots}<link rel="canonical"', 1).replace("<title>", "<title>ふりがな付き ", 1)
    return head + "".join(weaver.written)


def stay_in_edition(html: str) -> str:
    """Return the copy with its links leading to other copies; who needs readings needs them on the next page too.

    Every page has a copy, those of the search aside; a file (a feed, a picture) has none.
    """
    back = next((found[1] for found in re.finditer(r'<a class="furi" href="(/[^"]*)"', html)), "")

    def turned(found: re.Match[str]) -> str:
        stays = 'class="furi"' in found[1] and found[2] == back
        has_copy = found[2].endswith("/") and not found[2].startswith(("/search/", PREFIX))
        return f"{found[1]}{PREFIX}{found[2]}" if has_copy and not stays else found[0]

    return _ADDRESS.sub(turned, html)
