"""All that `todoke check` says: faults of front matter and links, and findings of the rules, together."""

from __future__ import annotations

import datetime as dt
import runpy
from dataclasses import dataclass
from pathlib import Path

from plugins.builder.content_loader import load_content
from plugins.checks.inspection import inspect
from plugins.checks.levels import Levels, read_levels
from plugins.checks.repair import Repair, repair
from plugins.checks.rules.catalogue import RULES, explanation
from plugins.diagnostics import ContentErrors, Diagnostic
from plugins.frontmatter.model.registry import Registry, read_registry
from plugins.frontmatter.parse.source import find_sources
from plugins.magazine.compose.issues import compose_all
from plugins.publications.type_templates import missing_templates


@dataclass(frozen=True)
class SourceReport:
    """What stops a build, what is only told, how many sources were read, and how many places ``--fix`` would mend."""

    faults: tuple[Diagnostic, ...]
    warnings: tuple[Diagnostic, ...]
    sources: int
    mendable: int


def check_sources(content: Path, publications: Path, now: dt.datetime, settings: Path = Path("pelicanconf.py")) -> SourceReport:
    """Read and check everything a build would. Raises `ContentErrors` if ``publications.toml`` itself does not hold. ``settings`` name the theme."""
    registry, levels = _settings(content, publications)
    found = inspect(content, registry, levels)
    faults = [*(finding.fault for finding in found.errors), *missing_templates(Path(runpy.run_path(str(settings))["THEME"]))]
    try:
        compose_all(load_content(content, publications, now).library)
    except ContentErrors as error:
        faults += error.faults
    warnings = tuple(finding.fault for finding in found.warnings)
    mendable = sum(finding.hit.instead is not None for finding in found.findings)
    return SourceReport(tuple(sorted(set(faults))), warnings, len(find_sources(content)), mendable)


def repair_all(content: Path, publications: Path, *, write: bool) -> list[Repair]:
    """Repair what is safe to repair, or with ``write`` false say what would change."""
    registry, levels = _settings(content, publications)
    return repair(content, registry, levels, write=write)


def explain_rule(code: str, publications: Path) -> str:
    """Return the explanation of a rule; of every rule for ``all``. Raises `KeyError` for an unknown code."""
    levels = read_levels(publications)
    codes = list(RULES) if code == "all" else [code.upper()]
    return "\n\n".join(explanation(RULES[one], levels[one]) for one in codes)


def _settings(content: Path, publications: Path) -> tuple[Registry, Levels]:
    registry = read_registry(publications, content / "data" / "municipalities.csv")
    return registry, read_levels(publications)
