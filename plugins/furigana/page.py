"""Makes the copy of one built page. Its text gets readings; everything else stays as it is, byte for byte. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser

PREFIX = "/furigana"

LINK = re.compile(r'<a class="furi" href="/furigana(/[^"]*)">[^<]*</a>')
"""The link of a page to its copy. In the copy it leads back to the page."""

_INLINE = frozenset("a abbr b bdi cite del dfn em i ins mark q s small span strong time u var wbr".split())
"""Elements inside a line of text: a word may go on across their tags, so they do not end a block."""
_WITHOUT_READINGS = frozenset("script style svg code pre kbd samp ruby textarea title select noscript".split())
"""Elements whose text is code, a label of a picture, or already has readings; HTML allows no <ruby> inside <title>, <textarea> and <select>."""
_LINK_ADDRESS = re.compile(r'(<a\b(?:[^>"]|"[^"]*")*? href=")(/[^"#]*)')

Weave = Callable[[str, tuple[tuple[int, str], ...]], str]
"""The text of a block and its inline tags (offset in the text, markup) → HTML with readings."""


class _BlockParser(HTMLParser):
    """Collects the text of a block and its inline tags; where the block ends, writes them with readings. All other markup is written as it came."""

    def __init__(self, weave: Weave) -> None:
        super().__init__(convert_charrefs=False)
        self.weave = weave
        self.output: list[str] = []
        self.text, self.tags = "", list[tuple[int, str]]()
        self.open_without_readings: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser's signature
        self._tag(tag, self.get_starttag_text() or "")
        if tag in _WITHOUT_READINGS:
            self.open_without_readings.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._tag(tag, self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if self.open_without_readings and self.open_without_readings[-1] == tag:
            self.open_without_readings.pop()
        self._tag(tag, f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self.open_without_readings:
            self._markup(data)
        else:
            self.text += data

    def handle_entityref(self, name: str) -> None:
        self._reference(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._reference(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self._markup(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self._markup(f"<!{decl}>")

    def _reference(self, reference: str) -> None:
        self.handle_data(reference if self.open_without_readings else unescape(reference))

    def _tag(self, name: str, markup: str) -> None:
        if name in _INLINE and not self.open_without_readings:
            self.tags.append((len(self.text), markup))
        else:
            self._markup(markup)

    def _markup(self, markup: str) -> None:
        self.flush()
        self.output.append(markup)

    def flush(self) -> None:
        """Write the collected block with its readings."""
        if self.text or self.tags:
            self.output.append(self.weave(self.text, tuple(self.tags)))
        self.text, self.tags = "", []


def add_ruby(html: str, weave: Weave) -> str:
    """Return the page with readings in its body, with ``noindex`` for search engines, and with the link back to the page."""
    head, body_tag, body = html.partition("<body")
    body = add_ruby_to_part(body_tag + LINK.sub(r'<a class="furi" href="\1">ふりがなを外す</a>', body), weave)
    robots = "" if '<meta name="robots"' in head else '<meta name="robots" content="noindex">\n'
    head = head.replace('<link rel="canonical"', f'{robots}<link rel="canonical"', 1).replace("<title>", "<title>ふりがな付き ", 1)
    return head + body


def add_ruby_to_part(html: str, weave: Weave) -> str:
    """Return a part of a body with readings. A part that begins and ends between blocks comes out as it does in the whole page."""
    parser = _BlockParser(weave)
    parser.feed(html)
    parser.close()
    parser.flush()
    return "".join(parser.output)


def stay_in_edition(html: str) -> str:
    """Return the copy with links to other copies: a reader who needs readings needs them on the next page too.

    Every page has a copy but those of the search and those that say the same in other words (``hreflang``, which stands before ``href``); a file (a feed,
    a picture) has none. The link back to the page stays.
    """
    back = next((match[1] for match in re.finditer(r'<a class="furi" href="(/[^"]*)"', html)), "")

    def redirect(match: re.Match[str]) -> str:
        tag, address = match[1], match[2]
        leads_back = 'class="furi"' in tag and address == back
        has_copy = address.endswith("/") and not address.startswith(("/search/", PREFIX)) and " hreflang=" not in tag
        return f"{tag}{PREFIX}{address}" if has_copy and not leads_back else match[0]

    return _LINK_ADDRESS.sub(redirect, html)
