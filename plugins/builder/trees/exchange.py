"""Puts what a build has made into the output: site, mail and announcements, each in one step, and what belongs to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from plugins.builder.options import MANIFEST
from plugins.builder.signals import signals_deferred
from plugins.builder.trees.file_tree import FileTree
from plugins.builder.trees.staging import StagingTree, TreeChange
from plugins.file_lock import publish_lock

STAGING = "staging"
ASIDE = "previous"
TREES = ("site", "mail", "announcements")
"""The folders of ``output/`` that others read."""


class Overtaken(Exception):
    """A notice went out by the fast path after this build had looked at the sources: its site would take the notice down again."""


@dataclass(frozen=True)
class Exchange:
    """What changes in each tree of ``output``, which holds ``files`` so far. ``folder`` holds what is new."""

    output: Path
    folder: Path
    files: Mapping[str, FileTree]
    changes: Mapping[str, TreeChange]

    def files_after(self) -> dict[str, FileTree]:
        """Return the files of the new trees."""
        return {tree: self._staging(tree).files_after(change) for tree, change in self.changes.items()}

    def prepare(self) -> None:
        """Bring the new files beside the published ones. Nothing is public yet."""
        for tree, change in self.changes.items():
            self._staging(tree).prepare(self.folder / tree, change)

    def complete(self) -> None:
        """Make the staging trees that are not there, for the next exchange. Raises `OSError`."""
        for tree in self.files:
            self._staging(tree).complete()

    def publish(self, is_overtaken: Callable[[], bool]) -> bool:
        """Exchange the trees, and tell whether what lies beside them, if anything, is equal to them again. Raises `Overtaken`; then nothing was exchanged."""
        with signals_deferred(), publish_lock(self.output):
            if is_overtaken():
                raise Overtaken
            for tree, change in self.changes.items():
                self._staging(tree).publish(self.folder / tree, change)
            # and what packages keep for their next build, such as the search index
            for state in (*self.folder.glob("*.json"), *self.folder.glob(MANIFEST)):
                state.replace(self.output / state.name)
        with suppress(OSError):  # the site is public; the next build mends the staging tree
            for tree, change in self.changes.items():
                self._staging(tree).follow(change)
            return True
        return False

    def _staging(self, tree: str) -> StagingTree:
        return StagingTree(self.output / tree, self.output / STAGING / tree, self.output / ASIDE / tree, self.files[tree])
