"""What can be found of a document: its title, and its words as a reader sees them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

from plugins.frontmatter.model.document import Document
from plugins.typography.dates import japanese_date

_FIELDS = "employer place employment pay venue address fee organizer contact reporter school school_level record_kind areas author licence".split()
"""Front matter that pages show beside the body."""

_SILENT = re.compile(r"<(rt|rp|sup)\b[^>]*>.*?</\1>", re.DOTALL)
# What stands in two table cells or two paragraphs is no word together.
_BLOCK = re.compile(
    r"</?(?:p|div|section|nav|article|h[1-6]|[uod]l|li|d[dt]|table|caption|t(?:head|body|foot|[dhr])|figure|figcaption|blockquote|pre|hr|br|img)\b(?:[^>\"]|\"[^\"]*\")*>"
)
_TAG = re.compile(r"<(?:[^>\"]|\"[^\"]*\")*>")


@dataclass(frozen=True)
class Entry:
    """One findable page. ``date`` is ready to show; ``words`` is one line per block of text."""

    url: str
    title: str
    date: str
    publication: str
    words: str


def entry(document: Document) -> Entry:
    """Return what can be found of ``document``."""
    date = japanese_date(document.meta.date) if document.meta.date else ""
    owner = document.publication.title if document.publication else ""
    return Entry(document.url, document.meta.title, date, owner, "\n".join(_lines(document)))


def _lines(document: Document) -> list[str]:
    labels = [place.name for place in document.meta.municipalities] + [topic.name for topic in document.meta.topics]
    fields = [str(value) for name in _FIELDS if (value := getattr(document.meta, name, None))]
    summary = [document.meta.summary] if document.meta.summary else []
    return [*summary, *fields, *words(document.html), *labels]


def words(html: str) -> list[str]:
    """Return the text of a body, a line for each block, without readings and footnote marks."""
    spoken = _SILENT.sub("", html) if "<r" in html or "<sup" in html else html
    text = unescape(_TAG.sub("", _BLOCK.sub("\n", spoken)))
    return [line for part in text.split("\n") if (line := " ".join(part.split()))]
