"""Which files of ``content/`` are documents, with size and time: one walk, no object for each file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

NOT_SOURCES = frozenset({"images", "files", "data"})
"""Folders of ``content/`` that hold no documents."""


@dataclass(frozen=True)
class Seen:
    """A file as the walk met it: bytes, and modification time in ns."""

    size: int
    time: int


def scan(content: Path) -> dict[str, Seen]:
    """Return every Markdown file that is a document, by its path below ``content``, in the order of the paths' parts."""
    found = dict(_walk(str(content), ""))
    return {path: found[path] for path in sorted(found, key=lambda path: path.split("/"))}


def find_sources(content: Path) -> list[PurePosixPath]:
    """Return every Markdown file that is a document, in a fixed order."""
    return list(map(PurePosixPath, scan(content)))


def _walk(folder: str, below: str) -> Iterator[tuple[str, Seen]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if below or entry.name not in NOT_SOURCES:
                    yield from _walk(entry.path, f"{below}{entry.name}/")
            elif entry.name.endswith(".md"):
                stat = entry.stat()
                yield f"{below}{entry.name}", Seen(stat.st_size, stat.st_mtime_ns)
