"""Pelican's reader: hands over documents that the library has already read and checked."""

from __future__ import annotations

import datetime as dt
from pathlib import Path, PurePosixPath
from typing import Any

from pelican.readers import BaseReader

from .document import Document
from .library import Library

SETTING = "TODOKE_LIBRARY"
"""The name under which the library lies in Pelican's settings and in every template's context."""

_TEMPLATES = {"page": "page", "issue": "issue"}


class DocumentReader(BaseReader):  # type: ignore[misc]
    """Reads ``*.md``. What is not public now has status ``skip``, which Pelican leaves out of everything."""

    enabled = True
    file_extensions = ("md",)

    def read(self, source_path: str) -> tuple[str, dict[str, Any]]:
        """Return the body's HTML and Pelican's metadata of the document at ``source_path``."""
        library: Library = self.settings[SETTING]
        path = PurePosixPath(Path(source_path).relative_to(self.settings["PATH"]).as_posix())
        document = library.documents[path]
        return document.html, self._metadata(document, library.now)

    def _metadata(self, document: Document, now: dt.datetime) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "title": document.meta.title,
            "slug": document.url.rsplit("/", 2)[1],
            "summary": document.summary,
            "url": document.url.lstrip("/"),
            "save_as": f"{document.url.lstrip('/')}index.html",
            "template": _TEMPLATES.get(document.kind, "article"),
            "status": "published" if document.is_live(now) else "skip",
            "document": document,
        }
        if document.meta.date:
            shown["date"] = document.meta.date
        if document.publication:
            shown["category"] = self.process_metadata("category", document.publication.key)
        return shown
