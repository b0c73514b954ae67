"""A cache of parsed documents: one SQLite file beside the output. If it is lost, the next build reads every source once.

For each source there is a row with the file's size and modification time (the fast check), the digest of its bytes (for a fresh checkout, where every
time is new), and the number of the bundle that holds its document. A bundle holds the documents that were read together, some hundreds encoded as
one (`serialization`): this loads in a third of the time that single documents need. A source that is read again goes into a new bundle; when there are many small
bundles they are merged. HTML and Markdown have a table of their own, and are loaded only when a page is rendered.

Everything in the file is valid for one ``version``: of the code, the libraries, the settings and ``publications.toml``. The file may come from anywhere (a
cache of a CI, another account). So nothing in it is run, each value is checked for its type, and what does not fit is read anew from its source.
"""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from plugins.frontmatter.load.serialization import CachedSource, DocumentCodec, Unreadable, ValueCodec, encode_value
from plugins.frontmatter.model.registry import Registry

Value = TypeVar("Value")

_TABLES = """
CREATE TABLE IF NOT EXISTS cache_version (version TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS source (path TEXT PRIMARY KEY, size INTEGER, time INTEGER, digest BLOB, bundle INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bundle (number INTEGER PRIMARY KEY, documents BLOB);
CREATE TABLE IF NOT EXISTS body (path TEXT PRIMARY KEY, html TEXT, markdown TEXT);
CREATE TABLE IF NOT EXISTS note (topic TEXT, path TEXT, digest BLOB, value BLOB, PRIMARY KEY (topic, path)) WITHOUT ROWID;
"""

_TEXTS = "SELECT path FROM body WHERE typeof(html) = 'text' AND typeof(markdown) = 'text'"

_SMALL = 100
"""Sources. A bundle that holds fewer is small."""

_MANY = 50
"""More small bundles than this are merged into one."""


_TRUSTED_AGE = 3_000_000_000
"""Nanoseconds. A file that changed more recently may change again within one tick of the file system's clock (2 s on FAT) and keep its time."""


def trusted_time(time: int, scanned_at: int) -> int:
    """Return the modification ``time`` of a file if another one will mean that it was written again; else -1. Both are in ns since 1970."""
    return time if scanned_at - time > _TRUSTED_AGE else -1


@dataclass(frozen=True)
class CachedDocument:
    """One source as it was read.

    ``size`` is in bytes. ``time`` is the modification time in ns, or -1 if the file was too new for its time to be trusted. ``digest`` is that of the
    bytes, ``parsed`` the document and what its references resolved to.
    """

    size: int
    time: int
    digest: bytes
    parsed: CachedSource


class CacheDamaged(Exception):
    """The file was damaged after this build had begun to read it. It is deleted: the next build reads the sources."""


class ContentCache:
    """The cache in ``file``; without a file it lasts as long as this object."""

    def __init__(self, file: Path | None, version: str, registry: Registry) -> None:
        self._codec = DocumentCodec(registry)
        self._file, self._version = file, version
        self._connections = {os.getpid(): _open(file, version)}
        self.body = lru_cache(maxsize=64)(self._body)

    @property
    def _database(self) -> sqlite3.Connection:
        """The connection of this process. One that a fork inherits must not be used there, nor closed (sqlite.org/howtocorrupt.html, 2.6)."""
        process = os.getpid()
        if process not in self._connections and self._file:
            self._connections[process] = _open(self._file, self._version)
        return self._connections.get(process) or next(iter(self._connections.values()))  # in memory, a fork has all of it

    def rows(self) -> dict[str, CachedDocument]:
        """Return every cached document by path. A damaged file is replaced by an empty one."""
        try:
            return self._rows()
        except sqlite3.Error:
            self._begin_anew()
            return {}

    def _begin_anew(self) -> None:
        self._database.close()
        if self._file:
            self._file.unlink(missing_ok=True)
        self._connections[os.getpid()] = _open(self._file, self._version)

    def _rows(self) -> dict[str, CachedDocument]:
        sources = self._database.execute("SELECT path, size, time, digest, bundle FROM source").fetchall()
        bundle_of = {row[0]: row[4] for row in sources}
        bundles = self._database.execute("SELECT number, documents FROM bundle").fetchall()
        parsed: dict[str, CachedSource] = {}
        for number, blob in bundles:
            with suppress(Unreadable):
                # An old bundle still holds what has been read again since: the source's row says which bundle is right.
                parsed |= {path: source for source in self._codec.decode(blob) if bundle_of.get(path := str(source[0].path)) == number}
        texts = {path for (path,) in self._database.execute(_TEXTS)}
        rows = {
            path: CachedDocument(size, time, digest, parsed[path])
            for path, size, time, digest, _ in sources
            if path in parsed and path in texts
        }
        self._merge_small_bundles(rows, bundle_of, [number for number, _ in bundles])
        return rows

    def keep(self, rows: Iterable[tuple[str, CachedDocument]], bodies: Iterable[tuple[str, str, str]]) -> None:
        """Write documents by path, as one bundle, and bodies (path, HTML, Markdown)."""
        if rows := list(rows):
            self._write_bundle(rows)
        self._database.executemany("REPLACE INTO body VALUES (?, ?, ?)", bodies)
        self.body.cache_clear()
        self._database.commit()

    def trust(self, times: Iterable[tuple[int, str]]) -> None:
        """Note the time of each source whose bytes are those of its row: a whole checkout is as young as its sources once, and is read once more only."""
        self._database.executemany("UPDATE source SET time = ? WHERE path = ?", times)
        self._database.commit()

    def _write_bundle(self, rows: Sequence[tuple[str, CachedDocument]]) -> None:
        blob = self._codec.encode(row.parsed for _, row in rows)
        number = self._database.execute("INSERT INTO bundle (documents) VALUES (?)", (blob,)).lastrowid
        sources = ((path, row.size, row.time, row.digest, number) for path, row in rows)
        self._database.executemany("REPLACE INTO source VALUES (?, ?, ?, ?, ?)", sources)

    def _merge_small_bundles(self, rows: Mapping[str, CachedDocument], bundle_of: Mapping[str, int], numbers: Iterable[int]) -> None:
        sizes = Counter(bundle_of.values())
        small = {number for number in numbers if sizes[number] < _SMALL}
        if len(small) > _MANY:
            self._write_bundle([(path, row) for path, row in rows.items() if bundle_of[path] in small])
            self._database.executemany("DELETE FROM bundle WHERE number = ?", [(number,) for number in small])
            self._database.commit()

    def forget(self, paths: Iterable[str]) -> None:
        """Delete all that is cached for ``paths``."""
        deleted = [(path,) for path in paths]
        for table in ("source", "body", "note"):
            self._database.executemany(f"DELETE FROM {table} WHERE path = ?", deleted)  # noqa: S608 - our own three table names
        self._database.commit()

    def _body(self, path: str) -> tuple[str, str]:
        """Return HTML and Markdown of a source. Raises `CacheDamaged`."""
        try:
            row = self._database.execute("SELECT html, markdown FROM body WHERE path = ?", (path,)).fetchone()
        except sqlite3.Error:
            row = None
        if row is None:
            self._begin_anew()
            raise CacheDamaged(
                f"{self._file} が壊れていたので、消しました。もう一度 build を実行してください / it was damaged and is deleted: build again ({path})"
            )
        return row[0], row[1]

    def notes(self, topic: str, value_type: type[Value]) -> dict[str, tuple[bytes, Value | None]]:
        """Return the notes on one topic, by path: the digest of what the note was computed from, and its value. One of another type is left out."""
        notes: dict[str, tuple[bytes, Value | None]] = {}
        try:
            rows = self._database.execute("SELECT path, digest, value FROM note WHERE topic = ?", (topic,)).fetchall()
        except sqlite3.Error:
            return notes
        decoder = ValueCodec(value_type)
        for path, digest, value in rows:
            with suppress(Unreadable):
                notes[path] = (digest, decoder.decode(value) if value else None)
        return notes

    def note(self, topic: str, notes: Iterable[tuple[str, bytes, Any]]) -> None:
        """Keep what another package computed from sources: path, digest of what it read, value. None is stored empty and takes no time to load."""
        rows = ((topic, path, digest, b"" if value is None else encode_value(value)) for path, digest, value in notes)
        self._database.executemany("REPLACE INTO note VALUES (?, ?, ?, ?)", rows)
        self._database.commit()


def _open(file: Path | None, version: str) -> sqlite3.Connection:
    """Open ``file``. If it is no database it is deleted, and if it has another version it is emptied."""
    try:
        database = _connect(file)
        stored = database.execute("SELECT version FROM cache_version").fetchone()
    except sqlite3.DatabaseError:
        if file is None:
            raise
        file.unlink(missing_ok=True)
        database, stored = _connect(file), None
    if stored != (version,):
        # Another version of the program may have had other tables, so every table goes.
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            database.execute(f'DROP TABLE IF EXISTS "{table}"')
        database.executescript(_TABLES)
        database.execute("INSERT INTO cache_version VALUES (?)", (version,))
        database.commit()
    return database


def _connect(file: Path | None) -> sqlite3.Connection:
    database = sqlite3.connect(file or ":memory:", check_same_thread=False)
    # No fsync, and the journal in memory: a power failure may destroy the file, and then the next build makes a new one.
    database.execute("PRAGMA synchronous = OFF")
    database.execute("PRAGMA journal_mode = MEMORY")
    database.executescript(_TABLES)
    return database
