"""What is listed, for a terminal of any width: a table where it fits, otherwise one block for each row, so that nothing that names a row is cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

LONGEST_WORD = 24
"""Cells. A longer word of a reply (a web address) may be cut in two; shorter ones may not."""
BORDER, CELL_BORDERS = 1, 3
"""Cells that a Rich table draws at its end, and for each column (border and two spaces)."""


@dataclass(frozen=True, slots=True)
class Column:
    """``title`` in two languages, English first, with a line break between. A cell may be wrapped between words if ``can_wrap``."""

    title: str
    is_number: bool = False
    can_wrap: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """The cells, one for each column, and a Rich style."""

    cells: tuple[str, ...]
    style: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows of which the first column says what each is about. It draws itself, as Rich asks it to."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    title: str = ""
    caption: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield a table, or the blocks."""
        if self.title:
            yield Text(self.title, style="italic")
        if self.least_width <= options.max_width:
            yield self._table()
        else:
            yield from self._blocks()
        if self.caption:
            yield Text(self.caption, style="italic")

    @property
    def least_width(self) -> int:
        """Cells of the terminal that a table needs so that no word of it is cut."""
        return BORDER + sum(CELL_BORDERS + self._least(number) for number in range(len(self.columns)))

    def _least(self, number: int) -> int:
        column = self.columns[number]
        title = max(map(cell_len, column.title.split("\n")))
        texts = [row.cells[number] for row in self.rows]
        if not column.can_wrap:
            return max(title, *map(cell_len, texts), 0)
        return max(title, min(LONGEST_WORD, max((cell_len(word) for text in texts for word in text.split()), default=0)))

    def _table(self) -> Table:
        table = Table()
        for column in self.columns:
            table.add_column(column.title, justify="right" if column.is_number else "left", no_wrap=not column.can_wrap, overflow="fold")
        for row in self.rows:
            table.add_row(*map(Text, row.cells), style=row.style or None)
        return table

    def _blocks(self) -> Iterator[Text | Padding]:
        """Yield the cells of each row one below the other, each behind its title. Empty cells and zeros are left out: they would hide the rest."""
        for row in self.rows:
            yield Text(row.cells[0], style=f"bold {row.style}")
            grid = Table.grid(padding=(0, 2))
            grid.add_column(no_wrap=True)
            grid.add_column(overflow="fold")
            for column, cell in zip(self.columns[1:], row.cells[1:], strict=True):
                if cell not in ("", "0"):
                    grid.add_row(column.title.replace("\n", " "), Text(cell))
            yield Padding(grid, (0, 0, 0, 2), expand=False)
