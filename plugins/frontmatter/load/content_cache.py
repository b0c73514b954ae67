"""What was read before, so that it need not be read again: a SQLite file beside the output. Losing it costs one full reading.

One row for each source: size and time as the fast path, the digest of its bytes for a fresh checkout that touched every time, and where it lies what
the reading gave: in bundles of some hundreds, as they were read together, which takes a third of the time to load that each by itself would. A source
that is read again lies in a new bundle; small ones are bound together now and then. Bodies lie in a table of their own and are loaded only when a page
that needs one is made. Everything in it holds for one ``version``: of the code, the libraries, the settings and the words of ``publications.toml``.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from plugins.frontmatter.load.pickling import DocumentPickler
from plugins.frontmatter.model.registry import Registry

_TABLES = """
CREATE TABLE IF NOT EXISTS told (version TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS source (path TEXT PRIMARY KEY, size INTEGER, time INTEGER, digest BLOB, bundle INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bundle (number INTEGER PRIMARY KEY, heads BLOB);
CREATE TABLE IF NOT EXISTS body (path TEXT PRIMARY KEY, html TEXT, markdown TEXT);
CREATE TABLE IF NOT EXISTS found (room TEXT, path TEXT, digest BLOB, value BLOB, PRIMARY KEY (room, path)) WITHOUT ROWID;
"""


_NAMES = ("told", "source", "bundle", "body", "found")
_SMALL = 100
"""Sources. A bundle that holds fewer is worth binding with others."""

_MANY = 50
"""Small bundles from which on they are bound together."""


@dataclass(frozen=True)
class CachedDocument:
    """One source as it was read: bytes, time in ns (-1: too young to be trusted), digest of the bytes, and what the reading gave."""

    size: int
    time: int
    digest: bytes
    head: Any


class ContentCache:
    """The store in ``file``; without one it lasts as long as this object."""

    def __init__(self, file: Path | None, version: str, registry: Registry) -> None:
        self._pickling = DocumentPickler(registry)
        self._database = _open(file, version)
        self.body = lru_cache(maxsize=64)(self._body)

    def rows(self) -> dict[str, CachedDocument]:
        """Return every row by path."""
        known = self._database.execute("SELECT path, size, time, digest, bundle FROM source").fetchall()
        lies = {row[0]: row[4] for row in known}
        bundles = self._database.execute("SELECT number, heads FROM bundle").fetchall()
        heads: dict[str, Any] = {}
        for (number, _), bundle in zip(bundles, self._pickling.loads(blob for _, blob in bundles), strict=True):
            heads |= {path: head for path, head in bundle if lies.get(path) == number}
        found = {path: CachedDocument(size, time, digest, heads[path]) for path, size, time, digest, _ in known}
        self._bind(found, lies, [number for number, _ in bundles])
        return found

    def keep(self, rows: Iterable[tuple[str, CachedDocument]], bodies: Iterable[tuple[str, str, str]]) -> None:
        """Write rows, as one bundle, and bodies (path, HTML, Markdown)."""
        if rows := list(rows):
            self._keep(rows)
        self._database.executemany("REPLACE INTO body VALUES (?, ?, ?)", bodies)
        self.body.cache_clear()
        self._database.commit()

    def _keep(self, rows: Sequence[tuple[str, CachedDocument]]) -> None:
        blob = self._pickling.dumps([(path, row.head) for path, row in rows])
        number = self._database.execute("INSERT INTO bundle (heads) VALUES (?)", (blob,)).lastrowid
        values = ((path, row.size, row.time, row.digest, number) for path, row in rows)
        self._database.executemany("REPLACE INTO source VALUES (?, ?, ?, ?, ?)", values)

    def _bind(self, found: Mapping[str, CachedDocument], lies: Mapping[str, int], numbers: Iterable[int]) -> None:
        """Make one bundle of the small ones when they are many."""
        held = Counter(lies.values())
        small = {number for number in numbers if held[number] < _SMALL}
        if len(small) > _MANY:
            self._keep([(path, row) for path, row in found.items() if lies[path] in small])
            self._database.executemany("DELETE FROM bundle WHERE number = ?", [(number,) for number in small])
            self._database.commit()

    def forget(self, paths: Iterable[str]) -> None:
        """Drop what is known of ``paths``."""
        gone = [(path,) for path in paths]
        for table in ("source", "body", "found"):
            self._database.executemany(f"DELETE FROM {table} WHERE path = ?", gone)  # noqa: S608 - our own three words
        self._database.commit()

    def _body(self, path: str) -> tuple[str, str]:
        """Return HTML and Markdown of a source. Raises `LookupError`."""
        row = self._database.execute("SELECT html, markdown FROM body WHERE path = ?", (path,)).fetchone()
        if row is None:
            raise LookupError(path)
        return row[0], row[1]

    def notes(self, room: str) -> dict[str, tuple[bytes, Any]]:
        """Return what another room noted of sources, by path: digest of what it saw, and what it found."""
        rows = self._database.execute("SELECT path, digest, value FROM found WHERE room = ?", (room,)).fetchall()
        values = self._pickling.loads(row[2] for row in rows if row[2])
        return {path: (digest, next(values) if value else None) for path, digest, value in rows}

    def note(self, room: str, found: Iterable[tuple[str, bytes, Any]]) -> None:
        """Keep what another room found: path, digest of what it saw, value; None for nothing takes no time to load."""
        values = ((room, path, digest, b"" if value is None else self._pickling.dumps(value)) for path, digest, value in found)
        self._database.executemany("REPLACE INTO found VALUES (?, ?, ?, ?)", values)
        self._database.commit()


def _open(file: Path | None, version: str) -> sqlite3.Connection:
    """Open ``file``, emptied if it is of another version or no database; without one, keep everything in memory."""
    try:
        database = _connect(file)
        known = database.execute("SELECT version FROM told").fetchone()
    except sqlite3.DatabaseError:
        if file is None:
            raise
        file.unlink(missing_ok=True)
        database, known = _connect(file), None
    if known != (version,):
        for table in _NAMES:
            database.execute(f"DROP TABLE IF EXISTS {table}")  # the shape may be another too
        database.executescript(_TABLES)
        database.execute("INSERT INTO told VALUES (?)", (version,))
        database.commit()
    return database


def _connect(file: Path | None) -> sqlite3.Connection:
    database = sqlite3.connect(file or ":memory:", check_same_thread=False)
    database.execute("PRAGMA synchronous = OFF")  # a file that is lost with the power is made anew
    database.execute("PRAGMA journal_mode = MEMORY")
    database.executescript(_TABLES)
    return database
