"""Holds back single rows of a table: each is replaced by the same row of the last version in which that holds, or left out.

A row has no name of its own. The same row is the one that stands in its place when the two versions are laid side by side (`difflib`): rows before and
after it are equal, and of those between, the two are most similar to each other. So a row that is new is left out, and one that was changed comes back.
"""

from __future__ import annotations

import csv
import difflib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from io import StringIO

from plugins.builder.held_back.history import Version
from plugins.open_data.table import UnreadableTable, decode, separator_of

_ALIKE = 0.5
"""The share of equal characters from which a row may be an earlier form of another (`difflib` calls 0.6 a close match; a row of numbers changes more)."""


def is_table(path: str) -> bool:
    """Tell whether the file at ``path`` below ``content/`` is a table of which single rows can be held back."""
    return path.startswith("data/") and path.endswith(".csv")


def lost_names(current: bytes, older: bytes) -> frozenset[str]:
    """Return the names that a version of the table of municipalities has and ``current`` has not."""
    return _names(older) - _names(current)


def _names(data: bytes) -> frozenset[str]:
    try:
        return frozenset(name for row in csv.DictReader(data.decode("utf-8-sig").splitlines()) if (name := (row.get("name") or "").strip()))
    except (UnicodeDecodeError, csv.Error):
        return frozenset()


@dataclass
class _Row:
    """A row of the table as it is in the checkout: the line on which it begins there, its text, and the versions of the table that were not tried."""

    line: int
    text: str
    older: int = 0
    version: Version | None = None
    is_held: bool = False


@dataclass
class TableRows:
    """The rows of the table ``data``. ``versions`` are those of the table, newest first; ``read`` returns the bytes of one."""

    data: bytes
    versions: Sequence[Version]
    read: Callable[[Version], bytes | None]
    _rows: list[_Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rows = [_Row(line, text) for line, text in _records(self.data) or ()]

    def hold_back(self, lines: Collection[int]) -> dict[int, int] | None:
        """Choose an older version of the rows that begin on ``lines`` of `text`. Return the lines in the checkout by those lines.

        None if one of them begins no row that could be held back: the head of the table, or a row that is older already and left out.
        """
        by_line = self._by_line()
        if not all(line in by_line and by_line[line] is not self._rows[0] for line in lines):
            return None
        for line in lines:
            self._choose(by_line[line])
        return {line: by_line[line].line for line in lines}

    @property
    def text(self) -> bytes:
        """The table with the chosen rows, in UTF-8: a row of an older version may hold what the encoding of this one cannot."""
        return "".join(row.text for row in self._rows).encode()

    def version_of(self, line: int) -> Version | None:
        """Return the version of which the row on ``line`` of the checkout is taken; None if it is left out."""
        return next((row.version for row in self._rows if row.line == line), None)

    def _by_line(self) -> dict[int, _Row]:
        by_line, line = dict[int, _Row](), 1
        for row in self._rows:
            if row.text:
                by_line[line] = row
                line += _lines(row.text)
        return by_line

    def _choose(self, row: _Row) -> None:
        """Put the same row of the next older version in the place of ``row``, or nothing."""
        while row.older < len(self.versions):
            version = self.versions[row.older]
            row.older += 1
            if (text := self._same_row(row, version)) and text.rstrip() != row.text.rstrip():
                row.text, row.version = text, version
                return
        row.text, row.version = "", None

    def _same_row(self, row: _Row, version: Version) -> str | None:
        data = self.read(version)
        older = _records(data) if data is not None else None
        current = _records(self.data) or []
        if not older or not current or older[0][1].split() != current[0][1].split():  # other columns: a row would mean something else
            return None
        before, after = [text.rstrip("\r\n") for _, text in older], [text.rstrip("\r\n") for _, text in current]
        index = next(number for number, (line, _) in enumerate(current) if line == row.line)
        for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            if tag == "replace" and j1 <= index < j2:
                older_row = _most_similar(after[index], before[i1:i2])
                # An older row that is more like another row of today is that one's: in its place here, it would be there twice.
                return f"{older_row}\n" if older_row is not None and _most_similar(older_row, after[j1:j2]) == after[index] else None
        return None


def _most_similar(row: str, candidates: Sequence[str]) -> str | None:
    ratio, number = max(
        (difflib.SequenceMatcher(None, row, each, autojunk=False).ratio(), -number) for number, each in enumerate(candidates)
    )
    return candidates[-number] if ratio >= _ALIKE else None


def _records(data: bytes) -> list[tuple[int, str]] | None:
    """Return the line and the text of each record, blank ones included; None if the table cannot be read.

    Lines end as for `plugins.open_data.table`, which counts them by the same reader, and in the encodings that it reads.
    """
    try:
        text, _ = decode(data)
    except UnreadableTable:
        return None
    lines = _split(text)
    reader, records, begin = csv.reader(lines, delimiter=separator_of(text)), list[tuple[int, str]](), 0
    try:
        for _ in reader:
            records.append((begin + 1, "".join(lines[begin : reader.line_num])))
            begin = reader.line_num
    except csv.Error:
        return None
    return records


def _split(text: str) -> list[str]:
    """Return the lines with their ends: line feed, carriage return, or both. `str.splitlines` would end them at other characters too."""
    return list(StringIO(text, newline=""))


def _lines(text: str) -> int:
    return len(_split(text))
