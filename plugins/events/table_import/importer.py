"""The whole import: the bytes of a table become planned files and notes. It writes nothing, so that ``--dry-run`` is the same code."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from plugins.diagnostics import Diagnostic
from plugins.events.table_import.files import Planned, plan
from plugins.events.table_import.notes import ImportNote
from plugins.events.table_import.row import Entry, read_entry
from plugins.events.table_import.table import read_table
from plugins.frontmatter.model.content_types import Event
from plugins.frontmatter.model.registry import Registry
from plugins.frontmatter.parse.explain import explain
from plugins.frontmatter.parse.source import split_front_matter


@dataclass(frozen=True)
class TableImport:
    """The planned files, and the notes sorted by line. ``rows`` counts the rows that are not empty, refused ones included."""

    planned: tuple[Planned, ...]
    notes: tuple[ImportNote, ...]
    rows: int

    @property
    def refusals(self) -> list[ImportNote]:
        """The notes that say why a row was left out."""
        return [note for note in self.notes if note.refusal]


def import_table(raw: bytes, content: Path, publication: str, registry: Registry, now: dt.datetime) -> TableImport:
    """Read a table and plan the file of every row. Raises `plugins.events.table_import.table.UnreadableTable`.

    ``now`` is the publication time of new files, and its day the one near which a date without a year lies.
    """
    table = read_table(raw)
    notes = list(table.notes)
    entries: dict[str, Entry] = {}
    planned: list[Planned] = []
    for row in table.rows:
        entry, row_notes = read_entry(row, registry.places, now.date())
        notes += row_notes
        if entry is None:
            continue
        first = entries.setdefault(entry.name, entry)
        if first is not entry:
            notes.append(ImportNote(entry.line, "NO", f"{first.line}行目と同じ番号です", f"same number as line {first.line}", refusal=True))
            continue
        file = plan(content, publication, entry, f"{now:%Y-%m-%d %H:%M}")
        diagnostics = _diagnose(file, registry)
        notes += [ImportNote(entry.line, "", diagnostic.ja, diagnostic.en, refusal=True) for diagnostic in diagnostics]
        planned += [] if diagnostics else [file]
    refused_early = sum(note.refusal for note in table.notes)
    return TableImport(tuple(planned), tuple(sorted(set(notes))), len(table.rows) + refused_early)


def _diagnose(planned: Planned, registry: Registry) -> list[Diagnostic]:
    """The diagnostics that a build would give for the file. An import must never stop a build."""
    source = split_front_matter(planned.path, planned.text)
    if isinstance(source, Diagnostic):
        return [source]
    try:
        Event.model_validate(source.data, context=registry)
    except ValidationError as error:
        return [explain(source, Event, detail) for detail in error.errors()]
    return []
