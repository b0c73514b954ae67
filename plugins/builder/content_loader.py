"""All that a build reads, checked together: documents, and the tables beside them.

When Pelican starts (`initialized`), the whole checkout is read; a single fault in any file stops the build before anything is written, and all
faults are told at once. A new table is one reader that returns ``(value, faults)`` and one line in `load_content`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from plugins.context import Key, context_of
from plugins.diagnostics import ContentErrors, Diagnostic
from plugins.digest import digest
from plugins.frontmatter.library import LIBRARY, SITE_ADDRESS, Library, read_library
from plugins.frontmatter.load.content_cache import ContentCache
from plugins.frontmatter.model.registry import read_registry
from plugins.progress.table import read_works
from plugins.progress.works import WORKS, Works
from plugins.readings.table import READINGS, ReadingTable, read_table

CONTENT_CACHE = Key[tuple[Path, str]]("file and version of the content cache", __name__)
"""As `load_content` takes them. Absent when everything is to be read anew."""


@dataclass(frozen=True)
class Content:
    """What was read: ``library`` of documents, ``works`` of the progress table, ``readings`` of hard place names."""

    library: Library
    works: Works
    readings: ReadingTable


def load_content(
    content: Path, publications: Path, now: dt.datetime, known: tuple[Path, str] | None = None, *, shows_drafts: bool = False
) -> Content:
    """Read everything below ``content``. Raises `ContentErrors` with every fault of every file.

    ``known`` is the file of the store, and the version of all else that reading depends on.
    """
    registry = read_registry(publications, content / "data" / "municipalities.csv")
    works, work_faults = read_works(content, registry)
    readings, reading_faults = read_table(content, registry)
    faults = [_below(content, fault) for fault in work_faults + reading_faults]
    try:
        store = ContentCache(known[0], f"{known[1]} {digest(registry)}", registry) if known else None
        library = read_library(content, registry, now, store, shows_drafts=shows_drafts)
    except ContentErrors as found:
        raise ContentErrors([*found.diagnostics, *faults]) from found
    if faults:
        raise ContentErrors(faults)
    return Content(library, works, readings)


def _below(content: Path, fault: Diagnostic) -> Diagnostic:
    return replace(fault, path=PurePosixPath(content.name) / fault.path)


def load(pelican: Any) -> None:
    """Read all sources, and provide them to the other plugins. Raises `ContentErrors`."""
    build = context_of(pelican.settings)
    content = load_content(build.content, build.publications, build.now, build.get(CONTENT_CACHE), shows_drafts=build.shows_drafts)
    build.provide(LIBRARY, content.library)
    build.provide(WORKS, content.works)
    build.provide(READINGS, content.readings)
    build.provide(SITE_ADDRESS, build.site_url or content.library.registry.site.url)


def register() -> None:
    """Register with Pelican."""
    from pelican import signals  # `todoke check` reads the sources with this module and has no use for Pelican

    signals.initialized.connect(load)
