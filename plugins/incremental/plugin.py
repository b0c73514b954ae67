"""Render only what changed, and say why.

1. If sources, theme, code and the site itself are as they were (`stamp`), and the moment lies between those in which nothing changes (`present`),
   there is nothing to do, and Pelican is not even loaded.
2. While a page is rendered, everything its templates read is recorded (`reads`): names, attributes of articles, entries of mappings.
3. The reads, with digests of what they gave and of the templates (`closure`), go into a manifest beside the output (`manifest`).
   What many pages share is rendered once, with its reads (`pieces`).
4. In the next build the reads that give something else today are found first (`world`). A page that has none of them is neither rendered nor
   written (`writer`), only named (`plan`).
5. What was made is brought into a twin of the last site (`twin`), which then takes that one's place in one step (`exchange`).

Unknown values count as changed always. Other settings, plugins or versions change everything (`everything`).
"""

from __future__ import annotations

from jinja2 import Environment, FileSystemBytecodeCache
from pelican import Pelican, signals
from pelican.generators import Generator

from plugins.context import Key, context_of
from plugins.incremental.fragment_cache import PIECE, FragmentCache
from plugins.incremental.plan import PLAN
from plugins.incremental.writer import IncrementalWriter

_ENVIRONMENT = Key[Environment]("Jinja environment", __name__)
"""The one that all generators of a build share."""


def choose_writer(_pelican: Pelican) -> type[IncrementalWriter]:
    """Tell Pelican of the writer."""
    return IncrementalWriter


def share_environment(generator: Generator) -> None:
    """Let all generators use one Jinja environment: templates are compiled and watched once, and compiled ones are kept between builds."""
    build = context_of(generator.settings)
    if build.get(_ENVIRONMENT) is None:
        build.provide(_ENVIRONMENT, generator.env)
        generator.env.auto_reload = False  # a build reads its templates once
        generator.env.globals[PIECE] = FragmentCache(generator.env, generator.context, build.get(PLAN))
        folder = build.cache / "templates"
        folder.mkdir(parents=True, exist_ok=True)
        generator.env.bytecode_cache = FileSystemBytecodeCache(str(folder))
    generator.env = build[_ENVIRONMENT]


def register() -> None:
    """Register with Pelican."""
    signals.get_writer.connect(choose_writer)
    signals.generator_init.connect(share_environment)
