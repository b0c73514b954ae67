"""The furigana edition: a second copy of every page, under ``/furigana/``, with the reading over every Chinese character.

It is never the default, because screen readers say a word and its reading one after the other. Each page links to its copy, each copy back.

1. `readings` holds what the site's people know (``content/data/readings.csv``, municipalities); it wins over the analyser.
2. `analyser` asks SudachiPy (extra ``furigana``) for the rest. Without it there is no edition, and the build says so.
3. `ruby` sets readings over characters, `page` weaves them into built HTML, `edition` writes the copies when all pages are there.
"""

from __future__ import annotations

from pelican import Pelican, signals

from plugins.furigana.edition import FuriganaGenerator, write_edition


def add_generator(_pelican: Pelican) -> type[FuriganaGenerator]:
    """Tell Pelican of the generator."""
    return FuriganaGenerator


def register() -> None:
    """Register with Pelican."""
    signals.get_generators.connect(add_generator)
    signals.finalized.connect(write_edition)
