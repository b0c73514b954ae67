"""Writes the calendar pages, the iCalendar files and the script for the radio. A Pelican plugin."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from pelican import Pelican, signals
from pelican.generators import Generator
from pelican.writers import Writer

from plugins.context import context_of
from plugins.events import months, on_air
from plugins.events.calendar import calendar
from plugins.events.locator import OUTLINE
from plugins.files import write_into
from plugins.frontmatter.library import LIBRARY
from plugins.frontmatter.model.content_types import Event
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.registry import Publication
from plugins.frontmatter.text_edits import EDITS, NeedsWholeBuild
from plugins.readings.table import READINGS

ON_AIR = (8, 2)
"""How many coming events, and how many articles of the same publication, the script has at most."""


class EventsGenerator(Generator):  # type: ignore[misc]
    """Writes for the first publication of the type ``event``. Without one, each event still has its own iCalendar file."""

    def generate_context(self) -> None:
        """Sort the events, and put the addresses of the pages into the context, where section pages and the sitemap find them."""
        library = context_of(self.settings)[LIBRARY]
        self.now = library.now
        self.context["locate"] = context_of(self.settings)[OUTLINE].locate
        self.events = library.live("event")
        self.publication: Publication | None = next((p for p in library.registry.publications.values() if p.content_type == "event"), None)
        self.articles = [d for d in reversed(library.live("article")) if d.publication is self.publication]
        if followers := context_of(self.settings).get(EDITS):
            followers.refuse(self._refuse_spoken)
        self.context["calendar_url"] = ""
        if self.publication:
            self.front = f"{self.publication.url}calendar/"
            self.months = months.months(self.events, self.front)
            self.context["calendar_url"] = self.front
            urls = [self.front, f"{self.publication.url}on-air/", *(month.url for month in self.months)]
            self.context.setdefault("section_urls", {}).setdefault(self.publication.key, []).extend(urls)

    def _refuse_spoken(self, paths: frozenset[PurePosixPath]) -> None:
        """The script for the radio is made of the words of these articles."""
        if any(document.path in paths for document in self.articles):
            raise NeedsWholeBuild("an article of the publication whose script is read on air")

    def generate_output(self, writer: Writer) -> None:
        self.writer, base = writer, self.context["base"]
        for document in self.events:
            self._write(f"{document.url}event.ics", calendar([document], base))
        if self.publication:
            self._write_calendar(self.publication, base)
            self._write_script(self.publication)

    def _coming(self) -> list[Document]:
        coming = [d for d in self.events if isinstance(d.meta, Event) and d.meta.finishes > self.now]
        return sorted(coming, key=lambda d: (d.meta.start, d.url))  # type: ignore[attr-defined]

    def _write_calendar(self, publication: Publication, base: str) -> None:
        self._write(f"{self.front}events.ics", calendar(self.events, base, publication.title))
        shared = {"publication": publication, "months": self.months}
        self._page(self.front, "calendar", coming=self._coming(), **shared)
        padded = [None, *self.months, None]
        for index, month in enumerate(self.months):
            self._page(month.url, "calendar-month", month=month, before=padded[index], after=padded[index + 2], **shared)

    def _write_script(self, publication: Publication) -> None:
        events, articles = ON_AIR
        readings = context_of(self.settings)[READINGS]
        script = on_air.script(self._coming()[:events], self.articles[:articles], publication, readings, self.now)
        url = f"{publication.url}on-air/"
        self._page(url, "on-air", publication=publication, script=script)
        self._write(f"{url}script.txt", script.text.encode("utf-8"))

    def _page(self, url: str, template: str, **variables: Any) -> None:
        self.writer.write_file(
            f"{url.lstrip('/')}index.html", self.get_template(template), self.context, url=url, page_url=url, **variables
        )

    def _write(self, url: str, content: bytes) -> None:
        write_into(self.output_path, url.lstrip("/"), content)


def add_generator(_pelican: Pelican) -> type[EventsGenerator]:
    return EventsGenerator


def register() -> None:
    signals.get_generators.connect(add_generator)
