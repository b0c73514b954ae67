"""Writes the copies of the edition, through a cache by content."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pelican import Pelican, signals
from pelican.generators import Generator

from plugins.context import Key, context_of
from plugins.digest import digest
from plugins.files import write_atomically, write_into
from plugins.frontmatter.library import LIBRARY
from plugins.furigana.page import LINK, PREFIX, add_ruby, stay_in_edition
from plugins.incremental.plan import PLAN
from plugins.incremental.writer import render_pending
from plugins.processes import map_batches
from plugins.readings.analyser import analyser_version, read_text
from plugins.readings.known import KnownReadings, known_readings
from plugins.readings.ruby import weave
from plugins.readings.table import READINGS

VERSION = "2"
"""Part of every cache key. Raise it when the same page would give another copy."""

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


def is_enabled(settings: Mapping[str, Any]) -> bool:
    """Return whether the settings ask for the edition: ``FURIGANA``, which is on unless it says otherwise."""
    return bool(settings.get("FURIGANA", True))


def write_edition(pelican: Pelican) -> None:
    """Write a copy of every page that links to one. Pelican calls it when everything else is written (signal ``finalized``)."""
    tools = analyser_version()
    if tools is None or not is_enabled(pelican.settings):
        return
    build = context_of(pelican.settings)
    site, plan = build.site, build.get(PLAN)
    render_pending(plan)
    writer = _EditionWriter(site, PageCopier(build.cache / "furigana", build[_KNOWN], tools))
    for _, copies in map_batches(writer.write_copies, writer.without_copy(plan.rendered if plan else None)):
        for page, copy in copies:
            if plan:
                plan.add_side_file(page, copy)
                plan.on_page()
            signals.content_written.send(str(site / copy), context={})


@dataclass(frozen=True)
class _EditionWriter:
    """Writes into the folder ``site``; names of pages are relative to it."""

    site: Path
    copier: PageCopier

    def without_copy(self, pages: Iterable[str] | None) -> list[str]:
        """Return the pages without a copy, among ``pages`` or all. A page that is taken over from the last site has its copy already."""
        names = sorted(pages or (path.relative_to(self.site).as_posix() for path in self.site.rglob("index.html")))
        return [name for name in names if name.endswith("index.html") and not (self.site / _copy_name(name)).exists()]

    def write_copies(self, names: Sequence[str]) -> list[tuple[str, str]]:
        """Write the copy of each page that links to one; return the names of page and copy."""
        return [(name, _copy_name(name)) for name in names if self._write_copy(name)]

    def _write_copy(self, name: str) -> bool:
        """Write a page's copy, if the page links to one, and return whether it does."""
        html = (self.site / name).read_text(encoding="utf-8")
        if not LINK.search(html):
            return False
        write_into(self.site, _copy_name(name), stay_in_edition(self.copier.copy(html)).encode("utf-8"))
        return True


def _copy_name(name: str) -> str:
    return f"{PREFIX.lstrip('/')}/{name}"


class PageCopier:
    """Adds readings to pages, with one table and one version of the analyser (``tools``). The folder ``cache`` may be deleted at any time."""

    def __init__(self, cache: Path, readings: KnownReadings, tools: str) -> None:
        self.cache, self.readings, self.tools = cache, readings, tools
        # Most blocks of text (header, navigation, footer) are on every page, so each is analysed once.
        self._weave = lru_cache(maxsize=20_000)(lambda text, tags: weave(text, tags, read_text(text, readings)))

    def copy(self, html: str) -> str:
        """Return ``html`` with readings, from the cache if this page was copied before."""
        key = hashlib.sha256("\0".join((VERSION, self.tools, repr(self.readings), html)).encode()).hexdigest()[:24]
        cached = self.cache / f"{key}.html"
        if not cached.is_file():
            write_atomically(cached, add_ruby(html, self._weave).encode())
        return cached.read_text(encoding="utf-8")
