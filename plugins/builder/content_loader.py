"""All that a build reads, checked together: documents, and the tables beside them.

When Pelican starts (`initialized`), the whole checkout is read; a single fault in any file stops the build before anything is written, and all
faults are told at once. A new table is one reader that returns ``(value, faults)`` and one line in `read_sources`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pelican import Pelican, signals

from plugins.diagnostics import ContentFaults, Fault
from plugins.digest import digest
from plugins.frontmatter.library import SETTING as LIBRARY
from plugins.frontmatter.library import Library, read_library
from plugins.frontmatter.load.content_cache import Store
from plugins.frontmatter.model.registry import read_registry
from plugins.progress.table import read_works
from plugins.progress.works import SETTING as WORKS
from plugins.progress.works import Works
from plugins.readings.table import SETTING as READINGS
from plugins.readings.table import Readings, read_readings

DRAFTS = "TODOKE_DRAFTS"
"""Pelican's setting that says whether drafts are shown, as the preview does."""

STORE = "TODOKE_STORE"
"""In Pelican's settings: the file of the store and its version, as `read_sources` takes them; nothing to read everything."""


@dataclass(frozen=True)
class Sources:
    """What was read: ``library`` of documents, ``works`` of the progress table, ``readings`` of hard place names."""

    library: Library
    works: Works
    readings: Readings


def read_sources(
    content: Path, publications: Path, now: dt.datetime, known: tuple[Path, str] | None = None, *, shows_drafts: bool = False
) -> Sources:
    """Read everything below ``content``. Raises `ContentFaults` with every fault of every file.

    ``known`` is the file of the store, and the version of all else that reading depends on.
    """
    registry = read_registry(publications, content / "data" / "municipalities.csv")
    works, work_faults = read_works(content, registry)
    readings, reading_faults = read_readings(content, registry)
    faults = [_below(content, fault) for fault in work_faults + reading_faults]
    try:
        store = Store(known[0], f"{known[1]} {digest(registry)}", registry) if known else None
        library = read_library(content, registry, now, store, shows_drafts=shows_drafts)
    except ContentFaults as found:
        raise ContentFaults([*found.faults, *faults]) from found
    if faults:
        raise ContentFaults(faults)
    return Sources(library, works, readings)


def _below(content: Path, fault: Fault) -> Fault:
    return Fault(PurePosixPath(content.name) / fault.path, fault.line, fault.ja, fault.en)


def load(pelican: Pelican) -> None:
    """Read the sources into Pelican's settings. Raises `ContentFaults`."""
    settings: dict[str, Any] = pelican.settings
    paths = Path(settings["PATH"]), Path(settings["PUBLICATIONS"])
    sources = read_sources(*paths, settings["NOW"], settings.get(STORE), shows_drafts=settings.get(DRAFTS, False))
    settings[LIBRARY], settings[WORKS], settings[READINGS] = sources.library, sources.works, sources.readings
    settings["SITE_ADDRESS"] = settings["SITE_ADDRESS"] or sources.library.registry.site.url


def register() -> None:
    """Register with Pelican."""
    signals.initialized.connect(load)
