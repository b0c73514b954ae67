"""Files that came out as they were are the same files: same bytes, same modification time, no second copy on the disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Change:
    """How a new tree differs from the last: number of files in it, of HTML pages among them, of those new or with other bytes, of those no longer
    there.
    """

    files: int
    pages: int
    written: int
    removed: int


def share(last: Path, following: Path, parts: Iterable[str]) -> Change:
    """Let every file below ``following / part`` that equals its counterpart below ``last / part`` be that file."""
    files = pages = written = removed = 0
    for part in parts:
        before, after = dict(_names(str(last / part))), dict(_names(str(following / part)))
        other = [name for name, number in after.items() if before.get(name) != number]
        written += sum(not settle(following / part / name, last / part / name) for name in other)
        files += len(after)
        pages += sum(name.endswith(".html") for name in after) if part == "site" else 0
        removed += len(before.keys() - after.keys())
    return Change(files, pages, written, removed)


def _names(folder: str, below: str = "") -> Iterator[tuple[str, int]]:
    """Every file with its number on the disk: one number is one file."""
    try:
        entries = os.scandir(folder)
    except FileNotFoundError:
        return
    with entries:
        for entry in entries:
            if entry.is_dir():
                yield from _names(entry.path, f"{below}{entry.name}/")
            else:
                yield f"{below}{entry.name}", entry.inode() or hash(entry.path)


def settle(file: Path, last: Path) -> bool:
    """If ``file`` came out as ``last`` is, let it be the same file. Return whether it did."""
    if not last.is_file():
        return False
    new, old = file.stat(), last.stat()
    if (new.st_ino, new.st_dev) == (old.st_ino, old.st_dev):
        return True
    if new.st_size != old.st_size or file.read_bytes() != last.read_bytes():
        return False
    file.unlink()
    link(last, file)
    return True


def link(source: Path, target: Path) -> None:
    """Let ``target`` be ``source``: a hard link where the file system has them, a copy with its time where not."""
    _link(str(source), str(target))


def link_once(source: str, target: str) -> None:
    """Let ``target`` be ``source``, unless another page brought it already."""
    try:
        _link(source, target)
    except FileExistsError:
        return
    except FileNotFoundError:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        _link(source, target)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except (FileExistsError, FileNotFoundError):
        raise
    except OSError:
        shutil.copy2(source, target)
