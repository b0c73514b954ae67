"""A document read again while an editor writes it: its page, or what is wrong with it, some hundredths of a second after it was saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from plugins.checks.inspection import judge, kind_of
from plugins.checks.levels import Levels, read_levels
from plugins.checks.manuscript import read_manuscript
from plugins.frontmatter.answers import Answers
from plugins.frontmatter.drafts import Refused, as_if_published, finish, look_at, read_head
from plugins.frontmatter.faults import ContentFaults, Fault
from plugins.frontmatter.library import Library
from plugins.frontmatter.reader import SETTING as LIBRARY
from plugins.incremental.resident import Page, again
from plugins.publications.documents import page_of


@dataclass(frozen=True)
class Rereading:
    """What the last build knew: Pelican's ``settings``, with library and plan in them."""

    settings: Mapping[str, Any]

    @property
    def library(self) -> Library:
        """The documents as they were read."""
        library: Library = self.settings[LIBRARY]
        return library

    def page(self, path: PurePosixPath) -> Page | None:
        """Return the page of the source at ``path`` (below ``content/``) as it is now; None if only a whole build can tell.

        Raises `ContentFaults` with every fault of this source.
        """
        library, content = self.library, Path(self.settings["PATH"])
        before = library.documents.get(path)
        if before is None or before.kind == "issue":
            return None
        answers = Answers(content, library.registry, {str(path): known for path, known in library.documents.items()}, library.now)
        found = read_head(content, path, library.registry)
        if isinstance(found, Refused):
            raise _faults(content, found.faults + look_at(found, answers))
        source, head = found
        head = as_if_published(head) if library.shows_drafts else head
        document, faults = finish(source, head, answers)
        if faults := faults + self._rules(content, path, read_levels(Path(self.settings["PUBLICATIONS"]))):
            raise _faults(content, faults)
        if document.url != before.url or not document.is_live(library.now):
            return None
        return again(self.settings, *page_of(document, self.settings))

    def _rules(self, content: Path, path: PurePosixPath, levels: Levels) -> list[Fault]:
        source = read_manuscript(content, path)
        kind = kind_of(source, path, self.library.registry) if source else "partner"
        if source is None or kind == "partner":
            return []
        found = judge(source, levels, urgent=kind == "notice")
        below = PurePosixPath(content.name)
        return [replace(f.fault, path=f.fault.path.relative_to(below)) for f in found if f.level == "error"]


def _faults(content: Path, faults: list[Fault]) -> ContentFaults:
    return ContentFaults(replace(fault, path=PurePosixPath(content.name) / fault.path) for fault in faults)
