"""Sections, month archives, municipality and topic pages, feeds, sitemap, neighbours.

Pelican's own listings are switched off in ``pelicanconf.py``: their pages shift with every article, and their addresses with them.
"""

from __future__ import annotations

from pelican import Pelican, signals

from .generator import PublicationsGenerator


def add_generator(_pelican: Pelican) -> type[PublicationsGenerator]:
    """Tell Pelican of the generator."""
    return PublicationsGenerator


def register() -> None:
    """Register with Pelican."""
    signals.get_generators.connect(add_generator)
