"""A file that lies among the sources and that nothing reads is told, with what to do."""

from __future__ import annotations

import pytest

from plugins.builder.checkout.source_check import check_sources
from plugins.frontmatter.library import Library, read_library
from plugins.frontmatter.model.registry import read_registry
from plugins.frontmatter.public_files import ignored_files, similar_sources
from tests.samples.tiny import NOW, TinySite


def library_of(tiny: TinySite) -> Library:
    content = tiny.root / "content"
    registry = read_registry(tiny.root / "publications.toml", content / "data" / "municipalities.csv")
    return read_library(content, registry, NOW)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("A.MD", "does not end in .md"),
        ("a.Md", "does not end in .md"),
        ("a.markdown", "does not end in .md"),
        ("a.mdown", "does not end in .md"),
        ("a.md.txt", "does not end in .md"),
        ("a.txt", "does not end in .md"),
        ("a.docx", "word processor"),
        ("a.jtd", "word processor"),
        ("a.DOC", "word processor"),
        ("~$a.docx", "while a document is open"),
        ("a.html", "word processor"),
        ("photo.jpg", "images/"),
        ("Thumbs.db", "files/"),
        ("a", "does not end in .md"),
        ("a.lnk", "a shortcut"),
    ],
)
@pytest.mark.parametrize("folder", ["press/2020", "mail/press", "pages"])
def test_a_file_among_the_sources_that_is_no_source_is_told(tiny: TinySite, name: str, words: str, folder: str) -> None:
    tiny.article("press/2020/good.md")
    path = f"{folder}/{name}"
    tiny.write(path, "---\ntitle: 題\n---\n")
    assert [(str(found.path), found.rule, found.severity, words in found.en) for found in ignored_files(library_of(tiny))] == [
        (path, "F307", "warning", True)
    ]


def test_what_is_read_or_public_or_for_other_programs_is_not_told(tiny: TinySite) -> None:
    tiny.article("press/2020/good.md")
    for path in (
        "images/drawings/a.svg.txt",
        "files/a.MD",
        "data/a.docx",
        "press/.gitkeep",
        "press/2020/.good.md.swp",
        "partners/a/photo.jpg",
    ):
        tiny.write(path, "a")
    assert ignored_files(library_of(tiny)) == []


def test_a_document_directly_in_the_folder_of_sources_is_told(tiny: TinySite) -> None:
    tiny.article("press/2020/good.md")
    tiny.write("a.docx", "a")
    assert [str(found.path) for found in ignored_files(library_of(tiny))] == ["a.docx"]


def test_two_sources_whose_names_differ_by_case_alone_are_told(tiny: TinySite) -> None:
    tiny.article("press/2020/port.md")
    tiny.write("press/2020/Port.md", "---\ntitle: 港\ndate: 2020-05-01\nslug: port-2\n---\n本文\n")
    assert [(str(found.path), found.rule) for found in similar_sources(library_of(tiny))] == [("press/2020/port.md", "F308")]


def test_check_warns_of_such_a_file_and_does_not_fail(tiny: TinySite) -> None:
    tiny.article("press/2020/good.md")
    tiny.write("press/2020/b.MD", "---\ntitle: 題\n---\n")
    report = check_sources(tiny.root / "content", tiny.root / "publications.toml", NOW)
    assert [(str(found.path), found.rule) for found in report.warnings if found.rule == "F307"] == [("content/press/2020/b.MD", "F307")]
    assert not report.errors
