"""Writes the copies of the edition, through a cache by content."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pelican import Pelican, signals
from pelican.generators import Generator

from plugins.context import Key, context_of
from plugins.digest import digest
from plugins.files import write_into
from plugins.frontmatter.library import LIBRARY
from plugins.frontmatter.text_edits import EDITS, TextEdits
from plugins.furigana.copier import PageCopier, copy_name
from plugins.incremental.plan import PLAN
from plugins.incremental.writer import render_pending
from plugins.processes import map_batches
from plugins.readings.analyser import analyser_version, is_enabled
from plugins.readings.known import KnownReadings, known_readings
from plugins.readings.table import READINGS

_KNOWN = Key[KnownReadings]("known readings", __name__)
_log = logging.getLogger(__name__)


class FuriganaGenerator(Generator):  # type: ignore[misc]
    """Reads the table of readings before the first page, and lets templates know whether there is an edition."""

    def generate_context(self) -> None:
        """Set ``furigana`` in the context: False, or a digest. Raises `ContentErrors` for faults of the table, even if there is no edition."""
        build = context_of(self.settings)
        known = known_readings(build[READINGS], build[LIBRARY].registry.places.values())
        build.provide(_KNOWN, known)
        tools = analyser_version() if is_enabled(self.settings) else None
        # A page that links to its copy reads this value, and so it is rendered again, with its copy, when the table or the analyser changed.
        self.context["furigana"] = tools is not None and digest((known, tools))
        if is_enabled(self.settings) and not self.context["furigana"]:
            _log.warning("No furigana edition: SudachiPy is not installed. Install the extra: pip install todoke[furigana]")


def write_edition(pelican: Pelican) -> None:
    """Write a copy of every page that links to one. Pelican calls it when everything else is written (signal ``finalized``)."""
    tools = analyser_version()
    if tools is None or not is_enabled(pelican.settings):
        return
    build = context_of(pelican.settings)
    site, plan = build.site, build.get(PLAN)
    render_pending(plan)
    writer = _EditionWriter(site, PageCopier(build.cache / "furigana", build[_KNOWN], tools))

    def copy_pages(pages: Iterable[str] | None) -> None:
        for _, copies in map_batches(writer.write_copies, writer.without_copy(pages)):
            for page, copy in copies:
                if plan:
                    plan.add_side_file(page, copy)
                    plan.on_page()
                signals.content_written.send(str(site / copy), context={})

    def update(edits: TextEdits) -> None:
        if edits.pages:
            copy_pages(edits.pages)

    copy_pages(plan.rendered if plan else None)
    if followers := build.get(EDITS):
        followers.on_edit(update)


@dataclass(frozen=True)
class _EditionWriter:
    """Writes into the folder ``site``; names of pages are relative to it."""

    site: Path
    copier: PageCopier

    def without_copy(self, pages: Iterable[str] | None) -> list[str]:
        """Return the pages without a copy, among ``pages`` or all. A page that is taken over from the last site has its copy already."""
        names = sorted(pages or (path.relative_to(self.site).as_posix() for path in self.site.rglob("index.html")))
        return [name for name in names if name.endswith("index.html") and not (self.site / copy_name(name)).exists()]

    def write_copies(self, names: Sequence[str]) -> list[tuple[str, str]]:
        """Write the copy of each page that links to one; return the names of page and copy."""
        return [(name, copy_name(name)) for name in names if self._write_copy(name)]

    def _write_copy(self, name: str) -> bool:
        """Write a page's copy, if the page links to one, and return whether it does."""
        copy = self.copier.copy_of_page((self.site / name).read_text(encoding="utf-8"))
        if copy is None:
            return False
        write_into(self.site, copy_name(name), copy.encode("utf-8"))
        return True
