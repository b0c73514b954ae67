"""Renders the pages of the site that show notices, with the theme's own templates as they were in the last good build."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from jinja2 import DictLoader
from jinja2.sandbox import ImmutableSandboxedEnvironment

from plugins.cards.renderer import CardImage
from plugins.emergency.fast_path.slots import PORTAL, URGENT, slot_text
from plugins.emergency.fast_path.snapshot import Snapshot
from plugins.emergency.forms import other_words
from plugins.emergency.record import EmergencyRecord
from plugins.frontmatter.model.addresses import page_file
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.registry import Publication
from plugins.frontmatter.notice_chains import replacements
from plugins.images.picture_tag import PictureTags
from plugins.incremental.fragment_cache import FragmentCache
from plugins.incremental.template_call import render
from plugins.publications.document_view import DocumentView, PageContext
from plugins.publications.page_frame import page_frame
from plugins.publications.section_pages import section_pages
from plugins.publications.taxonomies import sections
from plugins.structured_data.documents import article
from plugins.structured_data.site import breadcrumbs, website
from plugins.typography.filters import filters_with
from plugins.typography.phrases import WholeNames

DrawCard = Callable[[str, str, str], CardImage]
"""Title, subtitle, colour."""


class SitePages:
    """Renders for one snapshot at the moment ``now``; ``documents`` are those of it that are public then, the oldest first."""

    def __init__(self, snapshot: Snapshot, records: dict[str, EmergencyRecord], now: dt.datetime, draw_card: DrawCard) -> None:
        """``records`` are those of all documents that are public, by address."""
        registry, base = snapshot.registry, snapshot.base
        self._snapshot = snapshot
        public = (d for d in snapshot.documents.values() if d.meta.date and d.is_live(now))
        self.documents = sorted(public, key=lambda d: d.date)
        self.pictures = PictureTags(snapshot.pictures)
        self._page_context = PageContext(registry.site, base, {}, {}, replacements(self.documents))
        self.context: dict[str, Any] = page_frame(registry, base, snapshot.fixed_pages, self.documents, now) | {
            "furigana": snapshot.has_copies,
            "draw_card": draw_card,
            "show_picture": self.pictures.show,
            "emergency_links": {url: other_words(record) for url, record in records.items()},
        }
        self._environment = self._make_environment()

    def _make_environment(self) -> ImmutableSandboxedEnvironment:
        """As `plugins.structured_data.plugin` and `plugins.typography.plugin` set up Pelican's own."""
        site, base = self._snapshot.registry.site, self._snapshot.base
        templates = {name.removeprefix("templates/"): text for name, text in self._snapshot.templates.items()}
        environment = ImmutableSandboxedEnvironment(loader=DictLoader(templates), autoescape=True, trim_blocks=True, lstrip_blocks=True)
        environment.policies["json.dumps_kwargs"] = {"sort_keys": True, "ensure_ascii": False, "separators": (",", ":")}
        names = WholeNames(self._snapshot.texts.readings)
        environment.filters.update(filters_with(lambda: names))
        environment.globals.update(
            ld_site=partial(website, site, base),
            ld_breadcrumbs=partial(breadcrumbs, site, base),
            ld_article=partial(article, site, base),
            fragment=FragmentCache(environment, self.context, None),
        )
        return environment

    def page(self, document: Document) -> str:
        """Return the page of a notice or drill."""
        view = DocumentView(document, self.pictures, self._page_context)
        return self._render(document.meta.page_template, f"{document.url.lstrip('/')}index.html", article=view)

    def redirects(self, document: Document) -> Iterator[tuple[str, str]]:
        """Yield the former addresses of a document, and the page at each."""
        for alias in dict.fromkeys(document.meta.aliases):
            yield alias, self._render("redirect", page_file(alias), page_url=alias, target=document)

    def of_publication(self, publication: Publication) -> Iterator[tuple[str, str]]:
        """Yield address and page of the front of a publication and of each of its months."""
        section = sections(self.documents, self._snapshot.registry)[publication.key]
        for page in section_pages(section):
            yield page.url, self._render(page.template, f"{page.url.lstrip('/')}index.html", page_url=page.url, **page.variables)

    def banner(self, address: str) -> bytes:
        """Return the slot above the header of the page at ``address``."""
        here = address if address in self.context["navigation_urls"] else ""
        return slot_text(self._fragment("fragments/urgent.html", here=here), URGENT)

    def portal(self) -> bytes:
        """Return the slot of the portal."""
        return slot_text(self._fragment("fragments/portal.html"), PORTAL)

    def _fragment(self, name: str, **arguments: str) -> str:
        return render(self._environment.get_template(name), self.context, arguments)

    def _render(self, template: str, output_file: str, **own: Any) -> str:
        return render(self._environment.get_template(f"{template}.html"), self.context, {"output_file": output_file, **own})
