"""Renders one document again while an editor writes it: its page, or its diagnostics, some hundredths of a second after it was saved."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from plugins.builder.options import NEXT
from plugins.checks.inspection import inspect_source
from plugins.checks.levels import read_levels
from plugins.context import BuildContext
from plugins.diagnostics import ContentErrors, Diagnostic
from plugins.files import write_into
from plugins.frontmatter.library import LIBRARY, Library
from plugins.frontmatter.load.parallel_reader import ShareReader, open_reader
from plugins.frontmatter.model.document import Document, LoadedText
from plugins.incremental.plan import PLAN, RenderPlan
from plugins.publications.document_view import page_variables


@dataclass(frozen=True)
class RenderedPage:
    """A page that was rendered again: its file relative to the site, and its HTML."""

    name: str
    html: str

    def write_to(self, site: Path) -> None:
        """Write the page into ``site``, whole or not at all; never through a link into another tree. Raises `OSError`, `plugins.files.WriteRefused`."""
        write_into(site, self.name, self.html.encode(), replace=True)


def rerender_page(plan: RenderPlan, name: str, own: Mapping[str, Any]) -> RenderedPage | None:
    """Render the page ``name`` of the last build with other variables of its ``own``; None if there was no such page."""
    entry = plan.manifest.pages.get(name)
    if entry is None or plan.view is None:
        return None
    environment, context = plan.view
    return RenderedPage(name, environment.get_template(entry.template).render({**context, "output_file": name, **own}))


@dataclass(frozen=True)
class Rerenderer:
    """Keeps the context of the last build, with its library and its plan."""

    build: BuildContext

    @property
    def library(self) -> Library:
        """The documents as the last build read them."""
        return self.build[LIBRARY]

    def rerender(self, path: PurePosixPath) -> RenderedPage | None:
        """Return the page of the source at ``path`` (below ``content/``) as it is now; None if only a build can tell.

        A build is needed for an issue, a new document, another address, or a document that is not public. Raises `ContentErrors` with every error of
        this source.
        """
        library = self.library
        last = library.documents.get(path)
        if last is None or last.content_type == "issue":
            return None
        document = self._read(path)
        if document.url != last.url or not document.is_live(library.now):
            return None
        try:
            return rerender_page(self.build[PLAN], *page_variables(document, self.build))
        finally:  # a card that the page asks for is drawn into the folder of that build, which is gone
            if self.build.site.parent.name.startswith(NEXT):
                shutil.rmtree(self.build.site.parent, ignore_errors=True)

    def _read(self, path: PurePosixPath) -> Document:
        """Return the document as it is now, read and checked in another process (`plugins.watched`). Raises `ContentErrors`."""
        library, content = self.library, self.build.content
        known = {str(other): document for other, document in library.documents.items()}
        share = ShareReader(content, library.registry, library.now, library.shows_drafts)
        with open_reader(share, [str(path)], known) as reader:
            diagnostics = [diagnostic for batch in reader.headers() for diagnostic in batch.diagnostics]
            results = list(reader.results(known, {}))
        diagnostics += [diagnostic for result in results for diagnostic in result.diagnostics]
        if diagnostics := diagnostics + ([] if diagnostics else self._apply_rules(path)):
            raise _as_errors(content, diagnostics)
        ((document, html, markdown),) = [(result.document, result.html, result.markdown) for result in results if result.document]
        return document.with_text(LoadedText(html, markdown))

    def _apply_rules(self, path: PurePosixPath) -> list[Diagnostic]:
        content = self.build.content
        diagnostics = inspect_source(content, self.library.registry, read_levels(self.build.publications), path)
        return [replace(error, path=error.path.relative_to(content.name)) for error in diagnostics if error.severity == "error"]


def _as_errors(content: Path, diagnostics: list[Diagnostic]) -> ContentErrors:
    return ContentErrors(replace(diagnostic, path=PurePosixPath(content.name) / diagnostic.path) for diagnostic in diagnostics)
