"""Renders one document again while an editor writes it: its page, or its diagnostics, some hundredths of a second after it was saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from plugins.checks.inspection import apply_rules, content_type_of
from plugins.checks.levels import Levels, read_levels
from plugins.checks.rules.manuscript import read_manuscript
from plugins.context import BuildContext
from plugins.diagnostics import ContentErrors, Diagnostic
from plugins.files import write_into
from plugins.frontmatter.library import LIBRARY, Library
from plugins.frontmatter.parse.parser import RejectedSource, as_if_published, check_rejected, read_header, resolve_source
from plugins.frontmatter.parse.references import ReferenceResolver
from plugins.incremental.plan import PLAN, RenderPlan
from plugins.publications.document_pages import page_variables


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
        library, content = self.library, self.build.content
        last = library.documents.get(path)
        if last is None or last.content_type == "issue":
            return None
        documents = {str(known): document for known, document in library.documents.items()}
        references = ReferenceResolver(content, library.registry, documents, library.now)
        result = read_header(content, path, library.registry)
        if isinstance(result, RejectedSource):
            raise _as_errors(content, result.diagnostics + check_rejected(result, references))
        source, header = result
        header = as_if_published(header) if library.shows_drafts else header
        document, diagnostics = resolve_source(source, header, references)
        if diagnostics := diagnostics + self._apply_rules(content, path, read_levels(self.build.publications)):
            raise _as_errors(content, diagnostics)
        if document.url != last.url or not document.is_live(library.now):
            return None
        return rerender_page(self.build[PLAN], *page_variables(document, self.build))

    def _apply_rules(self, content: Path, path: PurePosixPath, levels: Levels) -> list[Diagnostic]:
        manuscript = read_manuscript(content, path)
        content_type = content_type_of(manuscript, path, self.library.registry) if manuscript else "partner"
        if manuscript is None or content_type == "partner":
            return []
        results = apply_rules(manuscript, levels, urgent=content_type == "notice")
        root = PurePosixPath(content.name)
        return [replace(result, path=result.path.relative_to(root)) for result in results if result.severity == "error"]


def _as_errors(content: Path, diagnostics: list[Diagnostic]) -> ContentErrors:
    return ContentErrors(replace(diagnostic, path=PurePosixPath(content.name) / diagnostic.path) for diagnostic in diagnostics)
