"""The content cache: what was read comes back, and anything of another version or in doubt is read anew from its source."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import pytest

from plugins.frontmatter.library import read_library
from plugins.frontmatter.load.content_cache import CacheDamaged, CachedDocument, ContentCache
from plugins.frontmatter.model.document import NO_TEXT
from plugins.processes import run_ahead
from tests.samples.tiny import NOW, TinySite


@dataclass(frozen=True)
class Note:
    """What another package may keep."""

    path: PurePosixPath
    words: tuple[str, ...] = ()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache.db"


@pytest.fixture
def row(tiny: TinySite) -> CachedDocument:
    """One document as it was read."""
    tiny.article("press/2020/a.md")
    document = read_library(tiny.content, tiny.registry(), NOW).documents[PurePosixPath("press/2020/a.md")].with_text(NO_TEXT)
    return CachedDocument(
        1, 0, b"digest", (document, {("page", "press/2020/b.md"): ("/b/", "live"), ("target", "c.md"): (True, False, NOW)})
    )


def named(row: CachedDocument, name: str, size: int = 1) -> tuple[str, CachedDocument]:
    document, resolved = row.parsed
    return name, replace(row, size=size, parsed=(replace(document, path=PurePosixPath(name)), resolved))


def body(*names: str) -> list[tuple[str, str, str]]:
    return [(name, "<p>本文</p>", "本文") for name in names]


def test_documents_bodies_and_notes_come_back_after_the_file_was_closed(file: Path, tiny: TinySite, row: CachedDocument) -> None:
    cache, note = ContentCache(file, "1", tiny.registry()), Note(PurePosixPath("a.md"), ("T101",))
    cache.keep([named(row, "a.md")], body("a.md"))
    cache.note("checks", [("a.md", b"digest", note), ("b.md", b"digest", None)])
    reopened = ContentCache(file, "1", tiny.registry())
    assert reopened.rows() == dict([named(row, "a.md")])
    assert reopened.body("a.md") == ("<p>本文</p>", "本文")
    assert reopened.notes("checks", Note) == {"a.md": (b"digest", note), "b.md": (b"digest", None)}
    assert reopened.notes("another topic", Note) == {}
    assert reopened.notes("checks", int) == {"b.md": (b"digest", None)}, "a note of another type is none"


def test_a_fork_writes_through_a_connection_of_its_own(file: Path, tiny: TinySite, row: CachedDocument) -> None:
    cache = ContentCache(file, "1", tiny.registry())
    cache.keep([named(row, "a.md")], body("a.md"))

    def open_files() -> int:
        return sum(link.resolve() == file.resolve() for link in Path("/proc/self/fd").iterdir())

    def work() -> tuple[int, int]:
        inherited = open_files()
        cache.note("checks", [("a.md", b"digest", 7)])
        return inherited, open_files()

    with run_ahead(work) as result:
        inherited, used = result()
    assert inherited == open_files() and used > inherited
    assert cache.notes("checks", int) == {"a.md": (b"digest", 7)} and cache.body("a.md") == ("<p>本文</p>", "本文")


def test_an_object_of_the_registry_stays_one_object(file: Path, tiny: TinySite, row: CachedDocument) -> None:
    registry = tiny.registry()
    ContentCache(file, "1", registry).keep([named(row, "a.md")], body("a.md"))
    document = ContentCache(file, "1", registry).rows()["a.md"].parsed[0]
    assert document.meta.municipalities[0] is registry.places["石巻市"]
    assert document.meta.topics[0] is registry.topics["住まい"] and document.publication is registry.publications["press"]


def test_a_forgotten_document_is_gone_with_its_body_and_its_notes(file: Path, tiny: TinySite, row: CachedDocument) -> None:
    cache = ContentCache(file, "1", tiny.registry())
    cache.keep([named(row, "a.md"), named(row, "b.md")], body("a.md", "b.md"))
    cache.note("checks", [("a.md", b"", 1)])
    cache.forget(["a.md"])
    assert list(cache.rows()) == ["b.md"] and cache.notes("checks", int) == {}
    with pytest.raises(CacheDamaged, match=r"a\.md"):
        cache.body("a.md")


def test_another_version_begins_with_an_empty_file_whatever_tables_it_had(file: Path, tiny: TinySite, row: CachedDocument) -> None:
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE older_table (path TEXT)")
        database.execute("CREATE TABLE source (path TEXT PRIMARY KEY)")
    cache = ContentCache(file, "2", tiny.registry())
    assert cache.rows() == {}
    cache.keep([named(row, "a.md")], body("a.md"))
    assert list(ContentCache(file, "2", tiny.registry()).rows()) == ["a.md"]
    assert ContentCache(file, "3", tiny.registry()).rows() == {}
    with sqlite3.connect(file) as database:
        assert not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'older_table'").fetchall()


def test_a_file_that_is_no_database_is_replaced(file: Path, tiny: TinySite, row: CachedDocument) -> None:
    file.write_bytes(b"no database" * 1000)
    ContentCache(file, "1", tiny.registry()).keep([named(row, "a.md")], body("a.md"))
    assert list(ContentCache(file, "1", tiny.registry()).rows()) == ["a.md"]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE bundle SET documents = x'80'",
        "UPDATE bundle SET documents = 'text'",
        "UPDATE bundle SET documents = NULL",
        "UPDATE source SET bundle = 99",
        "UPDATE body SET html = x'ff'",
        "UPDATE body SET markdown = x'00'",
        "DELETE FROM body",
        "DELETE FROM bundle",
    ],
)
def test_a_row_that_does_not_fit_counts_as_absent(file: Path, tiny: TinySite, row: CachedDocument, damage: str) -> None:
    ContentCache(file, "1", tiny.registry()).keep([named(row, "a.md")], body("a.md"))
    with sqlite3.connect(file) as database:
        database.execute(damage)
    assert ContentCache(file, "1", tiny.registry()).rows() == {}


def test_small_bundles_are_merged_and_lose_nothing(file: Path, tiny: TinySite, row: CachedDocument) -> None:
    registry = tiny.registry()
    cache = ContentCache(file, "1", registry)
    rows = [named(row, f"{number % 70}.md", size=number) for number in range(120)]
    for name, each in rows:
        cache.keep([(name, each)], body(name))
    for _ in range(2):
        assert ContentCache(file, "1", registry).rows() == dict(rows)
    with sqlite3.connect(file) as database:
        assert database.execute("SELECT count(*) FROM bundle").fetchone()[0] < 60
    assert file.stat().st_size < 200_000


def test_a_source_that_was_too_young_to_trust_is_read_once_more_and_then_known_by_its_time(file: Path, tiny: TinySite) -> None:
    source, cache = tiny.article("press/2020/a.md"), ContentCache(file, "1", tiny.registry())

    def time_after_reading() -> int:
        read_library(tiny.content, tiny.registry(), NOW, cache)
        return cache.rows()["press/2020/a.md"].time

    assert time_after_reading() == -1, "written just now"
    os.utime(source, ns=(5, 5))
    assert time_after_reading() == 5
    os.utime(source, ns=(6, 6))
    assert time_after_reading() == 6, "another checkout with the same bytes"
