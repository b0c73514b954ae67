"""All that a build reads, checked together: documents, and the tables beside them.

When Pelican starts (`initialized`), the whole checkout is read; a single fault in any file stops the build before anything is written, and all
faults are told at once. A new table is one reader that returns ``(value, faults)`` and one line in `load_content`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from plugins.diagnostics import ContentErrors, Diagnostic
from plugins.digest import digest
from plugins.frontmatter.library import LIBRARY, Library, read_library
from plugins.frontmatter.load.content_cache import ContentCache
from plugins.frontmatter.model.registry import read_registry
from plugins.progress.table import read_works
from plugins.progress.works import SETTING as WORKS
from plugins.progress.works import Works
from plugins.readings.table import SETTING as READINGS
from plugins.readings.table import ReadingTable, read_table

DRAFTS = "TODOKE_DRAFTS"
"""Pelican's setting that says whether drafts are shown, as the preview does."""

STORE = "TODOKE_STORE"
"""In Pelican's settings: the file of the store and its version, as `load_content` takes them; nothing to read everything."""


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
        raise ContentErrors([*found.faults, *faults]) from found
    if faults:
        raise ContentErrors(faults)
    return Content(library, works, readings)


def _below(content: Path, fault: Diagnostic) -> Diagnostic:
    return Diagnostic(PurePosixPath(content.name) / fault.path, fault.line, fault.ja, fault.en)


def load(pelican: Any) -> None:
    """Read the sources into Pelican's settings. Raises `ContentErrors`."""
    settings: dict[str, Any] = pelican.settings
    paths = Path(settings["PATH"]), Path(settings["PUBLICATIONS"])
    sources = load_content(*paths, settings["NOW"], settings.get(STORE), shows_drafts=settings.get(DRAFTS, False))
    settings[LIBRARY], settings[WORKS], settings[READINGS] = sources.library, sources.works, sources.readings
    settings["SITE_ADDRESS"] = settings["SITE_ADDRESS"] or sources.library.registry.site.url


def register() -> None:
    """Register with Pelican."""
    from pelican import signals  # `todoke check` reads the sources with this module and has no use for Pelican

    signals.initialized.connect(load)
