"""Writes the pages that list documents: portal, sections, months, places, topics, feeds, sitemap, redirects."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from pelican.generators import Generator
from pelican.writers import Writer

from plugins.context import CONTINUATION, Key, context_of
from plugins.files import write_into
from plugins.frontmatter.library import LIBRARY, SITE_ADDRESS, last_change
from plugins.frontmatter.model.addresses import page_file
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.notices import Alert
from plugins.frontmatter.model.registry import Registry
from plugins.frontmatter.notice_chains import replacements
from plugins.frontmatter.text_edits import EDITS, TextEdits
from plugins.publications import facets, feeds, taxonomies
from plugins.publications import feeds as sitemap
from plugins.publications.document_view import PAGE_CONTEXT, PageContext
from plugins.publications.page_frame import page_frame
from plugins.publications.section_pages import section_pages

TERMS = Key[Sequence[taxonomies.TermPage]]("pages of places and topics", __name__)


class PublicationsGenerator(Generator):  # type: ignore[misc]
    """One page for every section, month, term, facet and mail list. The context for all templates is filled first."""

    def generate_context(self) -> None:
        """Group the public documents, and put the groups into the context of all templates."""
        build = context_of(self.settings)
        library = build[LIBRARY]
        self.registry: Registry = library.registry
        self.base = build[SITE_ADDRESS]
        self.documents = [d for d in library.live() if d.content_type != "issue"]
        self.issues = library.live("issue")
        self.sections = taxonomies.sections(self.documents, self.registry)
        # Notices are on every page while they hold, and in their own section. Lists of places and topics would have to wait for a full build.
        lasting = [d for d in self.documents if not isinstance(d.meta, Alert)]
        going_on = build.get(CONTINUATION)
        last_terms = going_on.last[TERMS] if going_on else ()
        self.places = taxonomies.kept_terms(taxonomies.places(lasting, self.registry), last_terms)
        self.topics = taxonomies.kept_terms(taxonomies.topics(lasting, self.registry), last_terms)
        build.provide(TERMS, (*self.places, *self.topics))
        self.facets = {key: facets.groups(section.publication, section.documents) for key, section in self.sections.items()}
        self.pages = [d for d in library.public if d.content_type == "page"]
        neighbours = taxonomies.neighbours(self.sections.values()) | self._issue_neighbours()
        related, last = taxonomies.related(self.documents), going_on.last[PAGE_CONTEXT] if going_on else None
        digests = last.digests if last else {}
        page_context = PageContext(self.registry.site, self.base, neighbours, related, replacements(self.documents), digests)
        build.provide(PAGE_CONTEXT, page_context)
        fixed_pages = [(page.url, page.meta.title) for page in self.pages]
        self.context.setdefault("section_urls", {})  # key of a publication → addresses of pages that other packages add to its section
        self.context.update(
            page_frame(self.registry, self.base, fixed_pages, self.documents, library.now),
            as_of=library.as_of,
            page_documents=self.pages,  # no template reads it: here the incremental build finds the digests of what their own pages read
            sections=self.sections,
            places=self.places,
            topics=self.topics,
            facets=self.facets,
            issues=list(reversed(self.issues)),
        )

    def _issue_neighbours(self) -> dict[str, taxonomies.Neighbours]:
        by_list: dict[str, list[Document]] = {}
        for issue in self.issues:
            by_list.setdefault(issue.path.parts[1], []).append(issue)
        neighbours: dict[str, taxonomies.Neighbours] = {}
        for issues in by_list.values():
            padded: list[Document | None] = [None, *issues, None]
            neighbours |= {d.url: taxonomies.Neighbours(padded[at], padded[at + 2]) for at, d in enumerate(issues)}
        return neighbours

    def generate_output(self, writer: Writer) -> None:
        """Write everything."""
        self.writer = writer
        self.channels: list[tuple[Sequence[Document], Callable[[], None]]] = []
        if edits := context_of(self.settings).get(EDITS):
            edits.on_edit(self._update)
        latest = [d for d in reversed(self.documents) if d.meta.is_listed]
        self._page("/", "index", latest=latest[:8])
        for section in self.sections.values():
            self._section(section)
        self._page("/places/", "places")
        self._page("/topics/", "topics")
        for term in (*self.places, *self.topics):
            self._page(term.label.url, "term", term=term)
        self._mail()
        self._portal_feeds(latest)
        self._sitemap()
        self._redirects()
        writer.write_file("404.html", self.get_template("404"), self.context, url="404.html")

    def _page(self, url: str, template: str, **variables: Any) -> None:
        self.writer.write_file(page_file(url), self.get_template(template), self.context, url=url, page_url=url, **variables)

    def _section(self, section: taxonomies.Section) -> None:
        publication = section.publication
        for page in section_pages(section):
            self._page(page.url, page.template, **page.variables)
        groups = self.facets[publication.key]
        for facet in (facet for group in groups for facet in group.facets):
            self._page(facet.url, "facet", facet=facet, groups=groups, publication=publication)
        self._feeds(publication.url, publication.title, publication.description, section.documents)

    def _mail(self) -> None:
        self._page("/mail/", "mail")
        for key, mail_list in self.registry.lists.items():
            url = f"/mail/{key}/"
            issues = [d for d in reversed(self.issues) if d.path.parts[1] == key]
            publication = self.registry.publications[mail_list.publication]
            self._page(url, "list", mail_list=mail_list, list_issues=issues, publication=publication)
            self._feeds(url, mail_list.title, mail_list.reason, issues)

    def _update(self, edits: TextEdits) -> None:
        """Write the feeds that hold an edited document. What else is no page here, the sitemap, says no words of a document."""
        for documents, write in self.channels:
            if any(document.path in edits.paths for document in documents):
                write()

    def _portal_feeds(self, latest: Sequence[Document]) -> None:
        notices = [d for d in reversed(self.documents) if d.content_type == "notice"]
        newest = latest[: feeds.NEWEST]

        def write() -> None:
            entries = feeds.portal_entries(*([feeds.entry_of(d) for d in group] for group in (self.context["notices"], notices, newest)))
            self._write_feeds("/", self.registry.site.title, self.registry.site.description, entries)

        self._add_channel(newest, write)

    def _feeds(self, url: str, title: str, description: str, documents: Sequence[Document]) -> None:
        newest = documents[: feeds.NEWEST]
        self._add_channel(newest, lambda: self._write_feeds(url, title, description, [feeds.entry_of(document) for document in newest]))

    def _add_channel(self, documents: Sequence[Document], write: Callable[[], None]) -> None:
        self.channels.append((documents, write))
        write()

    def _write_feeds(self, url: str, title: str, description: str, entries: Sequence[feeds.FeedEntry]) -> None:
        channel = feeds.channel_of(self.registry.site, self.base, url, title, description)
        for path, text in feeds.feed_files(channel, entries, self._empty_since(url, entries)):
            self._write(path, text)

    def _empty_since(self, url: str, entries: Sequence[feeds.FeedEntry]) -> dt.datetime | None:
        """Return when a document below ``url`` appeared or went last, if there are no ``entries``: no change elsewhere changes an empty feed."""
        if entries:
            return None
        library = context_of(self.settings)[LIBRARY]
        return last_change((d for d in library.documents.values() if d.url.startswith(url)), library.now, self.registry.site.zone)

    def _sitemap(self) -> None:
        undated = ["/", "/places/", "/topics/", "/mail/", "/accessibility/results/", *(d.url for d in self.pages)]
        undated += [term.label.url for term in (*self.places, *self.topics)]
        shards = {"/sitemap-site.xml": sitemap.shard(self.base, (), undated), "/sitemap-mail.xml": sitemap.shard(self.base, self.issues)}
        for key, section in self.sections.items():
            own = [facet.url for group in self.facets[key] for facet in group.facets]
            own += [section.publication.url, *(month.url for month in section.months), *self.context["section_urls"].get(key, ())]
            shards[f"/sitemap-{key}.xml"] = sitemap.shard(self.base, section.documents, own)
        for path, text in shards.items():
            self._write(path, text)
        self._write("/sitemap.xml", sitemap.index(self.base, shards))
        self._write("/robots.txt", f"User-agent: *\nAllow: /\nSitemap: {self.base}/sitemap.xml\n")

    def _redirects(self) -> None:
        for document in (*self.documents, *self.issues, *self.pages):
            for alias in dict.fromkeys(document.meta.aliases):
                self._page(alias, "redirect", target=document)

    def _write(self, url: str, text: str) -> None:
        """Write a file that has no template."""
        write_into(self.output_path, url.lstrip("/"), text.encode("utf-8"))
