"""Which documents stand together: months, neighbours, and what is related."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from plugins.frontmatter.library import read_library
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.registry import Registry, read_registry
from plugins.publications import taxonomies
from tests.tiny import NOW, TinySite

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
