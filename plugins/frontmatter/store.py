"""What was read before, so that it need not be read again: a SQLite file beside the output. Losing it costs one full reading.

One row for each source: size and time as the fast path, the digest of its bytes for a fresh checkout that touched every time, and what the reading
gave. Bodies lie in a table of their own and are loaded only when a page that needs one is made. Everything in it holds for one ``version``: of the
code, the libraries, the settings and the words of ``publications.toml``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from .pickling import Pickling
from .registry import Registry

_TABLES = """
CREATE TABLE IF NOT EXISTS told (version TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS source (path TEXT PRIMARY KEY, size INTEGER, time INTEGER, digest BLOB, head BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS body (path TEXT PRIMARY KEY, html TEXT, markdown TEXT);
CREATE TABLE IF NOT EXISTS found (room TEXT, path TEXT, digest BLOB, value BLOB, PRIMARY KEY (room, path)) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Row:
    """One source as it was read: bytes, time in ns (-1: too young to be trusted), digest of the bytes, and what the reading gave."""

    size: int
    time: int
    digest: bytes
    head: Any


class Store:
    """The store in ``file``; without one it lasts as long as this object."""

    def __init__(self, file: Path | None, version: str, registry: Registry) -> None:
        self._pickling = Pickling(registry)
        self._database = _open(file, version)
        self.body = lru_cache(maxsize=64)(self._body)

    def rows(self) -> dict[str, Row]:
        """Return every row by path."""
        found = self._database.execute("SELECT path, size, time, digest, head FROM source").fetchall()
        heads = self._pickling.loads(row[4] for row in found)
        return {path: Row(size, time, digest, head) for (path, size, time, digest, _), head in zip(found, heads, strict=True)}

    def keep(self, rows: Iterable[tuple[str, Row]], bodies: Iterable[tuple[str, str, str]]) -> None:
        """Write rows, and bodies (path, HTML, Markdown)."""
        values = ((path, row.size, row.time, row.digest, self._pickling.dumps(row.head)) for path, row in rows)
        self._database.executemany("REPLACE INTO source VALUES (?, ?, ?, ?, ?)", values)
        self._database.executemany("REPLACE INTO body VALUES (?, ?, ?)", bodies)
        self.body.cache_clear()
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

    def found(self, room: str) -> dict[str, tuple[bytes, Any]]:
        """Return what another room noted of sources, by path: digest of what it saw, and what it found."""
        rows = self._database.execute("SELECT path, digest, value FROM found WHERE room = ?", (room,)).fetchall()
        values = self._pickling.loads(row[2] for row in rows)
        return {path: (digest, value) for (path, digest, _), value in zip(rows, values, strict=True)}

    def note(self, room: str, found: Iterable[tuple[str, bytes, Any]]) -> None:
        """Keep what another room found: path, digest of what it saw, value."""
        values = ((room, path, digest, self._pickling.dumps(value)) for path, digest, value in found)
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
        for table in ("told", "source", "body", "found"):
            database.execute(f"DELETE FROM {table}")  # noqa: S608 - our own four words
        database.execute("INSERT INTO told VALUES (?)", (version,))
        database.commit()
    return database


def _connect(file: Path | None) -> sqlite3.Connection:
    database = sqlite3.connect(file or ":memory:", check_same_thread=False)
    database.execute("PRAGMA synchronous = OFF")  # a file that is lost with the power is made anew
    database.execute("PRAGMA journal_mode = MEMORY")
    database.executescript(_TABLES)
    return database
