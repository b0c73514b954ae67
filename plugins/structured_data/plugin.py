"""What machines read on a page: JSON-LD with the words of schema.org. Templates get ``ld_article``, ``ld_trail``, ``ld_site``."""

from __future__ import annotations

from functools import partial

from pelican import signals
from pelican.generators import Generator

from plugins.context import context_of
from plugins.frontmatter.library import LIBRARY, SITE_ADDRESS
from plugins.structured_data.site import article, breadcrumbs, site


def add_functions(generator: Generator) -> None:
    """Give a generator's templates the functions, with site and address filled in."""
    build = context_of(generator.settings)
    known, base = build[LIBRARY].registry.site, build[SITE_ADDRESS]
    generator.env.policies["json.dumps_kwargs"] = {"sort_keys": True, "ensure_ascii": False}  # a third of the bytes; still safe in HTML
    generator.env.globals.update(
        ld_article=partial(article, known, base), ld_trail=partial(breadcrumbs, known, base), ld_site=partial(site, known, base)
    )


def register() -> None:
    """Register with Pelican."""
    signals.generator_init.connect(add_functions)
