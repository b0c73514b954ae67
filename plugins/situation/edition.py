"""The two editions of the situation's pages, what is and drills: their addresses, and what each of them holds at one moment. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from plugins.frontmatter.model.notices import DRILL_MARK
from plugins.frontmatter.model.registry import Place, Registry
from plugins.frontmatter.model.situation import SITUATION_URL, UnknownAfter
from plugins.situation.current import Entry, entries, of_place
from plugins.situation.table_kinds import KINDS, Kind
from plugins.situation.tables import Tables


@dataclass(frozen=True)
class Edition:
    """``mark`` begins every title: 【訓練】 or nothing. ``by_kind`` are the entries of each kind, ``places`` the municipalities that have a page."""

    url: str
    mark: str
    by_kind: Mapping[str, tuple[Entry, ...]]
    places: tuple[Place, ...]

    @property
    def is_drill(self) -> bool:
        return bool(self.mark)

    def kind_url(self, kind: Kind, place: Place | None = None) -> str:
        """Return the address of a kind, or of a kind in one municipality."""
        return f"{self.url}{kind.key}/{place.slug}/" if place else f"{self.url}{kind.key}/"

    def place_url(self, place: Place) -> str:
        """Return the address of a municipality."""
        return f"{self.url}places/{place.slug}/"

    def entry_url(self, kind: Kind, entry: Entry) -> str:
        """Return the address at which an entry can be read."""
        return f"{self.kind_url(kind, entry.places[0] if entry.places else None)}#{entry.anchor}"

    def of(self, kind: Kind, place: Place | None = None) -> tuple[Entry, ...]:
        """Return the entries of a kind, or those of it in one municipality."""
        entries = self.by_kind[kind.key]
        return entries if place is None else of_place(entries, place)

    def kinds_of(self, place: Place) -> tuple[Kind, ...]:
        """Return the kinds of which a municipality has entries of its own."""
        return tuple(kind for kind in KINDS.values() if any(place in entry.places for entry in self.by_kind[kind.key]))

    def urls(self) -> list[str]:
        """Return the addresses of all pages."""
        crossed = [self.kind_url(kind, place) for place in self.places for kind in self.kinds_of(place)]
        return [self.url, *(self.kind_url(kind) for kind in KINDS.values()), *map(self.place_url, self.places), *crossed]


def real_edition(tables: Tables, registry: Registry, now: dt.datetime, hours: UnknownAfter) -> Edition:
    """Return what is at ``now``."""
    by_kind = {kind.key: entries(tables, kind, now, getattr(hours, kind.key)) for kind in KINDS.values()}
    return Edition(SITUATION_URL, "", by_kind, _places(by_kind, registry.places.values()))


def drill_edition(tables: Tables, registry: Registry, now: dt.datetime, hours: UnknownAfter) -> Edition | None:
    """Return what a drill says at ``now``; None if there is no publication of drills."""
    publication = next((each for each in registry.publications.values() if each.content_type == "drill"), None)
    if publication is None:
        return None
    by_kind = {kind.key: entries(tables, kind, now, getattr(hours, kind.key), with_designated=False) for kind in KINDS.values()}
    return Edition(f"{publication.url}situation/", DRILL_MARK, by_kind, _places(by_kind, registry.places.values()))


def _places(by_kind: Mapping[str, Iterable[Entry]], places: Iterable[Place]) -> tuple[Place, ...]:
    named = {place.code for entries in by_kind.values() for entry in entries for place in entry.places}
    return tuple(place for place in places if place.code in named)
