"""Writes the announcements of articles and issues when the site is finished. A Pelican plugin."""

from __future__ import annotations

from pelican import Pelican, signals

from plugins.announcements.records import SITE_FILE, TREE, is_announced, record_of_document, site_file
from plugins.context import context_of
from plugins.files import write_into
from plugins.frontmatter.library import LIBRARY, SITE_ADDRESS


def write_announcements(pelican: Pelican) -> None:
    """Write one file for each article and issue that is public and announced."""
    build = context_of(pelican.settings)
    library, base, folder = build[LIBRARY], build[SITE_ADDRESS], build.site.parent / TREE
    write_into(folder, SITE_FILE, site_file(library.registry.site, base))
    for document in library.live():
        if document.content_type not in ("notice", "drill") and is_announced(document):
            record = record_of_document(document, library.registry, base)
            write_into(folder, record.file, record.render())


def register() -> None:
    """Register with Pelican."""
    signals.finalized.connect(write_announcements)
