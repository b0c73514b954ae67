"""The gate of digests: what a reader or a mail program would stumble over in one combination of issues. Pure.

Each fragment has passed the gate of its own issue when it was built (`plugins.magazine.gate`, which the mailer does not know). What can still go wrong is what
only the combination has: its size, two issues whose styles differ, one name for two links, an id that is there twice, headings that skip a level.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from itertools import pairwise

from mailer.digest.composition import LARGEST_LIGHT, chapters
from mailer.model.errors import MessageError
from mailer.model.issue import FrozenIssue, Issue
from mailer.model.readers import personal_places

LARGEST = 100_000
"""Bytes of the HTML part as it travels, in base64: Gmail clips a message at 102 kB (caniemail.com). As for an issue."""


def problems(content: Issue, issues: Sequence[FrozenIssue]) -> tuple[str, ...]:
    """Return why this digest must not be sent; empty if it may."""
    return tuple(_problems(content, issues))


def _problems(content: Issue, issues: Sequence[FrozenIssue]) -> Iterator[str]:
    size = encoded_size(len(content.html.encode()))
    if size > LARGEST:
        yield f"the HTML part has {size // 1000} kB, at most 100 kB"
    if content.light is None or len(content.light.text.encode(content.light.charset)) > LARGEST_LIGHT:
        yield "the light part has more than 10 kB"
    if len({part.style for part in chapters(issues)}) > 1:
        yield "the issues were built with different styles"
    for check, part in (
        (personal_places.check_html, content.html),
        (personal_places.check_text, content.text),
        (personal_places.check_text, content.light.text if content.light else ""),
    ):
        try:
            check(part)
        except MessageError as error:
            yield str(error)
    structure = _Structure()
    structure.feed(content.html)
    structure.close()
    yield from structure.problems()


def encoded_size(size: int) -> int:
    """The bytes that ``size`` bytes have on the wire, in base64 (RFC 2045, 6.8)."""
    return -(-size // 57) * 78


class _Structure(HTMLParser):
    """Headings (WCAG 2.2, 1.3.1), names of links (2.4.4) and ids of the HTML part."""

    def __init__(self) -> None:
        super().__init__()
        self._levels: list[int] = []
        self._ids: list[str] = []
        self._addresses: dict[str, set[str]] = {}
        self._link: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a heading, an id, the beginning of a link."""
        values = dict(attrs)
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self._levels.append(int(tag[1]))
        if values.get("id"):
            self._ids.append(str(values["id"]))
        if tag == "a":
            self._link = (values.get("href") or "", [])

    def handle_data(self, data: str) -> None:
        """Note the words of a link."""
        if self._link is not None:
            self._link[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        """Note the end of a link."""
        if tag == "a" and self._link is not None:
            address, words = self._link
            name = " ".join("".join(words).split())
            if name:  # a picture leads where the headline beside it leads, and two issues may show the same picture
                self._addresses.setdefault(name, set()).add(address)
            self._link = None

    def problems(self) -> Iterator[str]:
        """What is wrong with what was noted."""
        if self._levels.count(1) != 1 or self._levels[:1] != [1]:
            yield "it has not one heading of the first level"
        if any(after > before + 1 for before, after in pairwise(self._levels)):
            yield "a heading skips a level"
        if len(self._ids) != len(set(self._ids)):
            yield "an id is there twice"
        yield from (f"two links named {words!r} lead to different places" for words, places in self._addresses.items() if len(places) > 1)
