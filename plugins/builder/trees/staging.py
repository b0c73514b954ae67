"""A second tree beside a published one, equal to it file by file, in which the next one is prepared: a build links only the files that it changes.

1. `mirror` makes the staging tree equal to the published one, by the inode numbers of the files. Nothing about the staging tree is believed: whatever
   a killed build or somebody else left in it is mended. Nearly always it is equal already.
2. `apply_change` brings the new files into the staging tree, which then is the next site, whole.
3. The two are exchanged (`plugins.builder.trees.swap`), and `apply_change` makes the same change in the other one, which is the staging tree from now on.

When nothing was taken over, there is nothing to prepare: the new folder is exchanged itself, and there is no staging tree until a build needs one. A build
by itself (in a CI, for `todoke build --verify`) never does; an edit makes it in the process that scans the output, while its own process loads.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from plugins.builder.trees.file_tree import FileTree, list_files, list_inodes
from plugins.builder.trees.swap import swap_in
from plugins.files import enter, link, link_if_equal


@dataclass(frozen=True)
class TreeChange:
    """How a new tree differs from the published one, by names of files.

    ``built`` files were made by this run, ``kept`` files are taken over. ``changed`` are those of ``built`` that are new or have other bytes;
    ``removed`` are in the published tree and not in the new one. ``stats`` are those of ``built``: the folder is walked once.
    """

    built: frozenset[str]
    kept: frozenset[str]
    changed: frozenset[str]
    removed: frozenset[str]
    stats: FileTree

    @property
    def files(self) -> Set[str]:
        """All files of the new tree."""
        return self.built | self.kept


def compare_trees(published_files: FileTree, published: Path, built: Path, kept: Set[str] = frozenset()) -> TreeChange:
    """Compare the folder ``built`` with ``published``, which holds ``published_files``. A built file that equals a published one becomes a link to it.

    A name that is both built and kept counts as built.
    """
    stats = list_files(str(built))
    unlinked = [name for name, (_, _, inode) in stats.items() if name not in published_files or published_files[name][2] != inode]
    changed = frozenset(name for name in unlinked if name not in published_files or not link_if_equal(built / name, published / name))
    stats |= {name: published_files[name] for name in unlinked if name not in changed}
    kept = frozenset(kept - stats.keys())
    return TreeChange(frozenset(stats), kept, changed, frozenset(published_files.keys() - stats.keys() - kept), stats)


@dataclass(frozen=True)
class StagingTree:
    """The folders of one tree: the ``published`` one with its files as they were found, the ``staging`` one, and ``aside`` for `swap_in`."""

    published: Path
    staging: Path
    aside: Path
    published_files: FileTree

    def prepare(self, built: Path, change: TreeChange) -> None:
        """Bring the new files into ``staging``, which is mirrored before. Nothing is public yet: whatever fails here leaves the site as it was."""
        if change.kept:
            self.complete()
            apply_change(change, built, self.staging, _move)

    def complete(self) -> None:
        """Make the staging tree if there is none. One that is there is believed to be mirrored."""
        if not self.staging.is_dir():
            mirror(self.published, {name: inode for name, (_, _, inode) in self.published_files.items()}, self.staging)

    def publish(self, built: Path, change: TreeChange) -> None:
        """Let ``published`` hold the new tree that `prepare` made, in one step. Afterwards `follow` is due."""
        if change.kept:
            swap_in(self.staging, self.published, self.aside)
        elif built.exists():
            swap_in(built, self.published, self.aside)

    def files_after(self, change: TreeChange) -> FileTree:
        """Return the files of the new tree as this build made them. If somebody alters one afterwards, the next build notices."""
        if not change.kept:
            return change.stats
        changed = {name: change.stats[name] for name in change.changed}
        return {name: stat for name, stat in self.published_files.items() if name not in change.removed} | changed

    def follow(self, change: TreeChange) -> None:
        """Make ``staging`` equal to ``published`` again; remove it if the tree is new as a whole. Raises `OSError`."""
        if change.kept:
            apply_change(change, self.published, self.staging, link)
        elif self.staging.is_dir():
            shutil.rmtree(self.staging)


def mirror(published: Path, inodes: Mapping[str, int], staging: Path) -> None:
    """Let ``staging`` hold links to the files of ``published``, whose ``inodes`` are given, and nothing else."""
    staged = list_inodes(str(staging))
    wrong = [
        name
        for name, inode in staged.items()
        if inodes.get(name) != inode and not _is_same_copy(f"{published}/{name}", f"{staging}/{name}")
    ]
    _remove(staging, wrong)
    folders = set[str]()
    for name in inodes.keys() - (staged.keys() - set(wrong)):
        enter(str(staging), name.rpartition("/")[0], folders)
        link(f"{published}/{name}", f"{staging}/{name}")


def apply_change(change: TreeChange, source: Path, target: Path, transfer: Callable[[str, str], None]) -> None:
    """Make ``change`` in ``target`` with the files of ``source``. An old file is unlinked, never written through: the other tree shares it."""
    _remove(target, change.removed)
    for name in change.changed:
        with suppress(FileNotFoundError):
            os.unlink(f"{target}/{name}")  # noqa: PTH108 - thousands of files: no object for each
        transfer(f"{source}/{name}", f"{target}/{name}")


def _move(source: str, target: str) -> None:
    try:
        os.rename(source, target)  # noqa: PTH104 - see above
    except FileNotFoundError:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        os.rename(source, target)  # noqa: PTH104 - see above


def _is_same_copy(first: str, second: str) -> bool:
    """Tell whether two files are the same where the file system has no links, and `plugins.files.link` copied: same size, same time."""
    try:
        first_stat, second_stat = os.lstat(first), os.lstat(second)
    except OSError:
        return False
    return (first_stat.st_size, first_stat.st_mtime_ns) == (second_stat.st_size, second_stat.st_mtime_ns)


def _remove(folder: Path, names: Iterable[str]) -> None:
    """Remove files, and the folders that are empty then."""
    for name in names:
        file = folder / name
        file.unlink(missing_ok=True)
        with suppress(OSError):  # not empty
            for parent in file.parents:
                if parent == folder:
                    break
                parent.rmdir()
