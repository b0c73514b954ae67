"""Writes the page of every public document.

Pelican's own generators of articles and pages find nothing here (``ARTICLE_PATHS`` and ``PAGE_PATHS`` are empty): they would make, for each of
thousands of documents that have not changed, an object that nobody looks at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from pelican.generators import Generator
from pelican.writers import Writer

from plugins.context import IMAGES, BuildContext, ImageMarkup, Key, context_of
from plugins.diagnostics import ContentErrors
from plugins.digest import digest
from plugins.frontmatter.library import LIBRARY
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.registry import Site
from plugins.publications.taxonomies import Neighbours, Related
from plugins.publications.type_templates import missing_templates
from plugins.structured_data.documents import describe
from plugins.structured_data.site import JsonLd


@dataclass(frozen=True)
class PageContext:
    """What stands around every document, by its address; and of which site they are, at which address."""

    site: Site
    base: str
    neighbours: Mapping[str, Neighbours]
    related: Mapping[str, Related]

    @cached_property
    def told(self) -> str:
        """A digest of what is the same around all."""
        return digest((self.site, self.base))


PAGE_CONTEXT = Key[PageContext]("page context", __name__)
"""Provided once all documents are sorted."""


@dataclass(frozen=True)
class DocumentView:
    """What templates call ``article`` or ``page``: a document, its body as the page shows it, and what stands around it.

    All that only this page shows is read from here, and not looked up in tables of the whole site: so one digest tells whether any of it changed.
    """

    document: Document
    dresser: ImageMarkup | None
    around: PageContext

    tracking_leaf: ClassVar[bool] = True

    @cached_property
    def tracking_key(self) -> str:
        """For `plugins.incremental`."""
        return f"shown:{self.document.path}"

    @property
    def tracking_whole(self) -> str:
        """For `plugins.incremental`: one digest for all that can be read from it, told without loading the body."""
        near, related = self.neighbours, self.related
        keys = [d.tracking_key if d else "" for d in (near.previous, near.next)] if near else []
        keys += [related.label.url, *[d.tracking_key for d in related.documents]] if related else []
        offers = repr(self._offers) if self.document.image_urls else ""
        return " ".join((self.document.tracking_whole, self.around.told, offers, *keys))

    @cached_property
    def tracking_digests(self) -> Mapping[str, str]:
        """The digests of what is made from the body, told without loading it."""
        document = self.document
        content = digest((document.tracking_digests["html"], self._offers, document.picture is None))
        return {"content": content, "structured": f"{document.tracking_whole} {self.around.told}"}

    @property
    def content(self) -> str:
        """The body, ready to show."""
        document = self.document
        return self.dresser.add_sources(document.html, first_eager=document.picture is None) if self.dresser else document.html

    @property
    def structured(self) -> tuple[JsonLd, ...]:
        """What the document is, for search engines; nothing if its kind has nothing of its own."""
        found = describe(self.document, self.around.site, self.around.base)
        return (found,) if found else ()

    @property
    def neighbours(self) -> Neighbours | None:
        """Who stands before and after it."""
        return self.around.neighbours.get(self.document.url)

    @property
    def related(self) -> Related | None:
        """Earlier documents of the same place or topic."""
        return self.around.related.get(self.document.url)

    @property
    def _offers(self) -> object:
        return self.dresser.offers(self.document.image_urls) if self.dresser else ()


class DocumentsGenerator(Generator):  # type: ignore[misc]
    """One page for every document that is public now."""

    def generate_context(self) -> None:
        """Tell Pelican that the sources are no files to be copied. Raises `ContentErrors` if a content type has no template."""
        if missing := missing_templates(context_of(self.settings).theme):
            raise ContentErrors(missing)
        library = context_of(self.settings)[LIBRARY]
        self.context["generated_content"].update(dict.fromkeys(map(str, library.documents)))

    def generate_output(self, writer: Writer) -> None:
        """Write every page."""
        build = context_of(self.settings)
        pages = [(document, *page_variables(document, build)) for document in build[LIBRARY].public]
        self.context["shown"] = [
            shown for _, _, own in pages for shown in own.values()
        ]  # known to `plugins.incremental` before the first page
        for document, name, own in pages:
            writer.write_file(name, self.get_template(document.meta.page_template), self.context, **own)


def page_variables(document: Document, build: BuildContext) -> tuple[str, dict[str, Any]]:
    """Return the file of a document's page, relative to the site, and what its template is given."""
    variable = "page" if document.content_type == "page" else "article"
    return f"{document.url.lstrip('/')}index.html", {variable: DocumentView(document, build.get(IMAGES), build[PAGE_CONTEXT])}
