"""The sources as the last good build read them: what serves as history where the checkout is in no repository.

One SQLite file beside the output. Nothing in it is believed but its bytes, which are checked like any source. If it is lost, a file at fault stays out.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, suppress
from pathlib import Path

from plugins.builder.held_back.history import Version
from plugins.frontmatter.library import Library
from plugins.inputs import InputFolder, UnreadableInput

FILE = "last-good.sqlite"
"""In ``output/``."""

_TABLE = "CREATE TABLE IF NOT EXISTS source (path TEXT PRIMARY KEY, mark BLOB NOT NULL, data BLOB NOT NULL)"


class LastGoodBuild:
    """A `plugins.builder.held_back.history.History` with one version of each file at most."""

    is_cut = False

    def __init__(self, output: Path) -> None:
        self._file = output / FILE

    def identity(self) -> str:
        """Return nothing: only a good build changes what is kept, and it is told apart by its record."""
        return ""

    def versions(self, paths: Collection[str]) -> dict[str, list[Version]]:
        return {path: [Version(path, "", "", path)] for path in paths}

    def before_rename(self, _oldest: Version) -> tuple[Version, ...]:
        return ()

    def read(self, version: Version) -> bytes | None:
        with suppress(sqlite3.Error), closing(self._open()) as database:
            row = database.execute("SELECT data FROM source WHERE path = ?", (version.key,)).fetchone()
            return row[0] if row and isinstance(row[0], bytes) else None
        return None

    def keep(self, content: Path, library: Library) -> None:
        """Keep every source of ``library``, which was read below ``content``, and forget all others. Raises `sqlite3.Error` if the disk is full."""
        try:
            self._keep(content, library)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            self._file.unlink(missing_ok=True)  # no database, or a damaged one
            self._keep(content, library)

    def _keep(self, content: Path, library: Library) -> None:
        files = InputFolder(content)
        with closing(self._open()) as database, database:
            kept = dict(database.execute("SELECT path, mark FROM source"))
            marks = dict(_marks(files, library))
            database.executemany("DELETE FROM source WHERE path = ?", [(path,) for path in kept.keys() - marks.keys()])
            for path, mark in marks.items():
                if kept.get(path) != mark:
                    with suppress(UnreadableInput):  # gone since it was read
                        database.execute("REPLACE INTO source VALUES (?, ?, ?)", (path, mark, files.read(path)))

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._file)
        database.execute("PRAGMA synchronous = OFF")  # a power failure may cost what is kept, as it does the content cache
        database.execute(_TABLE)
        return database


def _marks(files: InputFolder, library: Library) -> Iterator[tuple[str, bytes]]:
    """Yield each file with what tells whether it was changed: the digest of a document, which the build knows, and size and time of all else."""
    yield from ((str(path), digest) for path, digest in library.digests.items())
    for path in library.files:
        if stat := files.stat(path):
            yield path, f"{stat.size} {stat.time}".encode()
