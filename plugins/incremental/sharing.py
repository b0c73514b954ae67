"""Files that came out as they were are the same files: same bytes, same modification time, no second copy on the disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

from .tree import Tree, numbers


@dataclass(frozen=True)
class Change:
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


def compare(before: Tree, last: Path, made: Path, kept: Set[str] = frozenset()) -> Change:
    """Compare what was ``made`` with what lies at ``last``, which was seen as ``before``. What equals its counterpart becomes that file.

    Of a name that was both made and kept, what was made counts.
    """
    found = numbers(str(made))
    other = [name for name, number in found.items() if name not in before or before[name][2] != number]
    written = frozenset(name for name in other if not settle(made / name, last / name))
    kept = frozenset(kept - found.keys())
    return Change(frozenset(found), kept, written, frozenset(before.keys() - found.keys() - kept))


def settle(file: Path, last: Path) -> bool:
    """If ``file`` came out as ``last`` is, let it be the same file. Return whether it did."""
    if last.is_symlink() or not last.is_file():
        return False
    new, old = file.stat(), last.stat()
    if (new.st_ino, new.st_dev) == (old.st_ino, old.st_dev):
        return True
    if new.st_size != old.st_size or file.read_bytes() != last.read_bytes():
        return False
    file.unlink()
    link(str(last), str(file))
    return True


def link(source: str, target: str) -> None:
    """Let ``target``, which is not there, be ``source``: a hard link where the file system has them, a copy with its time where not."""
    try:
        _link(source, target)
    except FileNotFoundError:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        _link(source, target)


def _link(source: str, target: str) -> None:
    try:
        _hard_link(source, target)
    except (FileExistsError, FileNotFoundError):
        raise
    except OSError:
        shutil.copy2(source, target)


def _hard_link(source: str, target: str) -> None:
    """Link the file itself, also where it is a link to another."""
    if os.link in os.supports_follow_symlinks:
        os.link(source, target, follow_symlinks=False)
    else:
        os.link(source, target)
