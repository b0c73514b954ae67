"""Gives every template of Pelican the filters of `filters`, with the names of the site."""

from __future__ import annotations

from pelican import signals
from pelican.generators import Generator

from plugins.context import context_of
from plugins.typography.filters import filters_with
from plugins.typography.phrases import NO_NAMES, WHOLE_NAMES


def add_filters(generator: Generator) -> None:
    build = context_of(generator.settings)
    generator.env.filters.update(filters_with(lambda: build.get(WHOLE_NAMES) or NO_NAMES))


def register() -> None:
    signals.generator_init.connect(add_filters)
