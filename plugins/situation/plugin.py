"""Writes the pages of the situation: an overview, each kind, each municipality, each kind in each municipality. A Pelican plugin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pelican import Pelican, signals
from pelican.generators import Generator
from pelican.writers import Writer

from plugins.clock import ALWAYS, TrackedClock, ValidityInterval
from plugins.context import CONTINUATION, Key, context_of
from plugins.files import write_into
from plugins.frontmatter.library import LIBRARY, SITE_ADDRESS
from plugins.frontmatter.model.registry import Place
from plugins.incremental.plan import PLAN
from plugins.situation import changes, open_data
from plugins.situation.current import count_words, last_update
from plugins.situation.edition import Edition, drill_edition, real_edition
from plugins.situation.light import LightRenderer, LightSection
from plugins.situation.table_kinds import KINDS, Kind, Tone
from plugins.situation.tables import SITUATION, Situation, Tables

MOST = 60
"""Entries of a list on a page that has several lists. Where there are more, it leads to the page that has them all."""


def add_generator(_pelican: Pelican) -> type[SituationGenerator]:
    return SituationGenerator


def register() -> None:
    """Register with Pelican."""
    signals.get_generators.connect(add_generator)


@dataclass
class _TableOutput:
    """What was made of the tables, which holds within ``validity``: the editions, files, and pages with their templates and variables."""

    validity: ValidityInterval = ALWAYS
    editions: list[tuple[Edition, Tables]] = field(default_factory=list)
    pages: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


_OUTPUT = Key[_TableOutput]("pages of the situation", __name__)


class SituationGenerator(Generator):  # type: ignore[misc]
    """Writes nothing where ``publications.toml`` has no ``[site.situation]``."""

    def generate_context(self) -> None:
        """Find out what holds now, and put the addresses of the pages where the sitemap finds them."""
        build = context_of(self.settings)
        self.library, self.base = build[LIBRARY], build[SITE_ADDRESS]
        registry = self.library.registry
        self.last = self._last()
        self.result = _TableOutput()
        with self._noting_validity():
            self.result.editions = self.last.editions if self.last else self._editions(build.get(SITUATION) or Situation())
        build.provide(_OUTPUT, self.result)
        for edition, _ in self.result.editions:
            kinds = ("drill",) if edition.is_drill else ("notice", "article")
            publications = registry.publications.values()
            publication = next((p for kind in kinds for p in publications if p.content_type == kind), None)
            if publication:
                self.context.setdefault("section_urls", {}).setdefault(publication.key, []).extend(edition.urls())

    def _editions(self, situation: Situation) -> list[tuple[Edition, Tables]]:
        registry, now, editions = self.library.registry, self.library.now, list[tuple[Edition, Tables]]()
        if settings := registry.site.situation:
            editions.append((real_edition(situation.real, registry, now, settings.unknown_after), situation.real))
            if drills := drill_edition(situation.drills, registry, now, settings.unknown_after):
                editions.append((drills, situation.drills))
        return editions

    def _last(self) -> _TableOutput | None:
        """Return what the last build in this process has made of the same tables, if it holds still."""
        build, now = context_of(self.settings), self.library.now
        going_on, plan = build.get(CONTINUATION), build.get(PLAN)
        found = going_on.last.get(_OUTPUT) if going_on else None
        holds = found and plan and isinstance(now, TrackedClock) and found.validity.contains(now.plain) and plan.is_intact(*found.files)
        return found if holds else None

    @contextmanager
    def _noting_validity(self) -> Iterator[None]:
        now = self.library.now
        if not isinstance(now, TrackedClock):  # Pelican was started by itself
            yield
            return
        with now.separate_interval() as interval:
            if self.last:
                now.narrow(self.last.validity)
            yield
            self.result.validity = self.result.validity.intersect(interval())

    def generate_output(self, writer: Writer) -> None:
        """Write everything, or take it over."""
        self.writer, plan = writer, context_of(self.settings).get(PLAN)
        with self._noting_validity():
            if self.last and plan:
                self.result.files = self.last.files
                plan.kept_files.update(self.result.files)
                for name, template, variables in self.last.pages:
                    self._write_page(name, template, variables)
            else:
                self._write_all()

    def _write_all(self) -> None:
        self.light = LightRenderer(context_of(self.settings).theme / "situation", self.library.registry.site, self.base)
        for edition, tables in self.result.editions:
            self._front(edition)
            for kind in KINDS.values():
                self._kind(edition, kind)
            for place in edition.places:
                self._place(edition, place)
            self._feeds(edition, tables)

    def _front(self, edition: Edition) -> None:
        kinds = [
            (kind, edition.kind_url(kind), count_words(edition.of(kind), kind), last_update(edition.of(kind))) for kind in KINDS.values()
        ]
        title = f"{edition.mark}避難所・給水・通行止めなどの一覧"
        self._page(edition, edition.url, "situation", title=title, kinds=kinds, places=_links(edition))
        links = [(_with_counts(kind.title, counted), f"{url}light.html") for kind, url, counted, _ in kinds]
        links += [(place.name, f"{edition.place_url(place)}light.html") for place in edition.places]
        self._write(f"{edition.url}light.html", self.light.page(title, edition.url, (), links))

    def _kind(self, edition: Edition, kind: Kind) -> None:
        url, entries, title = edition.kind_url(kind), edition.of(kind), f"{edition.mark}{kind.title}"
        places = [(place, edition.kind_url(kind, place)) for place in edition.places if kind in edition.kinds_of(place)]
        whole = tuple(entry for entry in entries if not entry.places)
        groups = [(place.name, place.reading, address, tuple(e for e in entries if place in e.places)) for place, address in places]
        groups += [("県全体", "", url, whole)] if whole else []
        groups.sort(key=lambda group: all(entry.is_unknown for entry in group[3]))  # where something is known, people look first
        files = [(name, f"{edition.url}{kind.key}.{name.lower()}") for name in ("CSV", "GeoJSON")]
        counted = [(name, reading, address, shown, count_words(shown, kind)) for name, reading, address, shown in groups]
        self._page(
            edition,
            url,
            "situation-kind",
            title=title,
            kind=kind,
            groups=counted,
            files=files,
            counts=count_words(entries, kind),
            is_long=len(entries) > MOST,
        )
        self._write(f"{url}light.html", self.light.page(title, url, [LightSection(name, at, shown) for name, _, at, shown in groups]))
        self._write(files[0][1], open_data.csv_of(entries, kind, edition.mark))
        self._write(files[1][1], open_data.geojson_of(entries, kind, edition.mark))
        for place, address in places:
            self._crossed(edition, kind, place, address)

    def _crossed(self, edition: Edition, kind: Kind, place: Place, url: str) -> None:
        entries, title = edition.of(kind, place), f"{edition.mark}{place.name}の{kind.title}"
        self._page(edition, url, "situation-list", title=title, kind=kind, place=place, entries=entries, counts=count_words(entries, kind))
        self._write(f"{url}light.html", self.light.page(title, url, [LightSection("", url, entries)]))

    def _place(self, edition: Edition, place: Place) -> None:
        url, title = edition.place_url(place), f"{edition.mark}{place.name}の避難所・給水・通行止めなど"
        kinds = edition.kinds_of(place)
        groups = [(kind, edition.kind_url(kind, place), edition.of(kind, place)) for kind in kinds]
        counted = [(kind, address, shown, count_words(shown, kind)) for kind, address, shown in groups]
        self._page(edition, url, "situation-place", title=title, place=place, groups=counted, most=MOST)
        self._write(f"{url}light.html", self.light.page(title, url, [LightSection(kind.title, at, shown) for kind, at, shown in groups]))

    def _feeds(self, edition: Edition, tables: Tables) -> None:
        latest = changes.changes(tables, self.library.now)
        self._feed(edition, edition.url, "避難所・給水・通行止めなどの変化", latest)
        for place in edition.places:
            self._feed(
                edition, edition.place_url(place), f"{place.name}の避難所・給水・通行止めなどの変化", changes.of_place(latest, place)
            )

    def _feed(self, edition: Edition, url: str, title: str, all_changes: tuple[changes.Change, ...]) -> None:
        site = self.library.registry.site
        channel = changes.Channel(f"{edition.mark}{title} - {site.title}", site, self.base, url)
        addresses = [
            f"{edition.kind_url(each.kind, each.row.places[0] if each.row.places else None)}#{changes.anchor(each)}"
            for each in all_changes[: changes.NEWEST]
        ]
        self._write(f"{url}feed.xml", changes.atom(channel, all_changes, addresses, edition.mark))

    def _page(self, edition: Edition, url: str, template: str, **variables: Any) -> None:
        frame = {
            "url": url,
            "page_url": url,
            "front": edition.url,
            "mark": edition.mark,
            "top": f"{edition.mark}避難所・給水・通行止めなど",
            "kind_links": [(kind.title, edition.kind_url(kind)) for kind in KINDS.values()],
            "place_links": _links(edition),
        }
        self._write_page(f"{url.lstrip('/')}index.html", template, frame | variables)

    def _write_page(self, name: str, template: str, variables: dict[str, Any]) -> None:
        self.result.pages.append((name, template, variables))
        self.writer.write_file(name, self.get_template(template), self.context, **variables)

    def _write(self, url: str, data: bytes) -> None:
        self.result.files.append(url.lstrip("/"))
        write_into(self.output_path, url.lstrip("/"), data)


def _with_counts(title: str, counted: Sequence[tuple[str, str, Tone, int]]) -> str:
    """Return ``避難所（○開設12、？不明3）``."""
    words = "、".join(f"{mark}{word}{number}" for word, mark, _, number in counted)
    return f"{title}（{words}）" if words else title


def _links(edition: Edition) -> list[tuple[str, str]]:
    """Name and address of the page of each municipality."""
    return [(place.name, edition.place_url(place)) for place in edition.places]
