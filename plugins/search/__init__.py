"""Search without a server: an index of static files that a small script in the reader's browser asks.

1. `entries` says what can be found: title and words of every public document.
2. `index` notes, for every character and every pair of characters, which documents hold it, and cuts the notes into shards.
3. A query of one or two characters is answered by its note alone; for a longer one the script (``themes/…/static/search.js``) looks at the notes of
   its pairs, and then at the words of the documents that are left: 新幹線 finds only pages with 新幹線, never 新 and 幹線 apart.

Without JavaScript ``/search/`` leads to publications, places, topics and to the titles of every year.
"""

from __future__ import annotations

from pelican import Pelican, signals

from .generator import SearchGenerator


def add_generator(_pelican: Pelican) -> type[SearchGenerator]:
    """Tell Pelican of the generator."""
    return SearchGenerator


def register() -> None:
    """Register with Pelican."""
    signals.get_generators.connect(add_generator)
