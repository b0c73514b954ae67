"""Facets of one publication: jobs by municipality and employment, records by fiscal year, school level and kind. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from plugins.frontmatter.model.content_types import Job, Record
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.registry import Publication

EMPLOYMENT = {"正社員": "full-time", "契約社員": "contract", "パート": "part-time", "任期付職員": "fixed-term", "季節雇用": "seasonal"}
LEVELS = {
    "幼稚園": "kindergarten",
    "小学校": "elementary",
    "中学校": "junior-high",
    "高等学校": "high",
    "特別支援学校": "special-needs",
    "教育委員会": "board",
}
RECORDS = {"対応記録": "responses", "活動事例": "activities", "防災教育": "preparedness"}

Label = tuple[str, str]
"""The word that readers see, and its part of the address."""


@dataclass(frozen=True)
class Facet:
    """The documents that share one label; ``url`` never changes."""

    name: str
    url: str
    documents: tuple[Document, ...]


@dataclass(frozen=True)
class Group:
    """All facets of one kind, such as all municipalities; ``title`` names the kind."""

    title: str
    facets: tuple[Facet, ...]


def groups(publication: Publication, documents: Sequence[Document]) -> tuple[Group, ...]:
    """Return the groups of facets for ``documents``, which keep their order; none for a content type other than jobs and records."""
    if publication.content_type == "job":
        jobs = sorted((d for d in documents if isinstance(d.meta, Job)), key=_deadline)
        return _groups(
            publication,
            jobs,
            (("市町村", "place", _places), ("雇用の形", "employment", _employment)),
        )
    if publication.content_type == "record":
        records = [d for d in documents if isinstance(d.meta, Record)]
        return _groups(publication, records, (("年度", "fiscal", _year), ("校種", "level", _level), ("種類", "type", _record_kind)))
    return ()


def _groups(
    publication: Publication, documents: Iterable[Document], kinds: Iterable[tuple[str, str, Callable[[Document], list[Label]]]]
) -> tuple[Group, ...]:
    documents = list(documents)
    groups = (Group(title, _facets(f"{publication.url}{part}/", documents, labels)) for title, part, labels in kinds)
    return tuple(group for group in groups if group.facets)


def _facets(base: str, documents: Iterable[Document], labels: Callable[[Document], list[Label]]) -> tuple[Facet, ...]:
    by_label: dict[Label, list[Document]] = defaultdict(list)
    for document in documents:
        for label in labels(document):
            by_label[label].append(document)
    return tuple(Facet(label[0], f"{base}{label[1]}/", tuple(by_label[label])) for label in sorted(by_label, key=_sort_key))


def _sort_key(label: Label) -> tuple[int, str]:
    """Return the sort key: words in the order of their vocabulary, years and places by their part of the address."""
    known = [*EMPLOYMENT, *LEVELS, *RECORDS]
    return (known.index(label[0]) if label[0] in known else 0, label[1])


def _deadline(document: Document) -> tuple[str, str]:
    return (document.meta.deadline.isoformat() if isinstance(document.meta, Job) else "", document.url)


def _places(document: Document) -> list[Label]:
    return [(place.name, place.slug) for place in document.meta.municipalities]


def _employment(document: Document) -> list[Label]:
    return [(document.meta.employment, EMPLOYMENT[document.meta.employment])] if isinstance(document.meta, Job) else []


def _year(document: Document) -> list[Label]:
    return [(f"{document.meta.fiscal_year}年度", str(document.meta.fiscal_year))] if isinstance(document.meta, Record) else []


def _level(document: Document) -> list[Label]:
    return [(document.meta.school_level, LEVELS[document.meta.school_level])] if isinstance(document.meta, Record) else []


def _record_kind(document: Document) -> list[Label]:
    return [(document.meta.record_kind, RECORDS[document.meta.record_kind])] if isinstance(document.meta, Record) else []
