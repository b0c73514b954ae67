"""Pelican plugin: of all pictures beside partner entries, those that a public page shows go to the site, and no others.

A draft's pictures are as secret as the draft, and the takedown list lies in the same folder.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from pelican import signals
from pelican.generators import StaticGenerator

FOLDER = "partners"


def ignore_unshown_images(generator: StaticGenerator) -> None:
    """Drop the static files of partners that nobody is shown; sent when all are found and none is copied."""
    library: Any = generator.settings["TODOKE_LIBRARY"]
    live = library.live("partner")
    shown = {address for d in live for address in (*d.image_urls, d.picture.url if d.picture else "")}
    kept = [file for file in generator.staticfiles if _is_shown(file.source_path, generator.path, shown)]
    generator.staticfiles = generator.context["staticfiles"] = kept


def _is_shown(source: str, content: str, shown: set[str]) -> bool:
    """Tell whether a file lies elsewhere or is a picture that a page holds."""
    path = PurePosixPath(PurePosixPath(source).relative_to(PurePosixPath(content)))
    return path.parts[0] != FOLDER or f"/{path}" in shown


def register() -> None:
    """Register with Pelican."""
    signals.static_generator_finalized.connect(ignore_unshown_images)
