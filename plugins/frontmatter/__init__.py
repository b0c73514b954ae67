"""YAML front matter → one typed model per kind; every fault with file, line and what to write instead.

When Pelican starts (`initialized`), the whole checkout is read into a `Library`; a single fault stops the build before anything is written.
Pelican's generators then read through `DocumentReader`, which hands out what is already there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pelican import Pelican, signals

from .library import read_library
from .reader import SETTING, DocumentReader
from .registry import read_registry


def load(pelican: Pelican) -> None:
    """Read registry and library into Pelican's settings. Raises `ContentFaults`."""
    settings: dict[str, Any] = pelican.settings
    content = Path(settings["PATH"])
    registry = read_registry(Path(settings["PUBLICATIONS"]), content / "data" / "municipalities.csv")
    settings[SETTING] = read_library(content, registry, settings["NOW"])
    settings["SITE_ADDRESS"] = settings["SITE_ADDRESS"] or registry.site.url
    settings["READERS"] = {"md": DocumentReader, "html": None, "htm": None, "rst": None}


def register() -> None:
    """Register with Pelican."""
    signals.initialized.connect(load)
