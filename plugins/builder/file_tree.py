"""The files of a folder as one walk meets them: no object for each, nothing is read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

FileStat = tuple[int, int, int]
"""Of one file: bytes, modification time in ns, and its number on the disk: one number is one file."""

Tree = Mapping[str, FileStat]
"""What lies in a folder, by the name below it."""

StampedFiles = Mapping[str, list[int]]
"""Of every file bytes and time, as JSON holds them."""


def list_files(folder: str) -> dict[str, FileStat]:
    """Return every file below ``folder``; nothing if there is no such folder."""
    return {name: _seen(entry) for name, entry in _walk(folder)}


def stat_file(file: str) -> FileStat | None:
    """Return one file; None if there is none."""
    try:
        stat = os.lstat(file)
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns, stat.st_ino


def inodes(folder: str) -> dict[str, int]:
    """Return the number on the disk of every file below ``folder``: much less work than sizes and times."""
    return {name: _number(entry) for name, entry in _walk(folder)}


def without_inodes(tree: Tree) -> dict[str, list[int]]:
    """Return what a stamp keeps of ``tree``: a file's number means nothing once it is gone."""
    return {name: [size, time] for name, (size, time, _) in tree.items()}


def below(told: StampedFiles, folder: str) -> dict[str, list[int]]:
    """Return the part of ``without_inodes`` that lies in ``folder``, by the names below it."""
    start = f"{folder}/"
    return {name.removeprefix(start): seen for name, seen in told.items() if name.startswith(start)}


def _seen(entry: os.DirEntry[str]) -> FileStat:
    stat = entry.stat(follow_symlinks=False)
    return stat.st_size, stat.st_mtime_ns, _number(entry)


def _number(entry: os.DirEntry[str]) -> int:
    return entry.inode() or hash(entry.path)  # a file system without numbers: no two files are the same


def _walk(folder: str, below: str = "") -> Iterator[tuple[str, os.DirEntry[str]]]:
    waiting = [(folder, below)]
    while waiting:
        place, above = waiting.pop()
        try:
            entries = os.scandir(place)
        except FileNotFoundError:
            continue
        with entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):  # nothing of ours is behind a link
                    waiting.append((entry.path, f"{above}{entry.name}/"))
                else:
                    yield f"{above}{entry.name}", entry
