"""Takes from a document what can be found: its title, and its text as a reader sees it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from html import unescape

from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.meta import Meta
from plugins.search.page_readings import PageReadings
from plugins.typography.dates import japanese_date

_FIELDS = "employer place employment pay duties contract hours holidays insurance venue address fee organizer contact reporter school school_level record_kind areas author licence".split()
"""The front matter that pages show beside the body."""

# Readings (<rt>, <rp>) and footnote marks (<sup>) would tear a word apart: 閖上 must be found although its reading stands inside of it.
_OMITTED = re.compile(r"<(rt|rp|sup)\b[^>]*>.*?</\1>", re.DOTALL)
# The texts of two blocks (table cells, paragraphs) are no word together, so each block becomes a line.
_BLOCK = re.compile(
    r"</?(?:p|div|section|nav|article|h[1-6]|[uod]l|li|d[dt]|table|caption|t(?:head|body|foot|[dhr])|figure|figcaption|blockquote|pre|hr|br|img)\b(?:[^>\"]|\"[^\"]*\")*>"
)
_TAG = re.compile(r"<(?:[^>\"]|\"[^\"]*\")*>")


@dataclass(frozen=True)
class Entry:
    """One page that can be found. ``date`` is ready to show; ``text`` has a line for each block; ``readings`` is what `PageReadings.of` gives."""

    url: str
    title: str
    date: str
    publication: str
    text: str
    readings: str = ""


def entry(document: Document, page_readings: PageReadings | None = None) -> Entry:
    """Return the entry of ``document``, with its readings."""
    date = japanese_date(document.meta.date) if document.meta.date else ""
    owner = document.publication.title if document.publication else ""
    text = "\n".join(_lines(document))
    readings = page_readings.of(f"{document.meta.title}\n{text}") if page_readings else ""
    return Entry(document.url, document.meta.title, date, owner, text, readings)


def _lines(document: Document) -> list[str]:
    labels = [place.name for place in document.meta.municipalities] + [topic.name for topic in document.meta.topics]
    fields = [str(value) for name in _shown_fields(type(document.meta)) if (value := getattr(document.meta, name))]
    summary = [document.meta.summary] if document.meta.summary else []
    return [*summary, *fields, *text_lines(document.html), *labels]


@cache
def _shown_fields(meta: type[Meta]) -> tuple[str, ...]:
    """Those of `_FIELDS` that a content type has."""
    return tuple(name for name in _FIELDS if name in meta.model_fields or hasattr(meta, name))


def text_lines(html: str) -> list[str]:
    """Return the text of a body, a line for each block, without readings and footnote marks."""
    visible = (
        _OMITTED.sub("", html) if "<r" in html or "<sup" in html else html
    )  # few bodies have either, and the search for pairs of tags is slow
    text = unescape(_TAG.sub("", _BLOCK.sub("\n", visible)))
    return [line for block in text.split("\n") if (line := " ".join(block.split()))]
