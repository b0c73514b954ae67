"""The whole import: the bytes of a table become planned files and diagnostics. It writes nothing, so that ``--dry-run`` is the same code."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from plugins.diagnostics import Diagnostic, unexpected
from plugins.events.table_import.files import Planned, plan
from plugins.events.table_import.row import Entry, read_entry
from plugins.events.table_import.table import EVENTS
from plugins.frontmatter.model.content_types import Event
from plugins.frontmatter.model.fields import Reading
from plugins.frontmatter.model.registry import Registry
from plugins.frontmatter.parse.explain import explain
from plugins.frontmatter.parse.source import split_front_matter
from plugins.open_data.table import Row, read_table


@dataclass(frozen=True)
class TableImport:
    """The planned files, and the diagnostics sorted by line. ``rows`` counts the rows that are not empty, refused ones included."""

    planned: tuple[Planned, ...]
    diagnostics: tuple[Diagnostic, ...]
    rows: int

    @property
    def refusals(self) -> list[Diagnostic]:
        """The diagnostics that say why a row was left out."""
        return [diagnostic for diagnostic in self.diagnostics if diagnostic.severity == "error"]


def import_table(data: bytes, path: PurePosixPath, content: Path, publication: str, registry: Registry, now: dt.datetime) -> TableImport:
    """Read the bytes of the table ``path`` and plan the file of every row. Raises `plugins.open_data.table.UnreadableTable`.

    ``now`` is the publication time of new files, and its day the one near which a date without a year lies.
    """
    table = read_table(data, path, EVENTS)
    diagnostics = list(table.diagnostics)
    entries: dict[str, Entry] = {}
    planned: list[Planned] = []
    for row in table.rows:
        entry, of_row = _read_row(row, registry, now.date())
        diagnostics += of_row
        if entry is None:
            continue
        first = entries.setdefault(entry.name, entry)
        if first is not entry:
            ja, en = f"{first.line}行目と同じ番号です", f"same number as line {first.line}"
            diagnostics.append(Diagnostic(path, entry.line, ja, en, "E103", subject="NO"))
            continue
        file = plan(content, publication, entry, f"{now:%Y-%m-%d %H:%M}")
        errors = _diagnose(file, Reading.at(registry, now))
        diagnostics += [replace(error, path=path, line=entry.line) for error in errors]
        planned += [] if errors else [file]
    refused_early = sum(diagnostic.severity == "error" for diagnostic in table.diagnostics)
    return TableImport(tuple(planned), tuple(sorted(set(diagnostics))), len(table.rows) + refused_early)


def _read_row(row: Row, registry: Registry, near: dt.date) -> tuple[Entry | None, list[Diagnostic]]:
    try:
        return read_entry(row, registry.places, near)
    except Exception as error:  # whatever it is: one row must not stop the others
        return None, [replace(unexpected(row.path, error), line=row.line)]


def _diagnose(planned: Planned, reading: Reading) -> list[Diagnostic]:
    """The diagnostics that a build would give for the file. An import must never stop a build."""
    source = split_front_matter(planned.path, planned.text)
    if isinstance(source, Diagnostic):
        return [source]
    try:
        Event.model_validate(source.data, context=reading)
    except ValidationError as error:
        return [explain(source, Event, detail) for detail in error.errors()]
    return []
