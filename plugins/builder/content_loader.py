"""Reads all that a build reads, documents and the tables beside them, and checks it together.

When Pelican starts (`initialized`), the whole checkout is read. A single error in any file stops the build before anything is written, and all errors
are reported at once. A new table is one reader that returns its value with its diagnostics, and three lines in this file.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from plugins.checks.criteria import AUDIT
from plugins.context import CONTINUATION, BuildContext, Continuation, Key, context_of
from plugins.diagnostics import ContentErrors, Diagnostic
from plugins.digest import digest
from plugins.events.locator import OUTLINE, Outline, read_outline
from plugins.events.locator import PATH as OUTLINE_FILE
from plugins.frontmatter.advice import early_links, future_updates, incomplete_postings
from plugins.frontmatter.library import LIBRARY, SITE_ADDRESS, Library, read_library
from plugins.frontmatter.library_changes import follow_library
from plugins.frontmatter.load.content_cache import ContentCache
from plugins.frontmatter.model.places import PATH as MUNICIPALITIES
from plugins.frontmatter.model.registry import read_registry
from plugins.frontmatter.public_files import (
    clashing_files,
    heavy_files,
    ignored_files,
    missing_declarations,
    similar_sources,
    unnamed_files,
    unusable_names,
)
from plugins.images.vectors import check_vectors
from plugins.inputs import InputFolder, survey
from plugins.progress.table import PATH as PROGRESS
from plugins.progress.table import read_works
from plugins.progress.works import WORKS, Works
from plugins.readings.table import PATH as READING_TABLE
from plugins.readings.table import READINGS, ReadingTable, read_table
from plugins.search.words import PATH as SYNONYM_TABLE
from plugins.search.words import SYNONYMS, Synonyms, read_synonyms
from plugins.situation.tables import SITUATION, Situation, far_ahead, read_situation
from plugins.situation.tables import paths as situation_paths
from plugins.typography.phrases import WHOLE_NAMES, WholeNames

CONTENT_CACHE = Key[tuple[Path, str]]("content cache", __name__)
"""The file of the cache and its version, for `load_content`. Absent when everything is to be read anew."""


@dataclass(frozen=True)
class Content:
    """The documents, the table of public works (``content/data/progress.csv``), the readings of hard place names, words for one thing, the outline of the
    prefecture, and the tables of the situation.
    """

    library: Library
    works: Works
    readings: ReadingTable
    synonyms: Synonyms
    outline: Outline
    situation: Situation


CONTENT = Key[Content]("content", __name__)
"""All of it as it was read: `plugins.magazine` gives the library that others ask for the HTML of issues."""


def load_content(
    content: Path,
    publications: Path,
    now: dt.datetime,
    cache: tuple[Path, str] | None = None,
    *,
    shows_drafts: bool = False,
    mistakes: list[Diagnostic] | None = None,
) -> Content:
    """Read everything below ``content``. Raises `ContentErrors` with every error of every file; or adds them to ``mistakes``, and returns what holds.

    ``cache`` is the file of the content cache, and the version of everything else that reading depends on: code, libraries, settings.
    """
    registry = read_registry(publications, content / MUNICIPALITIES)
    works, works_diagnostics = read_works(content, registry)
    readings, readings_diagnostics = read_table(content, registry)
    synonyms, synonyms_diagnostics = read_synonyms(content)
    outline, outline_diagnostics = read_outline(content)
    situation, situation_diagnostics = read_situation(content, registry)
    of_tables = works_diagnostics + readings_diagnostics + synonyms_diagnostics + outline_diagnostics + situation_diagnostics
    diagnostics = [_relative_to_checkout(content, diagnostic) for diagnostic in of_tables + check_vectors(content)]
    try:
        content_cache = ContentCache(cache[0], f"{cache[1]} {digest(registry)}", registry) if cache else None
        library = read_library(content, registry, now, content_cache, shows_drafts=shows_drafts, mistakes=mistakes)
    except ContentErrors as errors:
        raise ContentErrors([*errors.diagnostics, *diagnostics]) from errors
    diagnostics += _missing_declarations(publications, library, content.name)
    diagnostics += _document_errors(content, library)
    if diagnostics and mistakes is None:
        raise ContentErrors(diagnostics)
    if mistakes is not None:
        mistakes += diagnostics
    return Content(library, works, readings, synonyms, outline, situation)


_TABLES = frozenset(map(str, (MUNICIPALITIES, PROGRESS, READING_TABLE, SYNONYM_TABLE, OUTLINE_FILE, AUDIT)))
"""The tables that the build itself reads. Pages offer those of public works and of the audit, and what holds of those of the situation; the others stay out."""


def file_warnings(content: Path, library: Library) -> tuple[Diagnostic, ...]:
    """Return a warning for each file that stays out of the site, whether it lies among public files or among sources, and for sources of similar names."""
    tables = _TABLES | situation_paths() if library.registry.site.situation else _TABLES
    warnings = unnamed_files(library, tables) + ignored_files(library) + similar_sources(library) + heavy_files(library, _size_in(content))
    return tuple(_relative_to_checkout(content, warning) for warning in warnings)


def _document_errors(content: Path, library: Library) -> list[Diagnostic]:
    of_documents = clashing_files(library) + unusable_names(library) + future_updates(library, content)
    return [_relative_to_checkout(content, diagnostic) for diagnostic in of_documents if diagnostic.severity == "error"]


def document_warnings(content: Path, library: Library) -> tuple[Diagnostic, ...]:
    """Return a warning for each link to a document that is not public yet, for each job posting that says too little, and for a notice dated ahead."""
    ahead = [each for each in future_updates(library, content) if each.severity == "warning"]
    return tuple(_relative_to_checkout(content, warning) for warning in early_links(library) + incomplete_postings(library) + ahead)


def _size_in(content: Path) -> Callable[[str], int]:
    files = InputFolder(content)
    return lambda path: stat.size if (stat := files.stat(path)) else 0


def table_warnings(content: Path, situation: Situation, now: dt.datetime) -> tuple[Diagnostic, ...]:
    """Return a note for each cell of the tables of the situation that was repaired, and a warning for each row that is far ahead of ``now``."""
    return tuple(_relative_to_checkout(content, each) for each in (*situation.notes, *far_ahead(situation, now)))


def _missing_declarations(publications: Path, library: Library, folder: str) -> list[Diagnostic]:
    missing = list(missing_declarations(library))
    lines = publications.read_text(encoding="utf-8").splitlines() if missing else []
    return [
        Diagnostic(
            PurePosixPath(publications.name),
            next((number for number, line in enumerate(lines, 1) if path in line), 1),
            ja,
            en,
            "R103",
            cause=PurePosixPath(folder) / path,
        )
        for path, ja, en in missing
    ]


def _relative_to_checkout(content: Path, diagnostic: Diagnostic) -> Diagnostic:
    return diagnostic.below(content.name)


def theme_errors(theme: Path) -> list[Diagnostic]:
    """Return a diagnostic for each entry of the theme that may not be read: a link that leads out, a pipe."""
    return survey(theme).diagnostics(theme.as_posix())


def load(pelican: Any) -> None:
    """Read all sources, and provide them to the other plugins. Raises `ContentErrors`."""
    build = context_of(pelican.settings)
    if errors := theme_errors(build.theme):
        raise ContentErrors(errors)
    going_on = build.get(CONTINUATION)
    content = _follow(going_on, build) if going_on else _load(build)
    build.provide(CONTENT, content)
    build.provide(LIBRARY, content.library)
    build.provide(WORKS, content.works)
    build.provide(READINGS, content.readings)
    build.provide(WHOLE_NAMES, WholeNames(content.readings.names))
    build.provide(SYNONYMS, content.synonyms)
    build.provide(OUTLINE, content.outline)
    build.provide(SITUATION, content.situation)
    build.provide(SITE_ADDRESS, build.site_url or content.library.registry.site.url)


def _load(build: BuildContext) -> Content:
    return load_content(build.content, build.publications, build.now, build.get(CONTENT_CACHE), shows_drafts=build.shows_drafts)


def _follow(going_on: Continuation, build: BuildContext) -> Content:
    """Return what `load_content` would: the tables are as they were. Raises `ContentErrors`, `plugins.frontmatter.text_edits.NeedsWholeBuild`."""
    last = going_on.last[CONTENT]
    content = replace(last, library=follow_library(last.library, build.content, going_on.changed, build.now))
    if errors := _document_errors(build.content, content.library):
        raise ContentErrors(errors)
    return content


def register() -> None:
    """Register with Pelican."""
    from pelican import signals  # `todoke check` reads the sources with this module and has no use for Pelican

    signals.initialized.connect(load)
