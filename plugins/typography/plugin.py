"""Gives every template of Pelican the filters of `filters.FILTERS`."""

from __future__ import annotations

from pelican import signals
from pelican.generators import Generator

from plugins.typography.filters import FILTERS


def add_filters(generator: Generator) -> None:
    generator.env.filters.update(FILTERS)


def register() -> None:
    signals.generator_init.connect(add_filters)
