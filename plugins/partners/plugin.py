"""Pelican plugin: of all files beside partner entries, only the pictures that a public page shows go to the site.

The pictures of a draft are as secret as the draft, and the takedown list is in the same folder.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from pelican import signals
from pelican.generators import StaticGenerator

from plugins.context import context_of
from plugins.frontmatter.library import LIBRARY

FOLDER = "partners"


def ignore_unshown_images(generator: StaticGenerator) -> None:
    """Drop the static files of partners that no page shows. Pelican sends the signal after it found all files and before it copies one."""
    documents = context_of(generator.settings)[LIBRARY].live("partner")
    pictures = {address for document in documents for address in (*document.image_urls, document.picture.url if document.picture else "")}
    public = [file for file in generator.staticfiles if _is_public(file.source_path, generator.path, pictures)]
    generator.staticfiles = generator.context["staticfiles"] = public


def _is_public(source: str, content: str, pictures: set[str]) -> bool:
    """Tell whether a file is outside the folder of partners or is one of ``pictures``."""
    path = PurePosixPath(PurePosixPath(source).relative_to(PurePosixPath(content)))
    return path.parts[0] != FOLDER or f"/{path}" in pictures


def register() -> None:
    """Register with Pelican."""
    signals.static_generator_finalized.connect(ignore_unshown_images)
