"""The file system of a mirror, as `publisher.targets.tree` needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

Stamp = tuple[int, int]
"""Length in bytes and modification time in seconds: on a mirror, a file's time is that of its content's first release."""

NO_FILE: Stamp = (-1, -1)
"""The stamp of a link, a device, or whatever else is no plain file."""


@dataclass(frozen=True)
class Walk:
    """What lies in a folder, by path below it. ``touched`` were written or altered after the moment that was asked for, whatever time they show."""

    stamps: Mapping[str, Stamp]
    touched: frozenset[str] = frozenset()


@dataclass(frozen=True)
class FileCopy:
    """A file to bring: ``source`` here, its path there, and an earlier version of it, here and there, from which a server may copy what has not changed."""

    source: Path
    target: str
    earlier: tuple[Path, str] | None = None


class Files(Protocol):
    """The file system of a mirror. Paths are relative to its root, with ``/``. Every method raises `TargetError`."""

    is_near: bool
    """Whether a walk through everything costs so little that each delivery makes one."""

    async def read(self, path: str) -> bytes | None:
        """Return a file's bytes, or None if there is none."""

    async def write(self, files: Mapping[str, bytes]) -> None:
        """Write small files, each whole or not at all; missing folders are made."""

    async def copy(self, files: Sequence[FileCopy], done: Callable[[], None], *, is_seen: bool) -> None:
        """Bring files of this machine to paths there; an old file of that name is replaced, not written into.

        If readers see these paths (``is_seen``), each is whole or not there at any moment; otherwise a cut may leave a part of a file, with another length or
        time than the whole one.
        """

    async def link(self, pairs: Sequence[tuple[str, str]], done: Callable[[], None]) -> list[tuple[str, str]]:
        """Make second names of files (hard links); an old file is replaced. Return the pairs for which that could not be done."""

    async def stamps(self, paths: Sequence[str]) -> dict[str, Stamp]:
        """Return length and modification time of those of ``paths`` that are plain files."""

    async def digests(self, paths: Sequence[str]) -> dict[str, str]:
        """Return the SHA-256 of those of ``paths`` that are plain files. Every byte is read."""

    async def walk(self, path: str, since: int) -> Walk:
        """Return everything below a folder that is no folder itself, without following links. ``since`` is an earlier `moment`."""

    async def moment(self) -> int:
        """Return the time by the clock of the file system, in ns; 0 where that cannot be known."""

    async def remove(self, paths: Iterable[str]) -> None:
        """Remove files, and folders that are empty afterwards. A missing one is no error."""

    async def remove_tree(self, path: str) -> None:
        """Remove a folder with everything in it. A missing one is no error."""

    async def read_link(self, path: str) -> str | None:
        """Return where a symbolic link leads, or None."""

    async def switch(self, path: str, destination: str) -> None:
        """Make ``path`` a symbolic link to ``destination`` in one step, whatever it was before."""

    async def close(self) -> None:
        """Give up the connection."""

    def abort(self) -> None:
        """Give up the connection at once, without a word to the other side."""


def stamp(file: Path) -> Stamp:
    """Return the stamp that a copy of ``file`` has on a mirror."""
    status = file.stat()
    return status.st_size, int(status.st_mtime)
