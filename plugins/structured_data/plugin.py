"""Gives every template the functions that return JSON-LD, with the site and its address filled in. A Pelican plugin."""

from __future__ import annotations

from functools import partial

from pelican import signals
from pelican.generators import Generator

from plugins.context import context_of
from plugins.frontmatter.library import LIBRARY, SITE_ADDRESS
from plugins.structured_data.documents import article, issue
from plugins.structured_data.site import breadcrumbs, website


def add_functions(generator: Generator) -> None:
    """Add the functions to the Jinja environment of ``generator``."""
    build = context_of(generator.settings)
    site, base = build[LIBRARY].registry.site, build[SITE_ADDRESS]
    # A kanji takes three bytes in UTF-8 and six as an escape (\uXXXX). Jinja's `tojson` still escapes <, >, & and ', so that no value can end the script.
    # Without the spaces an issue of ten articles stays farther from its budget.
    generator.env.policies["json.dumps_kwargs"] = {"sort_keys": True, "ensure_ascii": False, "separators": (",", ":")}
    generator.env.globals.update(
        ld_site=partial(website, site, base),
        ld_breadcrumbs=partial(breadcrumbs, site, base),
        ld_article=partial(article, site, base),
        ld_issue=partial(issue, site, base),
    )


def register() -> None:
    signals.generator_init.connect(add_functions)
