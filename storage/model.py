"""What every storage can do."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

TEMPORARY = ".part-"
"""Begins the name of a file that is being written: it is in no list."""


class StorageError(Exception):
    """A storage cannot be reached, or refuses. The message says which, why, and what to do, in English and Japanese."""


class Storage(Protocol):
    """Files by path, with ``/`` between folders. Every method raises `StorageError`.

    tests/storage/test_storages.py must pass for every implementation.
    """

    name: str

    async def create(self, path: str, data: bytes) -> bool:
        """Create a file whole, unless there is one of that path: then return False and leave it alone. Of two at once, one succeeds."""

    async def read(self, path: str) -> bytes | None:
        """Return a small file, or None if there is none."""

    async def names(self, folder: str, after: str = "") -> list[str]:
        """Return the paths of all files below a folder, relative to it and sorted, that come behind ``after``. Every file created before is among them."""

    async def sizes(self, folder: str) -> dict[str, int]:
        """Return the bytes of each file below a folder, by its path relative to it."""

    async def upload(self, source: Path, path: str) -> None:
        """Copy a file there, whole or not at all; an older one of that path is replaced."""

    async def download(self, path: str, target: Path) -> None:
        """Copy a file from there. ``target`` may be written in part if this fails."""

    async def remove(self, path: str) -> None:
        """Remove a file, if it is there."""

    async def close(self) -> None:
        """Give up connections."""


def is_behind(path: str, after: str) -> bool:
    """Whether something below the folder ``path`` (it ends with ``/``), or the file of that path, can come behind ``after``."""
    return path > after or (path.endswith("/") and after.startswith(path))
