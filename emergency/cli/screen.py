"""The report on a terminal: a table that follows the ways, and the lines that stay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from emergency.model import Outcome, Report, WayState

err = Console(stderr=True, soft_wrap=True, highlight=False, markup=False, emoji=False)

WORDS = {
    Outcome.WAITING: ("waiting 待っています", ""),
    Outcome.WORKING: ("working 進行中", "cyan"),
    Outcome.DONE: ("DONE 完了", "bold green"),
    Outcome.LATE: ("LATE 遅れています", "bold yellow"),
    Outcome.FAILED: ("FAILED 失敗", "bold red"),
    Outcome.OFF: ("none here なし", "dim"),
}

_NAMES = {
    "site": "light page, portal, feeds, mail 軽いページ・トップ・フィード・メール",
    "all pages": "banner of all other pages すべてのページの帯",
    "signature": "signature 署名",
    "two people": "two people 二人の確認",
}


class Screen:
    """Shows a report: on a terminal as a table that follows it, anywhere else a line for each change."""

    def __init__(self) -> None:
        self._live: Live | None = None
        self._reported: set[tuple[str, Outcome, str]] = set()

    @contextmanager
    def following(self) -> Iterator[None]:
        """Show each change on a terminal in its place, while a person looks on."""
        if not err.is_terminal:
            yield
            return
        with Live(console=err, auto_refresh=False, transient=True) as self._live:
            yield
        self._live = None

    def show(self, report: Report) -> None:
        """Show the report as it is now."""
        if self._live is not None:
            self._live.update(_table(report), refresh=True)
        elif not err.is_terminal:
            self._show_changes(report)

    def _show_changes(self, report: Report) -> None:
        """Write what no line has said yet: a way that is tried again and again for one reason says it once."""
        for way in report.ways.values():
            key = (way.name, way.outcome, way.why)
            if key not in self._reported and (way.why or way.outcome not in (Outcome.WAITING, Outcome.WORKING)):
                err.print(_line(way))
                self._reported.add(key)


def lines(report: Report) -> Iterator[str]:
    """Yield the report, a line for each way: what is done first."""
    yield from map(_line, report.ways.values())
    yield from report.notes


def _line(way: WayState) -> str:
    seconds = f" after {way.seconds:.1f} s" if way.seconds is not None else ""
    tries = f" ({way.tries} tries)" if way.tries > 1 else ""
    why = f": {way.why}" if way.why else ""
    return f"{WORDS[way.outcome][0]}{seconds}  {_name(way)}{tries}{why}"


def _table(report: Report) -> Table:
    table = Table("way 経路", "state 状態", "s", "why 理由", box=None, pad_edge=False)
    for way in report.ways.values():
        words, style = WORDS[way.outcome]
        table.add_row(_name(way), Text(words, style), "" if way.seconds is None else f"{way.seconds:.1f}", way.why[:100])
    return table


def _name(way: WayState) -> str:
    return _NAMES.get(way.name, way.name)
