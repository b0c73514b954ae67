"""Copies with readings (furigana) of the pages that the fast path writes. The analyser is loaded when the first copy is asked for: it takes half a second."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from plugins.emergency.fast_path.snapshot import Snapshot
from plugins.readings.table import ReadingTable

if TYPE_CHECKING:
    from plugins.furigana.copier import PageCopier


class ReadingCopies:
    """The copies of one site. Without SudachiPy, or if the site has no edition with readings, there are none."""

    def __init__(self, snapshot: Snapshot, cache: Path) -> None:
        self._snapshot, self._cache = snapshot, cache

    @cached_property
    def _copier(self) -> PageCopier | None:
        from plugins.furigana.copier import PageCopier
        from plugins.readings.analyser import analyser_version
        from plugins.readings.known import known_readings

        tools = analyser_version() if self._snapshot.has_copies else None
        table = ReadingTable(dict(self._snapshot.texts.readings))
        known = known_readings(table, self._snapshot.registry.places.values())
        return PageCopier(self._cache / "furigana", known, tools) if tools else None

    def of_page(self, html: str) -> str | None:
        """Return the copy of a whole page; None if it has none."""
        return self._copier.copy_of_page(html) if self._copier else None

    def of_slot(self, text: bytes) -> bytes:
        """Return the copy of what stands between two marks, marks included."""
        return self._copier.copy_of_part(text.decode()).encode() if self._copier else text

    def name(self, page: str) -> str:
        """Return the file of the copy of ``page``, both relative to the site."""
        return f"furigana/{page}"
