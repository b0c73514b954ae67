"""Writes the page of every public document.

Pelican's own generators of articles and pages find nothing here (``ARTICLE_PATHS`` and ``PAGE_PATHS`` are empty): they would make, for each of
thousands of documents that have not changed, an object that nobody looks at.
"""

from __future__ import annotations

from typing import Protocol

IMAGES = "TODOKE_GALLERY"
"""In Pelican's settings: the `ImageMarkup`, where there is one."""


class ImageMarkup(Protocol):
    """What makes the pictures in a body offer all their sizes (`plugins.images`)."""

    def add_sources(self, html: str, *, first_eager: bool) -> str: ...
    def offers(self, addresses: frozenset[str]) -> object:
        """Return all on which the dress of a body depends that shows the pictures at ``addresses``."""
