"""How Japanese is set: dates, numbers, and where a line may break.

Registers the filters ``date``, ``day``, ``time``, ``stamp``, ``since``, ``era``, ``number`` and ``phrases`` for every template.
"""

from __future__ import annotations

from pelican import signals
from pelican.generators import Generator

from plugins.typography.filters import FILTERS


def add_filters(generator: Generator) -> None:
    """Give a generator's templates the filters."""
    generator.env.filters.update(FILTERS)


def register() -> None:
    """Register with Pelican."""
    signals.generator_init.connect(add_filters)
