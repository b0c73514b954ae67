"""Groups of documents: sections, months, places, topics, neighbours, related documents. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from operator import is_
from typing import ClassVar, TypeVar

from plugins.digest import digest
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.notices import ALERTS
from plugins.frontmatter.model.registry import Place, Publication, Registry, Topic

_Key = TypeVar("_Key")


@dataclass(frozen=True)
class MonthArchive:
    """One calendar month of a publication, oldest document first. Its address never shifts."""

    publication: Publication
    year: int
    month: int
    documents: tuple[Document, ...]

    @property
    def url(self) -> str:
        return f"{self.publication.url}{self.year:04}/{self.month:02}/"

    @cached_property
    def tracking_key(self) -> str:
        return f"month:{self.url}"

    @property
    def label(self) -> str:
        return f"{self.year}年{self.month}月"


@dataclass(frozen=True)
class Section:
    """One publication: ``documents`` newest first, ``months`` newest first."""

    publication: Publication
    documents: tuple[Document, ...]
    months: tuple[MonthArchive, ...]

    @cached_property
    def tracking_key(self) -> str:
        return f"section:{self.publication.key}"

    @cached_property
    def years(self) -> dict[int, list[MonthArchive]]:
        """Months by year, newest year first, January first."""
        years: dict[int, list[MonthArchive]] = defaultdict(list)
        for month in reversed(self.months):
            years[month.year].append(month)
        return dict(sorted(years.items(), reverse=True))


@dataclass(frozen=True)
class TermPage:
    """The documents of one place or one topic, newest first."""

    label: Place | Topic
    documents: tuple[Document, ...]

    tracking_slots: ClassVar[Mapping[str, str]] = {"label": "label"}
    """Who reads anything else of a term shows its documents, or how many they are."""

    @cached_property
    def tracking_key(self) -> str:
        return f"term:{self.label.url}"

    @cached_property
    def tracking_whole(self) -> str:
        """For `plugins.incremental`: a document counts by its key. Computed once, since neither label nor documents are ever others."""
        return digest((self.label, self.documents))

    @cached_property
    def tracking_digests(self) -> Mapping[str, str]:
        return {"label": digest(self.label)}

    def is_same(self, other: TermPage) -> bool:
        """Tell whether label and documents are the same objects."""
        is_as_long = len(self.documents) == len(other.documents)
        return self.label is other.label and is_as_long and all(map(is_, self.documents, other.documents))

    @cached_property
    def years(self) -> dict[int, list[Document]]:
        """Documents by year, newest first."""
        years: dict[int, list[Document]] = defaultdict(list)
        for document in self.documents:
            years[document.date.year].append(document)
        return dict(years)


@dataclass(frozen=True)
class Related:
    """Earlier documents of the same place or topic as one document."""

    label: Place | Topic
    documents: tuple[Document, ...]


@dataclass(frozen=True)
class Neighbours:
    """The documents before and after one in its publication."""

    previous: Document | None = None
    next: Document | None = None


def sections(documents: Sequence[Document], registry: Registry) -> dict[str, Section]:
    """Return a section for every publication, also for one without documents. ``documents`` come oldest first."""
    by_key = _group(documents, lambda d: [d.publication.key] if d.publication else [])
    return {key: _section(publication, by_key.get(key, [])) for key, publication in registry.publications.items()}


def _section(publication: Publication, documents: Sequence[Document]) -> Section:
    by_month = _group(documents, lambda d: [(d.date.year, d.date.month)])
    months = tuple(MonthArchive(publication, *key, tuple(group)) for key, group in sorted(by_month.items(), reverse=True))
    return Section(publication, tuple(reversed(documents)), months)


def places(documents: Sequence[Document], registry: Registry) -> list[TermPage]:
    """Return a term page for each municipality, in the order of their codes."""
    by_name = _group(documents, lambda d: [place.name for place in d.meta.municipalities])
    return [TermPage(place, tuple(reversed(by_name.get(name, [])))) for name, place in registry.places.items()]


def topics(documents: Sequence[Document], registry: Registry) -> list[TermPage]:
    """Return a term page for each topic, in the order of ``publications.toml``."""
    by_name = _group(documents, lambda d: [topic.name for topic in d.meta.topics])
    return [TermPage(topic, tuple(reversed(by_name.get(name, [])))) for name, topic in registry.topics.items()]


def kept_terms(terms: Sequence[TermPage], last: Sequence[TermPage]) -> list[TermPage]:
    """Return ``terms``, each as the very object of the ``last`` build if its documents are: what that has computed holds still."""
    last_of = {term.label.url: term for term in last}
    return [before if (before := last_of.get(term.label.url)) and before.is_same(term) else term for term in terms]


def neighbours(sections: Iterable[Section]) -> dict[str, Neighbours]:
    """Return, by address, the documents before and after each document of the sections."""
    before: dict[str, Document] = {}
    after: dict[str, Document] = {}
    for section in sections:
        if section.publication.content_type in ALERTS:
            continue  # a notice changes no page of another: the fast path of an emergency writes few pages
        for newer, older in pairwise(section.documents):
            before[newer.url] = older
            after[older.url] = newer
    return {url: Neighbours(before.get(url), after.get(url)) for url in before.keys() | after.keys()}


def related(documents: Sequence[Document]) -> dict[str, Related]:
    """Return, by address, up to three earlier documents of the same place, or else of the same topic.

    Earlier ones only: a new article must not change the pages of old ones. ``documents`` come oldest first.
    """
    seen: dict[str, list[Document]] = defaultdict(list)  # by the address of a place or topic: these have long hashes
    by_url: dict[str, Related] = {}
    for document in documents:
        if document.content_type in ALERTS:
            continue
        labels: tuple[Place | Topic, ...] = (*document.meta.municipalities, *document.meta.topics)
        for label in labels:
            if earlier := seen.get(label.url):
                by_url[document.url] = Related(label, tuple(earlier[:-4:-1]))
                break
        if document.meta.is_listed:
            for label in labels:
                seen[label.url].append(document)
    return by_url


def _group(documents: Iterable[Document], keys: Callable[[Document], Iterable[_Key]]) -> dict[_Key, list[Document]]:
    groups: dict[_Key, list[Document]] = defaultdict(list)
    for document in documents:
        for key in keys(document):
            groups[key].append(document)
    return groups
