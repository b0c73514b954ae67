"""Writes the page of every public document.

Pelican's own generators of articles and pages find nothing here (``ARTICLE_PATHS`` and ``PAGE_PATHS`` are empty): they would make, for each of
thousands of documents that have not changed, an object that nobody looks at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from pelican.generators import Generator
from pelican.writers import Writer

from plugins.frontmatter.document import Document
from plugins.frontmatter.library import Library
from plugins.frontmatter.reader import SETTING
from plugins.incremental.reads import named

GALLERY = "TODOKE_GALLERY"
"""In Pelican's settings: the `Dresser`, where there is one."""

_TEMPLATES = {"page": "page", "issue": "issue"}


class Dresser(Protocol):
    """What makes the pictures in a body offer all their sizes (`plugins.pictures`)."""

    def dress(self, html: str, *, first_eager: bool) -> str: ...
    def offers(self, addresses: frozenset[str]) -> object:
        """Return all on which the dress of a body depends that shows the pictures at ``addresses``."""


@dataclass(frozen=True)
class Shown:
    """What templates call ``article`` or ``page``: a document, and its body as the page shows it."""

    document: Document
    dresser: Dresser | None

    @cached_property
    def tracking_key(self) -> str:
        """For `plugins.incremental`."""
        return f"shown:{self.document.path}"

    @property
    def tracking_whole(self) -> str:
        """For `plugins.incremental`: one digest for all that can be read from it, the document's own attributes aside."""
        return self.tracking_digests["content"]

    @cached_property
    def tracking_digests(self) -> Mapping[str, str]:
        """The digest of ``content``, told without loading the body."""
        document = self.document
        offers = self.dresser.offers(document.shows) if self.dresser else ()
        return {"content": named((document.tracking_digests["html"], offers, document.picture is None))}

    @property
    def content(self) -> str:
        """The body, ready to show."""
        document = self.document
        return self.dresser.dress(document.html, first_eager=document.picture is None) if self.dresser else document.html


class DocumentsGenerator(Generator):  # type: ignore[misc]
    """One page for every document that is public now."""

    def generate_context(self) -> None:
        """Tell Pelican that the sources are no files to be copied."""
        library: Library = self.settings[SETTING]
        self.context["generated_content"].update(dict.fromkeys(map(str, library.documents)))

    def generate_output(self, writer: Writer) -> None:
        """Write every page."""
        library: Library = self.settings[SETTING]
        for document in library.documents.values():
            if document.is_live(library.now):
                name, own = page_of(document, self.settings)
                writer.write_file(name, self.get_template(_template(document)), self.context, **own)


def page_of(document: Document, settings: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the file of a document's page, relative to the site, and what its template is given."""
    variable = "page" if document.kind == "page" else "article"
    return f"{document.url.lstrip('/')}index.html", {variable: Shown(document, settings.get(GALLERY))}


def _template(document: Document) -> str:
    return _TEMPLATES.get(document.kind, "article")
