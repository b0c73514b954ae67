"""The spool → the database, in batches that are each committed: a run that is stopped is begun again and goes on where it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from mailer.database.engine import Database
from mailer.database.readers.bulk_import import ImportRow, import_rows
from mailer.subscribers.imports.content import MOST_SHOWN, FileContent
from mailer.subscribers.imports.spool import Spool

LONGEST_NAME = 40
"""Characters of the file's name in a proof, which has 200: see `spool.LONGEST_WORD` for the others."""
LONGEST_SOURCE = 64
"""Characters of the column that says where a subscription comes from."""


@dataclass
class Loaded:
    """What was done, or would be done. Of `kept_out` and `suppressed`, pairs of address and list, only the first are kept; the numbers count all."""

    people: int = 0
    subscriptions: int = 0
    already: int = 0
    left_alone: int = 0
    held_back: int = 0
    rows: int = 0
    kept_out: list[tuple[str, str]] = field(default_factory=list)
    suppressed: list[tuple[str, str]] = field(default_factory=list)


def load(
    spool: Spool, content: FileContent, database: Database, *, now: Callable[[], datetime], keep: bool, loaded: Loaded | None = None
) -> Iterator[Loaded]:
    """Import what is in the spool, and yield the sum after each batch.

    :param keep: False: only count what would be done.
    :param loaded: is filled in, so that the caller has it if the run is stopped.
    """
    total = loaded or Loaded()
    origin = f"{content.name[:LONGEST_NAME]} {content.digest[:16]}"
    source = f"import {content.name}"[:LONGEST_SOURCE]
    for portion in spool.portions():
        rows = [
            ImportRow(address, key, name, tuple(lists.split()), form, f"{origin} {proof}")
            for key, address, name, lists, form, proof in portion
        ]
        result = import_rows(database, rows, source=source, now=now(), keep=keep)
        total.people += result.people
        total.subscriptions += result.subscriptions
        total.already += result.already
        total.left_alone += len(result.kept_out)
        total.held_back += len(result.suppressed)
        total.rows += len(rows)
        total.kept_out += result.kept_out[: MOST_SHOWN - len(total.kept_out)]
        total.suppressed += result.suppressed[: MOST_SHOWN - len(total.suppressed)]
        yield total
