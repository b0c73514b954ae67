"""Render only what changed, and say why. A plugin for any Pelican site.

1. While a page is rendered, everything its templates read is recorded (`reads`): names, attributes of articles, entries of mappings.
2. The reads, with digests of what they gave and of the templates (`closure`), go into a manifest beside the output (`manifest`).
3. In the next build a page whose reads all give the same today (`world`) is neither rendered nor written: the file of the last
   site is linked into the new one (`writer`).

Unknown values count as changed always. Other settings, plugins or versions change everything (`plugins.build` computes that digest).
"""

from __future__ import annotations

from pelican import Pelican, signals

from .writer import IncrementalWriter


def choose_writer(_pelican: Pelican) -> type[IncrementalWriter]:
    """Tell Pelican of the writer."""
    return IncrementalWriter


def register() -> None:
    """Register with Pelican."""
    signals.get_writer.connect(choose_writer)
