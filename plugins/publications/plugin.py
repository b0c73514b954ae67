"""The page of every document; sections, month archives, municipality and topic pages, feeds, sitemap, neighbours.

Pelican's own listings are switched off in ``pelicanconf.py``: with every new article their entries move to another page of the list, so that no
address keeps its content.
"""

from __future__ import annotations

from pelican import Pelican, signals
from pelican.generators import Generator

from plugins.publications.document_pages import DocumentsGenerator
from plugins.publications.listing_pages import PublicationsGenerator
from plugins.publications.static_files import StaticFilesGenerator


def add_generators(_pelican: Pelican) -> tuple[type[Generator], ...]:
    """Tell Pelican of the generators."""
    return DocumentsGenerator, PublicationsGenerator, StaticFilesGenerator


def register() -> None:
    """Register with Pelican."""
    signals.get_generators.connect(add_generators)
