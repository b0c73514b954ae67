"""The sources of a kept build: which documents there are, with which bytes they were read, and what the rules say of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from plugins.checks.inspection import hints, inspect_source
from plugins.checks.levels import Levels, read_levels
from plugins.checks.results import INSPECTION
from plugins.context import BuildContext
from plugins.frontmatter.library import Library
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.text_edits import NeedsWholeBuild
from plugins.inputs import InputFolder


@dataclass
class KeptSources:
    """``library`` are the documents as the build has them; an edit changes them in place."""

    library: Library
    build: BuildContext

    @cached_property
    def documents(self) -> dict[str, Document]:
        """All documents, by path as text."""
        return {str(path): document for path, document in self.library.documents.items()}

    @cached_property
    def digests(self) -> dict[PurePosixPath, bytes]:
        """What `is_changed` compares with. An edit that was brought in is added by its caller."""
        digests = self.library.digests
        assert isinstance(digests, dict)
        return digests

    @cached_property
    def _levels(self) -> Levels:
        return read_levels(self.build.publications)

    def is_changed(self, path: str) -> bool:
        """Tell whether the file has other bytes now. Raises `plugins.inputs.UnreadableInput`."""
        data = InputFolder(self.build.content).read(path)
        return hashlib.blake2b(data, digest_size=16).digest() != self.digests[PurePosixPath(path)]

    def path_of(self, file: Path) -> str:
        """Return the path below ``content/`` of a document that was there. Raises `NeedsWholeBuild` for anything else."""
        try:
            path = file.absolute().relative_to(self.build.content)
        except ValueError:
            raise NeedsWholeBuild(f"{file} is no source") from None
        if str(path) not in self.documents or not file.is_file() or file.is_symlink():
            raise NeedsWholeBuild(f"{path}: new, gone, or no document")
        return path.as_posix()

    def has_other_hints(self, path: PurePosixPath) -> bool:
        """Tell whether the rules say something else of the file now than they did in the build."""
        source = PurePosixPath(self.build.content.name) / path
        known = [each for each in self.build[INSPECTION].diagnostics if each.path == source]
        return hints(known) != hints(inspect_source(self.build.content, self.library.registry, self._levels, path))
