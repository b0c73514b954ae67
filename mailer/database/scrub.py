"""What was deleted is taken out of SQLite's files too: out of the log, and out of pages that have an old copy beside their rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.engine.interfaces import DBAPICursor

from mailer.database.engine import Database, sqlite_file
from mailer.model.errors import DatabaseUnavailable

BLOCK = 1 << 20
CHECKPOINT = "PRAGMA wal_checkpoint(TRUNCATE)"


def scrub(database: Database, *texts: str, is_thorough: bool = False) -> bool:
    """See that what was deleted is not in SQLite's files any more. False: others were using the database, and it may still be there.

    Deleted rows are overwritten (`PRAGMA secure_delete`), but the log has older versions of their pages, and a page that was split may have an
    old copy beside its rows: then the file is written anew. PostgreSQL does both in its own time (`VACUUM`).

    :param texts: what was deleted, for example an address.
    :param is_thorough: write the file anew in any case.
    """
    file = sqlite_file(database.address)
    if file is None:
        return True
    try:
        with database.without_transaction() as cursor:
            is_busy = _checkpoint(cursor)
            if is_thorough or (not is_busy and _holds(file, texts)):
                cursor.execute("VACUUM")
                is_busy = _checkpoint(cursor)
    except DatabaseUnavailable:  # locked for longer than the driver waits: what was deleted is deleted, and this can be done later
        return False
    return not is_busy


def _checkpoint(cursor: DBAPICursor) -> bool:
    cursor.execute(CHECKPOINT)
    (row,) = cursor.fetchall()  # to the end: SQLite writes no file anew while a statement is open
    return bool(row[0])


def _holds(file: Path, texts: Sequence[str]) -> bool:
    """Whether a file has one of the texts somewhere, in any case."""
    searched, before = [text.lower().encode() for text in texts], b""
    overlap = max(map(len, searched), default=0)
    with file.open("rb") as content:
        while block := content.read(BLOCK):
            both = (before + block).lower()
            if any(each in both for each in searched):
                return True
            before = block[-overlap:]
    return False
