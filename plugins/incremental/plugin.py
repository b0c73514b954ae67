"""Puts the incremental build into Pelican: another writer, and one Jinja environment for all generators."""

from __future__ import annotations

import os

from jinja2 import Environment
from pelican import Pelican, signals
from pelican.generators import Generator

from plugins.context import CONTINUATION, Key, context_of
from plugins.incremental.bytecode import open_bytecode_cache
from plugins.incremental.fragment_cache import FRAGMENT, FragmentCache
from plugins.incremental.output_code import use_in
from plugins.incremental.plan import PLAN
from plugins.incremental.writer import IncrementalWriter

_ENVIRONMENT = Key[Environment]("Jinja environment", __name__)
"""The environment that all generators of a build share."""


def choose_writer(_pelican: Pelican) -> type[IncrementalWriter]:
    return IncrementalWriter


def share_environment(generator: Generator) -> None:
    """Give all generators the environment of the first: each template is compiled once, and compiled templates are kept between builds."""
    build = context_of(generator.settings)
    if going_on := build.get(CONTINUATION):
        if build.get(_ENVIRONMENT) is None:
            build.provide(_ENVIRONMENT, going_on.last[_ENVIRONMENT])
    elif build.get(_ENVIRONMENT) is None:
        build.provide(_ENVIRONMENT, generator.env)
        generator.env.auto_reload = False  # nobody edits templates during a build: Jinja need not look at their times
        generator.env.globals[FRAGMENT] = FragmentCache(generator.env, generator.context, build.get(PLAN))
        use_in(generator.env)
        generator.env.bytecode_cache = open_bytecode_cache(os.environ)
    generator.env = build[_ENVIRONMENT]


def register() -> None:
    """Register with Pelican."""
    signals.get_writer.connect(choose_writer)
    signals.generator_init.connect(share_environment)
