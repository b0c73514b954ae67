"""What `todoke check` reports: errors of front matter, links and issues, and the results of the rules, together."""

from __future__ import annotations

import datetime as dt
import runpy
from dataclasses import dataclass
from pathlib import Path

from plugins.builder.content_loader import document_warnings, file_warnings, load_content, table_warnings, theme_errors
from plugins.builder.event_changes import unannounced_changes
from plugins.builder.rules import read_descriptions
from plugins.checks.inspection import inspect
from plugins.checks.levels import Levels, read_levels
from plugins.checks.repair import Repair, repair
from plugins.checks.rules.catalogue import RULES, explain, explain_check
from plugins.checks.rules.manuscript import read_manuscript
from plugins.diagnostics import ContentErrors, Diagnostic
from plugins.frontmatter.model.places import PATH as MUNICIPALITIES
from plugins.frontmatter.model.registry import Registry, read_registry
from plugins.frontmatter.normalise.notes import find_notes
from plugins.frontmatter.parse.source import find_sources
from plugins.magazine.compose.issues import compose_all
from plugins.publications.type_templates import missing_templates


@dataclass(frozen=True)
class SourceReport:
    """``errors`` stop a build, ``warnings`` do not. ``sources`` counts the files read, ``fixable`` the places that ``--fix`` would repair.

    ``notes`` counts what editors wrote for each other, which is kept in.
    """

    errors: tuple[Diagnostic, ...]
    warnings: tuple[Diagnostic, ...]
    sources: int
    fixable: int
    notes: int = 0


def check_sources(content: Path, publications: Path, now: dt.datetime, settings: Path = Path("pelicanconf.py")) -> SourceReport:
    """Read and check everything a build would. Raises `ContentErrors` if ``publications.toml`` itself does not hold. ``settings`` name the theme."""
    registry, levels = _settings(content, publications)
    inspection = inspect(content, registry, levels)
    theme = Path(runpy.run_path(str(settings))["THEME"])
    errors = [*inspection.errors, *theme_errors(theme), *missing_templates(theme)]
    warnings = inspection.warnings
    try:
        loaded = load_content(content, publications, now)
        warnings += file_warnings(content, loaded.library) + document_warnings(content, loaded.library)
        warnings += tuple(each.below(content.name) for each in unannounced_changes(loaded.library, content))
        warnings += table_warnings(content, loaded.situation, now)
        compose_all(loaded.library)
    except ContentErrors as error:
        errors += error.diagnostics
    fixable = sum(diagnostic.fix is not None for diagnostic in inspection.diagnostics)
    return SourceReport(tuple(sorted(set(errors))), warnings, len(find_sources(content)), fixable, _count_notes(content))


def _count_notes(content: Path) -> int:
    sources = (read_manuscript(content, path) for path in find_sources(content) if path.parts[0] != "partners")
    return sum(len(find_notes(source.text[source.body :])) for source in sources if source)


def repair_all(content: Path, publications: Path, *, write: bool) -> list[Repair]:
    """Repair what is safe to repair, or with ``write`` false say what would change."""
    registry, levels = _settings(content, publications)
    return repair(content, registry, levels, write=write)


def explain_rule(code: str, publications: Path) -> str:
    """Return the explanation of a rule; of every rule for ``all``. Raises `KeyError` for an unknown code."""
    levels = read_levels(publications)
    descriptions = read_descriptions()
    codes = sorted(descriptions) if code == "all" else [code.upper()]
    return "\n\n".join(explain_check(RULES[each], levels[each]) if each in RULES else explain(descriptions[each]) for each in codes)


def _settings(content: Path, publications: Path) -> tuple[Registry, Levels]:
    registry = read_registry(publications, content / MUNICIPALITIES)
    return registry, read_levels(publications)
