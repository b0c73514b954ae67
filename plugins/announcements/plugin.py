"""Writes the announcements of articles and issues when the site is finished. A Pelican plugin."""

from __future__ import annotations

from collections.abc import Iterable

from pelican import Pelican, signals

from plugins.announcements.records import SITE_FILE, TREE, is_announced, record_of_document, site_file
from plugins.context import BuildContext, context_of
from plugins.files import write_into
from plugins.frontmatter.library import LIBRARY, SITE_ADDRESS
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.text_edits import EDITS


def write_announcements(pelican: Pelican) -> None:
    """Write one file for each article and issue that is public and announced."""
    build = context_of(pelican.settings)
    library, base, folder = build[LIBRARY], build[SITE_ADDRESS], build.site.parent / TREE
    write_into(folder, SITE_FILE, site_file(library.registry.site, base))
    _write(library.live(), build)
    if edits := build.get(EDITS):
        edits.on_edit(lambda edit: _write(edit.documents, build))


def _write(documents: Iterable[Document], build: BuildContext) -> None:
    for document in documents:
        if document.content_type not in ("notice", "drill") and is_announced(document) and document.is_live(build[LIBRARY].now):
            record = record_of_document(document, build[LIBRARY].registry, build[SITE_ADDRESS])
            write_into(build.site.parent / TREE, record.file, record.render())


def register() -> None:
    """Register with Pelican."""
    signals.finalized.connect(write_announcements)
