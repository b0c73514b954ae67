"""A second tree beside the site, equal to it file by file, in which the next one is prepared: so that a build need not link again what is as it was.

1. `mirror` sees to it that the twin holds what the place holds, by the numbers of the files on the disk. Nothing is believed about it: whatever a
   killed build or somebody else left there is mended. Nearly always there is nothing to mend.
2. `apply_change` brings what was made into the twin, which then is the new site, whole.
3. The two are exchanged (`exchange`), and `apply_change` does the same in the other, which is the twin from now on.

When everything was made anew there is nothing to prepare: what was made takes the place as it is, and the twin is mirrored afterwards.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from plugins.builder.file_tree import Tree, inodes, list_files, stat_file
from plugins.builder.swap import swap_in
from plugins.files import link, link_if_equal


@dataclass(frozen=True)
class TreeChange:
    """How a new tree differs from the last one, by names: what is in it that was made now, of that what is new or has other bytes, and what is no
    longer there. ``kept`` was taken over without being made.
    """

    made: frozenset[str]
    kept: frozenset[str]
    written: frozenset[str]
    removed: frozenset[str]

    @property
    def files(self) -> Set[str]:
        """All that is in the new tree."""
        return self.made | self.kept


def compare_trees(before: Tree, last: Path, made: Path, kept: Set[str] = frozenset()) -> TreeChange:
    """Compare what was ``made`` with what lies at ``last``, which was seen as ``before``. What equals its counterpart becomes that file.

    Of a name that was both made and kept, what was made counts.
    """
    found = inodes(str(made))
    other = [name for name, number in found.items() if name not in before or before[name][2] != number]
    written = frozenset(name for name in other if not link_if_equal(made / name, last / name))
    kept = frozenset(kept - found.keys())
    return TreeChange(frozenset(found), kept, written, frozenset(before.keys() - found.keys() - kept))


@dataclass(frozen=True)
class StagingTree:
    """Where a tree lies: its ``place``, in which ``before`` was seen; its ``twin``; and ``old``, which is needed where there is no exchange."""

    place: Path
    twin: Path
    old: Path
    before: Tree

    def renew(self, made: Path, change: TreeChange) -> None:
        """Let the place hold what it holds and what was ``made``, as ``change`` tells, in one step. The twin has been mirrored; `follow` is due."""
        if change.kept:
            apply_change(change, made, self.twin, _move)
            swap_in(self.twin, self.place, self.old)
        elif made.exists():
            swap_in(made, self.place, self.old)

    def after(self, made: Path, change: TreeChange) -> Tree:
        """Return what the place will hold. Asked before it is renewed: from then on anybody may write there."""
        if not change.kept:
            return list_files(str(made))
        new = {name: seen for name in change.written if (seen := stat_file(f"{made}/{name}"))}
        return {name: seen for name, seen in self.before.items() if name not in change.removed} | new

    def follow(self, change: TreeChange) -> None:
        """Make the twin what the place became."""
        if change.kept:
            apply_change(change, self.place, self.twin, link)
        else:
            mirror(self.place, inodes(str(self.place)), self.twin)


def mirror(place: Path, files: Mapping[str, int], twin: Path) -> None:
    """Let ``twin`` hold ``files``, which lie in ``place`` and have these numbers on the disk, and nothing else."""
    there = inodes(str(twin))
    wrong = [name for name, number in there.items() if files.get(name) != number and not _alike(f"{place}/{name}", f"{twin}/{name}")]
    _remove(twin, wrong)
    for name in files.keys() - (there.keys() - set(wrong)):
        link(f"{place}/{name}", f"{twin}/{name}")


def apply_change(change: TreeChange, source: Path, target: Path, bring: Callable[[str, str], None]) -> None:
    """Make in ``target`` the changes that ``source`` holds. A file that is there is taken away first, never written through: others share it."""
    _remove(target, change.removed)
    for name in change.written:
        with suppress(FileNotFoundError):
            os.unlink(f"{target}/{name}")  # noqa: PTH108 - thousands of files: no object for each
        bring(f"{source}/{name}", f"{target}/{name}")


def _move(source: str, target: str) -> None:
    try:
        os.rename(source, target)  # noqa: PTH104 - see above
    except FileNotFoundError:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        os.rename(source, target)  # noqa: PTH104 - see above


def _alike(one: str, other: str) -> bool:
    """Tell whether two files pass for one where the file system has no links: same size, same time."""
    try:
        here, there = os.lstat(one), os.lstat(other)
    except OSError:
        return False
    return (here.st_size, here.st_mtime_ns) == (there.st_size, there.st_mtime_ns)


def _remove(folder: Path, names: Iterable[str]) -> None:
    """Remove files, and folders that are empty then."""
    for name in names:
        file = folder / name
        file.unlink(missing_ok=True)
        with suppress(OSError):  # not empty
            for above in file.parents:
                if above == folder:
                    break
                above.rmdir()
