"""The one function behind `todoke check`: everything that is wrong with a checkout, in one run, and nothing is written.

A program that is no command line, such as an editor in the browser, calls `check_sources` too.
"""

from __future__ import annotations

import datetime as dt
import runpy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from plugins.builder.checkout.event_changes import unannounced_changes
from plugins.builder.checkout.mail_check import check_mails
from plugins.builder.content_loader import document_warnings, file_warnings, load_content, table_warnings, theme_errors
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
from plugins.frontmatter.parse.source import RecoveredSource, find_sources, recover_source
from plugins.images.broken import find_broken
from plugins.publications.type_templates import missing_templates
from plugins.typography.font import find_font

_OF_UNNAMED_FILES = frozenset({"F505", "F506"})
"""Which files no document names is not known as long as some documents are not read."""


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
    """Return everything that a build at the moment ``now`` would refuse or warn of: settings, sources, links, pictures, tables, mails.

    ``settings`` name the theme. One mistake hides no other: what does not hold is read as it was meant, to check the rest of it. If ``publications.toml``
    does not hold, sources are only read as text. Raises `FileNotFoundError` if there is no folder ``content``.
    """
    try:
        registry, levels = _settings(content, publications)
    except ContentErrors as error:
        return _without_settings(content, error)
    inspection = inspect(content, registry, levels)
    of_site = runpy.run_path(str(settings))
    theme, font = Path(of_site["THEME"]), find_font(of_site.get("CARD_FONT", ""))
    errors = [*inspection.errors, *theme_errors(theme), *missing_templates(theme)]
    mistakes: list[Diagnostic] = []
    loaded = load_content(content, publications, now, mistakes=mistakes)
    warnings = inspection.warnings + table_warnings(content, loaded.situation, now) + document_warnings(content, loaded.library)
    warnings += tuple(each.below(content.name) for each in unannounced_changes(loaded.library, content))
    is_partial = len(loaded.library.documents) < len(find_sources(content))
    warnings += tuple(each for each in file_warnings(content, loaded.library) if not (is_partial and each.rule in _OF_UNNAMED_FILES))
    errors += mistakes + find_broken(content, loaded.library) + check_mails(loaded.library, content, theme, font, is_partial=bool(mistakes))
    told_twice = {(each.path, each.line) for each in errors if each.rule == "F208"}  # of a date: what to write stands in the error too
    warnings = tuple(each for each in warnings if each.rule != "T106" or (each.path, each.line) not in told_twice)
    fixable = sum(diagnostic.fix is not None for diagnostic in inspection.diagnostics)
    return SourceReport(tuple(sorted(set(errors))), warnings, len(find_sources(content)), fixable, _count_notes(content))


def _without_settings(content: Path, error: ContentErrors) -> SourceReport:
    mistakes = [mistake for path in find_sources(content) for mistake in _mistakes_of(recover_source(content, path))]
    errors = sorted({*error.diagnostics, *(mistake.below(content.name) for mistake in mistakes)})
    return SourceReport(tuple(errors), (), len(find_sources(content)), 0)


def _mistakes_of(recovered: RecoveredSource | Diagnostic) -> Iterator[Diagnostic]:
    yield from (recovered,) if isinstance(recovered, Diagnostic) else recovered.mistakes


def _count_notes(content: Path) -> int:
    sources = (read_manuscript(content, path) for path in find_sources(content) if path.parts[0] != "partners")
    return sum(len(find_notes(source.text[source.body :])) for source in sources if source)


def repair_all(content: Path, publications: Path, *, write: bool) -> list[Repair]:
    """Repair what is safe to repair, or with ``write`` false say what would change. Raises `ContentErrors` if ``publications.toml`` does not hold."""
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
