"""Which documents stand together: months, neighbours, and what is related."""

from __future__ import annotations

from collections.abc import Sequence
from operator import is_

import pytest

from plugins.frontmatter.library import read_library
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.registry import Registry, read_registry
from plugins.publications import taxonomies
from tests.samples.tiny import NOW, TinySite

PLACE = "municipalities: [石巻市]\n"


def write(site: TinySite, name: str, date: str, extra: str = "") -> None:
    site.write(f"press/2020/{name}.md", f"---\ntitle: {name}\ndate: {date}\n{extra}---\n本文です。\n")


@pytest.fixture
def read(tiny: TinySite) -> tuple[Sequence[Document], Registry]:
    for month in range(1, 7):
        write(tiny, f"a{month}", f"2020-0{month}-01", PLACE)
    write(tiny, "elsewhere", "2020-06-15")
    registry = read_registry(tiny.root / "publications.toml", tiny.content / "data" / "municipalities.csv")
    return read_library(tiny.content, registry, NOW).live(), registry


def names(documents: Sequence[Document]) -> list[str]:
    return [document.meta.title for document in documents]


def test_the_months_of_a_section_come_newest_first(read: tuple[Sequence[Document], Registry]) -> None:
    months = taxonomies.sections(*read)["press"].months
    assert [month.month for month in months] == [6, 5, 4, 3, 2, 1]
    assert names(months[0].documents) == ["a6", "elsewhere"]


def test_each_document_knows_the_one_before_and_the_one_after(read: tuple[Sequence[Document], Registry]) -> None:
    documents, registry = read
    by_url = taxonomies.neighbours(taxonomies.sections(documents, registry).values())
    neighbours = {document.meta.title: by_url[document.url] for document in documents if document.url in by_url}
    assert neighbours["a1"].previous is None and neighbours["a1"].next and neighbours["a1"].next.meta.title == "a2"
    assert (
        neighbours["a3"].previous
        and neighbours["a3"].previous.meta.title == "a2"
        and neighbours["a3"].next
        and neighbours["a3"].next.meta.title == "a4"
    )
    assert neighbours["elsewhere"].next is None and neighbours["elsewhere"].previous and neighbours["elsewhere"].previous.meta.title == "a6"


def test_related_are_the_three_newest_earlier_ones_of_the_same_place(read: tuple[Sequence[Document], Registry]) -> None:
    by_url = taxonomies.related(read[0])
    related = {document.meta.title: by_url[document.url] for document in read[0] if document.url in by_url}
    assert "a1" not in related and "elsewhere" not in related
    assert names(related["a2"].documents) == ["a1"] and related["a2"].label.name == "石巻市"
    assert names(related["a6"].documents) == ["a5", "a4", "a3"]


def test_every_publication_has_a_section_and_its_months_lie_below_its_address(read: tuple[Sequence[Document], Registry]) -> None:
    documents, registry = read
    by_key = taxonomies.sections(documents, registry)
    assert {key: section.publication for key, section in by_key.items()} == registry.publications
    assert names(by_key["press"].documents) == ["elsewhere", "a6", "a5", "a4", "a3", "a2", "a1"]
    assert [month.url for month in by_key["press"].months[:2]] == ["/press/2020/06/", "/press/2020/05/"]
    assert (by_key["jobs"].documents, by_key["jobs"].months) == ((), ())


def test_a_page_of_no_publication_is_in_no_section(tiny: TinySite) -> None:
    tiny.write("pages/about.md", "---\ntitle: この場所\n---\n本文です。\n")
    write(tiny, "a1", "2020-01-01")
    registry = read_registry(tiny.root / "publications.toml", tiny.content / "data" / "municipalities.csv")
    documents = read_library(tiny.content, registry, NOW).public
    assert "この場所" in names(documents)
    assert [title for section in taxonomies.sections(documents, registry).values() for title in names(section.documents)] == ["a1"]


def test_every_municipality_has_its_documents_newest_first_and_may_have_none(read: tuple[Sequence[Document], Registry]) -> None:
    found = {page.label.name: names(page.documents) for page in taxonomies.places(*read)}
    assert found == {"石巻市": ["a6", "a5", "a4", "a3", "a2", "a1"], "女川町": []}
    assert [page.label for page in taxonomies.places(*read)] == [*read[1].places.values()]


def test_every_topic_has_its_documents_newest_first_and_may_have_none(tiny: TinySite) -> None:
    for month in (1, 2):
        write(tiny, f"a{month}", f"2020-0{month}-01", "topics: [住まい]\n")
    registry = read_registry(tiny.root / "publications.toml", tiny.content / "data" / "municipalities.csv")
    pages = taxonomies.topics(read_library(tiny.content, registry, NOW).live(), registry)
    assert [(page.label, names(page.documents)) for page in pages] == [
        (registry.topics["住まい"], ["a2", "a1"]),
        (registry.topics["道路・交通"], []),
    ]


def test_a_page_of_documents_that_are_the_very_same_stays_the_same_object(read: tuple[Sequence[Document], Registry]) -> None:
    documents, registry = read
    last = taxonomies.places(documents, registry)
    assert all(map(is_, taxonomies.kept_terms(taxonomies.places(documents, registry), last), last))
    copied = [documents[0].with_text(documents[0].text), *documents[1:]]
    kept = taxonomies.kept_terms(taxonomies.places(copied, registry), last)
    of_copy = {place.name for place in documents[0].meta.municipalities}
    assert of_copy and {now.label.name for now, before in zip(kept, last, strict=True) if now is not before} == of_copy
