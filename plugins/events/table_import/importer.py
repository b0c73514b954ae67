"""The import as one step: bytes of a table → what would be written, and a report. Nothing is written here."""

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
    """``planned`` files, and everything to tell, in the order of the lines. ``rows`` counts the rows that hold something."""

    planned: tuple[Planned, ...]
    told: tuple[ImportNote, ...]
    rows: int

    @property
    def refusals(self) -> list[ImportNote]:
        """Why rows were left out."""
        return [told for told in self.told if told.refusal]


def import_table(raw: bytes, content: Path, publication: str, registry: Registry, now: dt.datetime) -> TableImport:
    """Read a table and decide about every row. Raises `plugins.events.table_import.table.UnreadableTable`."""
    table = read_table(raw)
    told = list(table.told)
    entries: dict[str, Entry] = {}
    planned: list[Planned] = []
    for row in table.rows:
        entry, notes = read_entry(row, registry.places, now.date())
        told += notes
        if entry is None:
            continue
        first = entries.setdefault(entry.name, entry)
        if first is not entry:
            told.append(ImportNote(entry.line, "NO", f"{first.line}行目と同じ番号です", f"same number as line {first.line}", refusal=True))
            continue
        one = plan(content, publication, entry, f"{now:%Y-%m-%d %H:%M}")
        faults = _faults(one, registry)
        told += [ImportNote(entry.line, "", fault.ja, fault.en, refusal=True) for fault in faults]
        planned += [] if faults else [one]
    refused_early = sum(1 for note in table.told if note.refusal)
    return TableImport(tuple(planned), tuple(sorted(set(told))), len(table.rows) + refused_early)


def _faults(planned: Planned, registry: Registry) -> list[Diagnostic]:
    """What the build would say against the file: an import must never stop a build."""
    source = split_front_matter(planned.path, planned.text)
    if isinstance(source, Diagnostic):
        return [source]
    try:
        Event.model_validate(source.data, context=registry)
    except ValidationError as error:
        return [explain(source, Event, detail) for detail in error.errors()]
    return []
