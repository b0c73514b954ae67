"""What the page of one document shows. It needs no Pelican, so that the fast path of an emergency makes the same page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, ClassVar

from plugins.context import IMAGES, BuildContext, ImageMarkup, Key
from plugins.digest import digest
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.registry import Site
from plugins.publications.taxonomies import Neighbours, Related
from plugins.structured_data.documents import describe
from plugins.structured_data.site import JsonLd

ViewParts = tuple[str, str, str, tuple[str, ...], tuple[str, ...]]
"""What a view shows, as text: the digests of its document and of the site, the variants of its pictures, the keys of its neighbours and of what replaces it, address
and keys of its related documents."""


@dataclass(frozen=True)
class PageContext:
    """What a page shows besides its document: the site with its public address ``base``, and by address the neighbours and related documents."""

    site: Site
    base: str
    neighbours: Mapping[str, Neighbours]
    related: Mapping[str, Related]
    replacements: Mapping[PurePosixPath, Document] = field(default_factory=dict)
    """The newest notice that updates or cancels another, by the path of the earlier one."""
    digests: dict[str, tuple[ViewParts, str]] = field(default_factory=dict)
    """What each view showed when its digest was last asked for, with that digest, by the view's key: nearly every view of a build that goes on shows the same."""

    @cached_property
    def site_digest(self) -> str:
        """A digest of what is the same for all documents."""
        return digest((self.site, self.base))


PAGE_CONTEXT = Key[PageContext]("page context", __name__)
"""`plugins.publications.listing_pages` provides it when all documents are grouped."""


@dataclass(frozen=True)
class DocumentView:
    """What templates call ``article`` or ``page``: a document, its body as the page shows it, its neighbours and related documents.

    A template reads here all that only this page shows, and looks nothing up in tables of the whole site. So one digest tells whether any of it
    has changed.
    """

    document: Document
    image_markup: ImageMarkup | None
    context: PageContext

    tracking_leaf: ClassVar[bool] = True
    tracking_slots: ClassVar[Mapping[str, str]] = {}
    """All that is read from a view is read by one page."""

    @cached_property
    def tracking_key(self) -> str:
        """For `plugins.incremental`."""
        return f"document view:{self.document.path}"

    @property
    def tracking_whole(self) -> str:
        """For `plugins.incremental`: one digest of all that can be read from the view, computed without loading the body."""
        parts, known = self._view_parts, self.context.digests.get(self.tracking_key)
        if known is None or known[0] != parts:
            known = self.context.digests[self.tracking_key] = parts, digest(parts)
        return known[1]

    @property
    def _view_parts(self) -> ViewParts:
        near, related, replaced_by = self.neighbours, self.related, self.replaced_by
        around = [d.tracking_key if d else "" for d in (near.previous, near.next)] if near else []
        around += [replaced_by.tracking_key, replaced_by.tracking_whole] if replaced_by else []
        others = (related.label.url, *[d.tracking_key for d in related.documents]) if related else ()
        variants = repr(self._variants) if self.document.image_urls else ""
        return self.document.tracking_whole, self.context.site_digest, variants, tuple(around), others

    @property
    def content(self) -> str:
        """The body, ready to show."""
        document = self.document
        return self.image_markup.add_sources(document.html, first_eager=document.picture is None) if self.image_markup else document.html

    @property
    def json_ld(self) -> tuple[JsonLd, ...]:
        """The document's JSON-LD for search engines; nothing if its content type has none of its own."""
        json_ld = describe(self.document, self.context.site, self.context.base)
        return (json_ld,) if json_ld else ()

    @property
    def neighbours(self) -> Neighbours | None:
        """The documents before and after it in its publication, or its mail list."""
        return self.context.neighbours.get(self.document.url)

    @property
    def related(self) -> Related | None:
        """Earlier documents of the same place or topic."""
        return self.context.related.get(self.document.url)

    @property
    def replaced_by(self) -> Document | None:
        """The newest notice that updates or cancels this one."""
        return self.context.replacements.get(self.document.path)

    @property
    def _variants(self) -> object:
        return self.image_markup.offers(self.document.image_urls) if self.image_markup else ()


def page_variables(document: Document, build: BuildContext) -> tuple[str, dict[str, Any]]:
    """Return the file of a document's page, relative to the site, and the variables of its template."""
    variable = "page" if document.content_type == "page" else "article"
    return f"{document.url.lstrip('/')}index.html", {variable: DocumentView(document, build.get(IMAGES), build[PAGE_CONTEXT])}
