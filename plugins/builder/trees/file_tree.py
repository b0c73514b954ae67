"""Lists the files of a folder in one walk: no file is opened, and no object is made for each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

FileStat = tuple[int, int, int]
"""Size in bytes, modification time in ns, inode number. Two names with the same inode are the same file."""

FileTree = Mapping[str, FileStat]
"""The files below a folder, by their names relative to it, with slashes."""

FileTimes = Mapping[str, list[int]]
"""Size and modification time by name, as JSON holds them. An inode number is left out: the system gives it to another file later."""


def list_files(folder: str) -> dict[str, FileStat]:
    """Return every file below ``folder``; nothing if there is no such folder."""
    return {name: _stat_entry(entry) for name, entry in _walk(folder)}


def list_inodes(folder: str) -> dict[str, int]:
    """Return the inode number of every file below ``folder``. On Linux the directory holds it, so no file is asked for its size and time."""
    return {name: _inode(entry) for name, entry in _walk(folder)}


def without_inodes(tree: FileTree) -> dict[str, list[int]]:
    """Return ``tree`` as a build record keeps it, see `FileTimes`."""
    return {name: [size, time] for name, (size, time, _) in tree.items()}


def files_below(files: FileTimes, folder: str) -> dict[str, list[int]]:
    """Return those of ``files`` that lie in ``folder``, by their names relative to it."""
    prefix = f"{folder}/"
    return {name.removeprefix(prefix): times for name, times in files.items() if name.startswith(prefix)}


def _stat_entry(entry: os.DirEntry[str]) -> FileStat:
    stat = entry.stat(follow_symlinks=False)
    return stat.st_size, stat.st_mtime_ns, _inode(entry)


def _inode(entry: os.DirEntry[str]) -> int:
    return entry.inode() or hash(entry.path)  # a file system without inode numbers: no two names are the same file


def _walk(folder: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    pending = [(folder, "")]
    while pending:
        path, prefix = pending.pop()
        try:
            entries = os.scandir(path)
        except FileNotFoundError:
            continue
        with entries:
            for entry in entries:
                # A build makes no symbolic links. One that somebody made counts as a file: what it leads to is not ours.
                if entry.is_dir(follow_symlinks=False):
                    pending.append((entry.path, f"{prefix}{entry.name}/"))
                else:
                    yield f"{prefix}{entry.name}", entry
