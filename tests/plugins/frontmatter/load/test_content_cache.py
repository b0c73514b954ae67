"""The content cache: what was read comes back, and anything of another version or in doubt is read reopened."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from plugins.frontmatter.load.content_cache import CachedDocument, ContentCache
from tests.tiny import TinySite


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache.db"


def row(value: object, size: int = 1) -> CachedDocument:
    return CachedDocument(size, 0, b"digest", value)


def test_documents_bodies_and_notes_come_back_after_the_file_was_closed(file: Path, tiny: TinySite) -> None:
    registry = tiny.registry()
    cache = ContentCache(file, "1", registry)
    cache.keep([("a.md", row({"title": "題"}))], [("a.md", "<p>本文</p>", "本文")])
    cache.note("checks", [("a.md", b"digest", ["T101"]), ("b.md", b"digest", None)])
    reopened = ContentCache(file, "1", registry)
    assert reopened.rows() == {"a.md": row({"title": "題"})}
    assert reopened.body("a.md") == ("<p>本文</p>", "本文")
    assert reopened.notes("checks") == {"a.md": (b"digest", ["T101"]), "b.md": (b"digest", None)}
    assert reopened.notes("another topic") == {}


def test_an_object_of_the_registry_stays_one_object(file: Path, tiny: TinySite) -> None:
    registry = tiny.registry()
    place = registry.places["石巻市"]
    ContentCache(file, "1", registry).keep([("a.md", row(place))], [])
    assert ContentCache(file, "1", registry).rows()["a.md"].parsed is place


def test_a_forgotten_document_is_gone_with_its_body_and_its_notes(file: Path, tiny: TinySite) -> None:
    cache = ContentCache(file, "1", tiny.registry())
    cache.keep([("a.md", row(1)), ("b.md", row(2))], [("a.md", "", ""), ("b.md", "", "")])
    cache.note("checks", [("a.md", b"", 1)])
    cache.forget(["a.md"])
    assert list(cache.rows()) == ["b.md"] and cache.notes("checks") == {}
    with pytest.raises(LookupError, match=r"a\.md"):
        cache.body("a.md")


def test_another_version_begins_with_an_empty_file_whatever_tables_it_had(file: Path, tiny: TinySite) -> None:
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE older_table (path TEXT)")
        database.execute("CREATE TABLE source (path TEXT PRIMARY KEY)")
    cache = ContentCache(file, "2", tiny.registry())
    assert cache.rows() == {}
    cache.keep([("a.md", row(1))], [])
    assert list(ContentCache(file, "2", tiny.registry()).rows()) == ["a.md"]
    assert ContentCache(file, "3", tiny.registry()).rows() == {}
    with sqlite3.connect(file) as database:
        assert not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'older_table'").fetchall()


def test_a_file_that_is_no_database_is_replaced(file: Path, tiny: TinySite) -> None:
    file.write_bytes(b"no database" * 1000)
    ContentCache(file, "1", tiny.registry()).keep([("a.md", row(1))], [])
    assert list(ContentCache(file, "1", tiny.registry()).rows()) == ["a.md"]


def test_small_bundles_are_merged_and_lose_nothing(file: Path, tiny: TinySite) -> None:
    registry = tiny.registry()
    cache = ContentCache(file, "1", registry)
    for number in range(120):
        cache.keep([(f"{number % 70}.md", row(number, size=number))], [])
    newest = {f"{number % 70}.md": row(number, size=number) for number in range(120)}
    for _ in range(2):
        assert ContentCache(file, "1", registry).rows() == newest
    with sqlite3.connect(file) as database:
        assert database.execute("SELECT count(*) FROM bundle").fetchone()[0] < 60
    assert file.stat().st_size < 100_000
