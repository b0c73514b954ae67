"""The normaliser as the first step of Python-Markdown."""

from __future__ import annotations

import re
from string import punctuation

from markdown import Markdown
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor
from markdown.preprocessors import Preprocessor
from markdown.util import ETX, STX

from plugins.frontmatter.normalise.normaliser import normalise
from plugins.frontmatter.normalise.plain import is_plain
from plugins.typography.web_addresses import WEB, trimmed


class _Normalise(Preprocessor):
    """Takes the place of both preprocessors of Python-Markdown: white space, and raw HTML, which they look for in another way than CommonMark."""

    def __init__(self, md: Markdown, *, breaks: bool) -> None:
        super().__init__(md)
        self._breaks = breaks

    def run(self, lines: list[str]) -> list[str]:
        text = "\n".join(lines).replace(STX, "").replace(ETX, "")
        result = text if is_plain(text) else normalise(text, self.md.htmlStash.store, breaks=self._breaks).text
        return [*(result.expandtabs(self.md.tab_length) if "\t" in result else result).split("\n"), "", ""]


class _BareAddress(InlineProcessor):
    """Keeps the characters of an address that stands in a text as they are: ``_`` and ``*`` in it are no emphasis."""

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[str, int, int]:  # type: ignore[override]  # noqa: ARG002 - InlineProcessor's own
        address = trimmed(m[0])
        return address, m.start(), m.start() + len(address)


class NormaliseExtension(Extension):
    """Normalises before anything else is read. With ``addresses``, emphasis keeps out of addresses that stand in a text."""

    def __init__(self, *, breaks: bool = False, addresses: bool = True) -> None:
        super().__init__()
        self._breaks, self._addresses = breaks, addresses

    def extendMarkdown(self, md: Markdown) -> None:
        """Register the step in the place of Python-Markdown's own two, and what keeps addresses whole."""
        if self._addresses:
            md.inlinePatterns.register(
                _BareAddress(WEB, md), "bare-address", 85
            )  # after links (160) and raw HTML (90), before emphasis (60)
        md.ESCAPED_CHARS = [*md.ESCAPED_CHARS, *(sign for sign in punctuation if sign not in md.ESCAPED_CHARS)]  # CommonMark 6.1
        md.preprocessors.deregister("html_block")
        md.preprocessors.register(_Normalise(md, breaks=self._breaks), "normalize_whitespace", 30)
