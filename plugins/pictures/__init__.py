"""Pictures as small as the reader's screen: made at build time, kept by content, never the original when less will do.

1. `PicturesGenerator` finds every file of ``content/images/`` and which of them live pages show.
2. The darkroom makes what `recipe` asks for: one file at the standing address (mail, feeds, old browsers) and, for pictures that pages show,
   AVIF and WebP in several widths. Whatever was made before lies in the cache, by the hash of its content.
3. Templates call ``show_picture(...)``; the bodies of articles and issues get the same markup (`Gallery.dress`).
"""

from __future__ import annotations

from pelican import Pelican, signals

from .generator import PicturesGenerator


def add_generator(_pelican: Pelican) -> type[PicturesGenerator]:
    """Tell Pelican of the generator."""
    return PicturesGenerator


def register() -> None:
    """Register with Pelican."""
    signals.get_generators.connect(add_generator)
