"""Reads one row, cell by cell: what was repaired and what was refused becomes diagnostics with the place in the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from plugins.diagnostics import Diagnostic
from plugins.open_data import cells
from plugins.open_data.notes import CellRefused, Note
from plugins.open_data.table import Row

_Value = TypeVar("_Value")


@dataclass
class RowReader:
    """``rules`` are the codes under which the package reports refusals and repairs; None: under those that the notes have already."""

    row: Row
    rules: tuple[str, str] | None = None
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def note(self, column: str, note: Note, *, refusal: bool = False) -> None:
        """Keep a note on a cell. A ``refusal`` makes it an error: the row is not taken."""
        refused, repaired = self.rules or (note.rule, note.rule)
        placed = Note(note.ja, note.en, refused if refusal else repaired)
        self.diagnostics.append(placed.at(self.row.path, self.row.line, column, "error" if refusal else "note"))

    def read(self, column: str, repair: Callable[[], tuple[_Value, list[Note]]]) -> _Value | None:
        """Return the value of ``repair``, and keep its notes under ``column``; None if it refuses the cell."""
        try:
            value, notes = repair()
        except CellRefused as refused:
            self.note(column, refused.note, refusal=True)
            return None
        for note in notes:
            self.note(column, note)
        return value

    def line(self, column: str) -> str:
        """Return a cell as one repaired line; empty if the table has no such cell or nothing in it."""
        cell = self.row.cells.get(column, "")
        return (self.read(column, lambda: cells.line(cell)) or "") if cell else ""

    @property
    def is_refused(self) -> bool:
        """Whether anything in the row was refused."""
        return any(diagnostic.severity == "error" for diagnostic in self.diagnostics)
