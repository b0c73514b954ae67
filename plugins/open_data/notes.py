"""What the import did to a cell, or why it refused the row. `Note` becomes a `Diagnostic` where line and column are known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from plugins.diagnostics import Diagnostic, Severity


@dataclass(frozen=True)
class Note:
    """``ja`` and ``en`` say the same: what the cell held and what was made of it. ``rule`` is a code of the package that reads the table."""

    ja: str
    en: str
    rule: str

    def at(self, path: PurePosixPath, line: int, column: str, severity: Severity) -> Diagnostic:
        """Return the note with its place in the table: an error refuses the row, a note does not."""
        return Diagnostic(path, line, self.ja, self.en, self.rule, severity, subject=column)


class CellRefused(Exception):
    """A value that cannot be repaired without guessing."""

    def __init__(self, ja: str, en: str, rule: str) -> None:
        super().__init__(f"{ja} / {en}")
        self.note = Note(ja, en, rule)
