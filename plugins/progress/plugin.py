"""Writes the progress pages of the first publication of kind ``progress``: the prefecture, each field, each municipality. A Pelican plugin."""

from __future__ import annotations

from typing import Any

from pelican import Pelican, signals
from pelican.generators import Generator
from pelican.writers import Writer

from plugins.context import context_of
from plugins.files import write_into
from plugins.frontmatter.library import LIBRARY
from plugins.frontmatter.model.registry import Place, Publication
from plugins.inputs import InputFolder
from plugins.progress import panels
from plugins.progress.table import COLUMNS, PATH
from plugins.progress.works import WORKS, Field
from plugins.structured_data.site import dataset


def add_generator(_pelican: Pelican) -> type[ProgressGenerator]:
    return ProgressGenerator


def register() -> None:
    signals.get_generators.connect(add_generator)


class ProgressGenerator(Generator):  # type: ignore[misc]
    """Writes nothing where the site has no such publication, or no table."""

    def generate_context(self) -> None:
        """Put the addresses of the pages into the context, where section pages and the sitemap find them, and the panels of the prefecture."""
        build = context_of(self.settings)
        library = build[LIBRARY]
        self.works = build[WORKS].until(library.now)
        publications = library.registry.publications.values()
        self.publication: Publication | None = next((p for p in publications if p.content_type == "progress"), None)
        self.places = [place for place in library.registry.places.values() if self.works.of(places=[place]).rows]
        if self.publication and self.works.rows:
            self.front = f"{self.publication.url}progress/"
            urls = [self.front, *map(self._field_url, self.works.fields), *map(self._place_url, self.places)]
            self.context.setdefault("section_urls", {}).setdefault(self.publication.key, []).extend(urls)
            self.context["progress_url"] = self.front
            self.context["progress"] = panels.prefecture_panels(self.works, {})
            self.context["progress_places"] = {place.slug: self._place_url(place) for place in self.places}

    def generate_output(self, writer: Writer) -> None:
        if not self.publication or not self.works.rows:
            return
        self.writer = writer
        fields = {field.name: self._field_url(field) for field in self.works.fields}
        places = {place.name: self._place_url(place) for place in self.places}
        self.shared = {"publication": self.publication, "front": self.front, "field_urls": fields, "place_urls": places}
        library = context_of(self.settings)[LIBRARY]
        write_into(self.output_path, str(PATH), InputFolder(self.path).read(str(PATH)))  # the page offers the table as open data
        open_data = dataset(
            self.publication,
            library.registry.site,
            self.context["base"],
            url=self.front,
            table=str(PATH),
            columns=COLUMNS,
            years=(self.works.years[0], self.works.years[-1]),
        )
        self._page(
            self.front,
            "progress",
            panels=panels.prefecture_panels(self.works, fields),
            columns=COLUMNS,
            table_url=f"/{PATH}",
            dataset=open_data,
        )
        for field in self.works.fields:
            self._page(self._field_url(field), "progress-part", part=field, panels=panels.of_field(self.works, field, places))
        for place in self.places:
            own = self.works.of(places=[place])
            self._page(self._place_url(place), "progress-part", part=place, panels=panels.of_place(own, fields))

    def _field_url(self, field: Field) -> str:
        return f"{self.front}fields/{field.slug}/"

    def _place_url(self, place: Place) -> str:
        return f"{self.front}places/{place.slug}/"

    def _page(self, url: str, template: str, **variables: Any) -> None:
        path = f"{url.lstrip('/')}index.html"
        self.writer.write_file(path, self.get_template(template), self.context, url=url, page_url=url, **self.shared, **variables)
