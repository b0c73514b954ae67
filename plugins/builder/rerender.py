"""A document read again while an editor writes it: its page, or what is wrong with it, some hundredths of a second after it was saved."""

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
from plugins.files import write_atomically
from plugins.frontmatter.library import LIBRARY, Library
from plugins.frontmatter.parse.parser import RejectedSource, as_if_published, check_rejected, read_header, resolve_source
from plugins.frontmatter.parse.references import ReferenceResolver
from plugins.incremental.plan import PLAN, RenderPlan
from plugins.publications.document_pages import page_variables


@dataclass(frozen=True)
class RenderedPage:
    """A page that was made again: its file relative to the site, and its HTML."""

    name: str
    html: str

    def put(self, site: Path) -> None:
        """Put it into ``site``, whole or not at all; never through a link into another tree."""
        write_atomically(site / self.name, self.html.encode())


def rerender_page(plan: RenderPlan, name: str, own: Mapping[str, Any]) -> RenderedPage | None:
    """Render the page ``name`` of the last build with other values of its ``own``; None if there was no such page."""
    entry = plan.now.pages.get(name)
    if entry is None or plan.view is None:
        return None
    environment, context = plan.view
    return RenderedPage(name, environment.get_template(entry.template).render({**context, "output_file": name, **own}))


@dataclass(frozen=True)
class Rerenderer:
    """Keeps the context of the last build, with its library and plan."""

    build: BuildContext

    @property
    def library(self) -> Library:
        """The documents as they were read."""
        return self.build[LIBRARY]

    def page(self, path: PurePosixPath) -> RenderedPage | None:
        """Return the page of the source at ``path`` (below ``content/``) as it is now; None if only a whole build can tell.

        Raises `ContentErrors` with every fault of this source.
        """
        library, content = self.library, self.build.content
        before = library.documents.get(path)
        if before is None or before.kind == "issue":
            return None
        answers = ReferenceResolver(content, library.registry, {str(path): known for path, known in library.documents.items()}, library.now)
        found = read_header(content, path, library.registry)
        if isinstance(found, RejectedSource):
            raise _faults(content, found.faults + check_rejected(found, answers))
        source, head = found
        head = as_if_published(head) if library.shows_drafts else head
        document, faults = resolve_source(source, head, answers)
        if faults := faults + self._rules(content, path, read_levels(self.build.publications)):
            raise _faults(content, faults)
        if document.url != before.url or not document.is_live(library.now):
            return None
        return rerender_page(self.build[PLAN], *page_variables(document, self.build))

    def _rules(self, content: Path, path: PurePosixPath, levels: Levels) -> list[Diagnostic]:
        source = read_manuscript(content, path)
        kind = content_type_of(source, path, self.library.registry) if source else "partner"
        if source is None or kind == "partner":
            return []
        found = apply_rules(source, levels, urgent=kind == "notice")
        below = PurePosixPath(content.name)
        return [replace(each, path=each.path.relative_to(below)) for each in found if each.severity == "error"]


def _faults(content: Path, faults: list[Diagnostic]) -> ContentErrors:
    return ContentErrors(replace(fault, path=PurePosixPath(content.name) / fault.path) for fault in faults)
