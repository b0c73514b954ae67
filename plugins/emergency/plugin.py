"""Writes every form of the notices and drills that are public. A Pelican plugin; the renderers themselves know nothing of Pelican."""

from __future__ import annotations

import logging

from jinja2 import FileSystemLoader
from pelican import Pelican, signals
from pelican.generators import Generator
from pelican.writers import Writer

from plugins.announcements.records import TREE
from plugins.context import context_of
from plugins.emergency.announced import announcement_of
from plugins.emergency.channel import refusal
from plugins.emergency.fast_path.recording import snapshot_of
from plugins.emergency.fast_path.snapshot import SNAPSHOT
from plugins.emergency.forms import forms_of_all, forms_of_record, other_words
from plugins.emergency.mail import MailRenderer, bundle
from plugins.emergency.pages import PageRenderer
from plugins.emergency.record import EmergencyRecord, record_of
from plugins.files import write_into
from plugins.frontmatter.library import LIBRARY, SITE_ADDRESS, Library, last_change
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.registry import Publication
from plugins.frontmatter.notice_chains import in_force
from plugins.frontmatter.text_edits import EDITS, TextEdits
from plugins.incremental.plan import PLAN
from plugins.inputs import InputFolder
from plugins.readings.table import READINGS, ReadingTable

_log = logging.getLogger(__name__)


class EmergencyGenerator(Generator):  # type: ignore[misc]
    """All forms but the page itself, which `plugins.publications` writes, and the mail."""

    def generate_context(self) -> None:
        """Make the records, and put the addresses of their pages where the sitemap finds them."""
        self.build = context_of(self.settings)
        library, base = self.build[LIBRARY], self.build[SITE_ADDRESS]
        live = [d for kind in ("notice", "drill") for d in library.live(kind) if d.publication]
        self.records = {d.path: record_of(d, library.registry.site, base, library.documents) for d in live}
        self.context["emergency_links"] = {record.url: other_words(record) for record in self.records.values()}
        for document in live:
            record = self.records[document.path]
            urls = [url for url, _, _ in other_words(record)]
            assert document.publication
            self.context.setdefault("section_urls", {}).setdefault(document.publication.key, []).extend(urls)

    def generate_output(self, _writer: Writer) -> None:
        """Write every form."""
        library, base = self.build[LIBRARY], self.build[SITE_ADDRESS]
        pages = PageRenderer(FileSystemLoader(self.build.theme / "emergency"), library.registry.site, base)
        readings = self.build.get(READINGS) or ReadingTable()
        for publication in library.registry.publications.values():
            if publication.content_type in ("notice", "drill"):
                self._write_all(publication, library, pages)
        self._write_snapshot()
        if followers := self.build.get(EDITS):
            followers.on_edit(self._update)
        for path, record in self.records.items():
            if publication_of := library.documents[path].publication:
                is_refused = refusal(record, publication_of.live_since, library.now) is not None
                for url, data in forms_of_record(record, publication_of, pages, readings, is_refused=is_refused):
                    self._write(url, data)

    def _write_snapshot(self) -> None:
        snapshot = snapshot_of(self.build, self.settings.get("CARD_FONT", ""), has_copies=bool(self.context.get("furigana")))
        self.newest = {f"{entry.url}" for entry in snapshot.newest}
        write_into(self.build.site.parent, SNAPSHOT, snapshot.render())

    def _update(self, edits: TextEdits) -> None:
        """The snapshot says the words of the newest documents. Notices themselves are never edited in place."""
        if any(document.url in self.newest for document in edits.documents):
            self._write_snapshot()

    def _write(self, url: str, data: bytes) -> None:
        """Write one form; a page is told to whoever counts them."""
        write_into(self.output_path, url.lstrip("/"), data)
        if url.endswith((".html", "/")) and (plan := self.build.get(PLAN)):
            plan.on_page()

    def _takes(self, record: EmergencyRecord, publication: Publication) -> bool:
        """Tell whether the live channels of ``publication`` take the record; say why not."""
        words = refusal(record, publication.live_since, self.build[LIBRARY].now)
        if words:
            _log.warning("content/%s: %s / %s", record.path, *words)
        return words is None

    def _write_mail(self, documents: list[Document], publication: Publication, library: Library) -> None:
        """Write the bundles for a list that is for emergencies; a notice does not go to readers of a magazine."""
        mail_list = library.registry.lists.get(publication.list or "")
        if mail_list is None or mail_list.list_class != "emergency":
            return
        renderer = MailRenderer(FileSystemLoader(self.build.theme / "emergency"), library.registry.site, publication, mail_list)
        sources = InputFolder(self.build.content)
        for document in documents:
            for name, data in bundle(self.records[document.path], renderer, sources.read(str(document.path))):
                write_into(self.build.site.parent / "mail", name, data)

    def _announce(self, documents: list[Document], publication: Publication, library: Library) -> None:
        """Write the announcements of these documents, for `channels`. One that another has replaced is there too: it was not taken back."""
        for document in documents:
            is_refused = refusal(self.records[document.path], publication.live_since, library.now) is not None
            if not is_refused and (announced := announcement_of(self.records[document.path], document)):
                write_into(self.build.site.parent / TREE, announced.file, announced.render())

    def _write_all(self, publication: Publication, library: Library, pages: PageRenderer) -> None:
        live = [d for d in library.live(publication.content_type) if d.publication == publication]
        documents = in_force(live, publication.content_type)
        documents = [document for document in documents if self._takes(self.records[document.path], publication)]
        records = [self.records[document.path] for document in documents]
        self._write_mail(documents, publication, library)
        self._announce(live, publication, library)
        site = library.registry.site
        own = (d for d in library.documents.values() if d.publication and d.publication.key == publication.key)
        changed = last_change(own, library.now, site.zone)
        for url, data in forms_of_all(records, publication, pages, site, self.build[SITE_ADDRESS], changed):
            self._write(url, data)


def add_generator(_pelican: Pelican) -> type[EmergencyGenerator]:
    return EmergencyGenerator


def register() -> None:
    """Register with Pelican."""
    signals.get_generators.connect(add_generator)
