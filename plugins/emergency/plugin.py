"""Writes every form of the notices and drills that are public. A Pelican plugin; the renderers themselves know nothing of Pelican."""

from __future__ import annotations

from pelican import Pelican, signals
from pelican.generators import Generator
from pelican.writers import Writer

from plugins.context import context_of
from plugins.emergency.cap import CapFeed
from plugins.emergency.forms import EASY, forms_of_all, forms_of_record
from plugins.emergency.pages import PageRenderer
from plugins.emergency.record import EmergencyRecord, record_of
from plugins.files import write_into
from plugins.frontmatter.library import LIBRARY, SITE_ADDRESS, Library
from plugins.frontmatter.model.languages import LANGUAGES
from plugins.frontmatter.model.registry import Publication
from plugins.frontmatter.notice_chains import in_force
from plugins.readings.table import READINGS, ReadingTable


class EmergencyGenerator(Generator):  # type: ignore[misc]
    """All forms but the page itself, which `plugins.publications` writes, and the mail."""

    def generate_context(self) -> None:
        """Make the records, and put the addresses of their pages where the sitemap finds them."""
        self.build = context_of(self.settings)
        library, base = self.build[LIBRARY], self.build[SITE_ADDRESS]
        live = [d for kind in ("notice", "drill") for d in library.live(kind) if d.publication]
        self.records = {d.path: record_of(d, library.registry.site, base, library.documents) for d in live}
        self.context["emergency_links"] = {record.url: _links(record) for record in self.records.values()}
        for document in live:
            record = self.records[document.path]
            urls = [f"{record.url}{LANGUAGES[message.tag].slug}/" for message in record.translations] + (
                [record.url + EASY] if record.easy else []
            )
            assert document.publication
            self.context.setdefault("section_urls", {}).setdefault(document.publication.key, []).extend(urls)

    def generate_output(self, _writer: Writer) -> None:
        """Write every form."""
        library, base = self.build[LIBRARY], self.build[SITE_ADDRESS]
        pages = PageRenderer(self.build.theme / "emergency", library.registry.site, base)
        readings = self.build.get(READINGS) or ReadingTable()
        for publication in library.registry.publications.values():
            if publication.content_type in ("notice", "drill"):
                self._write_all(publication, library, pages)
        for path, record in self.records.items():
            if publication_of := library.documents[path].publication:
                for url, data in forms_of_record(record, publication_of, pages, readings):
                    write_into(self.output_path, url.lstrip("/"), data)

    def _write_all(self, publication: Publication, library: Library, pages: PageRenderer) -> None:
        documents = in_force((d for d in library.live() if d.publication == publication), publication.content_type)
        records = [self.records[document.path] for document in documents]
        title = f"{publication.title} - {library.registry.site.title}"
        feed = CapFeed(title, f"{publication.url}cap.xml", library.registry.site.organisation, library.as_of)
        for url, data in forms_of_all(records, publication, pages, feed, self.build[SITE_ADDRESS]):
            write_into(self.output_path, url.lstrip("/"), data)


def _links(record: EmergencyRecord) -> list[tuple[str, str, str]]:
    """Return address, language and name of each page in other words."""
    easy = [(record.url + EASY, "ja", "やさしい日本語")] if record.easy else []
    return easy + [(f"{record.url}{LANGUAGES[m.tag].slug}/", m.tag, LANGUAGES[m.tag].name) for m in record.translations]


def add_generator(_pelican: Pelican) -> type[EmergencyGenerator]:
    return EmergencyGenerator


def register() -> None:
    """Register with Pelican."""
    signals.get_generators.connect(add_generator)
