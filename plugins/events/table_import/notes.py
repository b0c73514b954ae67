"""What the import did to a cell, or why it left a row out. Told to the editor with line and column."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Note:
    """``ja`` and ``en`` say the same: what was found and what was made of it."""

    ja: str
    en: str


class CellRefused(Exception):
    """A value that cannot be repaired without guessing."""

    def __init__(self, ja: str, en: str) -> None:
        super().__init__(f"{ja} / {en}")
        self.note = Note(ja, en)


@dataclass(frozen=True, order=True)
class ImportNote:
    """A note at its place: ``line`` counts from 1 in the CSV file, ``column`` is the column's name (empty: the whole row)."""

    line: int
    column: str
    ja: str
    en: str
    refusal: bool = False

    def __str__(self) -> str:
        where = f"{self.line}行目" + (f"「{self.column}」" if self.column else "")
        return f"{where}：{self.ja} / {self.en}"
