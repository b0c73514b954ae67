"""What was read from a file and waits to be imported: in a private database of its own that has no name on the disk and goes with the process."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

from mailer.model.readers import addresses
from mailer.subscribers.imports.rows import ImportedRow
from mailer.subscribers.imports.statuses import Membership

PORTION = 20_000
"""Rows that are read from the spool at once."""
LONGEST_WORD = 40
"""Characters of a date or status in the proof of a consent."""
TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -32768;
CREATE TABLE row (
  line INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, address TEXT NOT NULL, name TEXT NOT NULL, lists TEXT NOT NULL, form TEXT NOT NULL,
  proof TEXT NOT NULL, ended INTEGER NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A line whose address stood in an earlier one. `is_ended`: one of the two says that the reader left: then neither is imported."""

    line: int
    first: int
    is_ended: bool


class Spool:
    """Rows by their line; each address once."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def add(self, rows: Sequence[ImportedRow]) -> list[Duplicate]:
        """Add rows in the order of the file, and return those whose address was there already."""
        values = [_stored(row) for row in rows]
        cursor = self._database.executemany("INSERT OR IGNORE INTO row VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
        if cursor.rowcount == len(rows):
            return []
        first, last = rows[0].line, rows[-1].line
        added = {line for (line,) in self._database.execute("SELECT line FROM row WHERE line BETWEEN ? AND ?", (first, last))}
        return [self._duplicate(row) for row in rows if row.line not in added]

    def count(self) -> int:
        """How many rows are to be imported?"""
        return int(self._database.execute("SELECT count(*) FROM row WHERE NOT ended").fetchone()[0])

    def portions(self) -> Iterator[list[tuple[str, str, str, str, str, str]]]:
        """Yield the rows that are to be imported, in the order of their lines: key, address, name, lists, form, proof."""
        query = "SELECT key, address, name, lists, form, proof FROM row WHERE NOT ended ORDER BY line"
        cursor = self._database.execute(query)
        while portion := cursor.fetchmany(PORTION):
            yield portion

    def _duplicate(self, row: ImportedRow) -> Duplicate:
        """A person who stands there twice, once as having left, has left: consent is never raised."""
        key = addresses.address_key(row.address)
        first, ended = self._database.execute("SELECT line, ended FROM row WHERE key = ?", (key,)).fetchone()
        is_ended = bool(ended) or row.membership is not Membership.SUBSCRIBED
        if is_ended and not ended:
            self._database.execute("UPDATE row SET ended = 1 WHERE key = ?", (key,))
        return Duplicate(row.line, first, is_ended)


@contextmanager
def open_spool() -> Iterator[Spool]:
    """A new spool. SQLite removes the file of a database without a name when it opens it (sqlite.org/inmemorydb.html)."""
    with closing(sqlite3.connect("", isolation_level=None)) as database:
        database.executescript(TABLES)
        database.execute("BEGIN")
        yield Spool(database)


def _stored(row: ImportedRow) -> tuple[int, str, str, str, str, str, str, bool]:
    line, address, name, lists, form, membership, status, date = row
    proof = f"line {line}"
    if date:
        proof = f"{proof}; date {date[:LONGEST_WORD]}"
    if status:
        proof = f"{proof}; status {status[:LONGEST_WORD]}"
    return (line, addresses.address_key(address), address, name, " ".join(lists), form, proof, membership is not Membership.SUBSCRIBED)
