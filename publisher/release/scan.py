"""Reads a built site: every file with its digest. Files that have not changed since the last scan are not read again."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from publisher.model.errors import PublisherError
from publisher.model.media import cache_control, media_type
from publisher.model.release import WELL_KNOWN, ReleasedFile, is_safe_path

Stamp = tuple[int, int, int, str]
"""Inode, modification time in ns, length in bytes, SHA-256: what a file was when it was read."""


@dataclass(frozen=True)
class Scan:
    """``files`` are sorted by path. ``stamps`` belong to the next scan."""

    files: tuple[ReleasedFile, ...]
    stamps: Mapping[str, Stamp]


def scan(site: Path, known: Mapping[str, Stamp]) -> Scan:
    """Return every file of ``site``. ``known`` are the stamps of the last scan.

    A file that was written within the last tick of the clock could change again without a new time; the build never writes into a published tree, so
    that a stamp is enough. Raises `PublisherError` for what no web server should show: links, devices, names with control characters, our own folder.
    """
    if not (site / "index.html").is_file():
        raise PublisherError(
            f"{site}: no built site here (index.html is missing). Run todoke build / サイトがありません。todoke build を先に"
        )
    files, stamps = [], {}
    for path, entry in _walk(site, ""):
        status = entry.stat(follow_symlinks=False)
        stamp = known.get(path)
        if stamp is None or stamp[:3] != (status.st_ino, status.st_mtime_ns, status.st_size):
            stamp = (status.st_ino, status.st_mtime_ns, status.st_size, digest(Path(entry.path)))
        stamps[path] = stamp
        files.append(ReleasedFile(path, stamp[3], status.st_size, media_type(path), cache_control(path)))
    return Scan(tuple(sorted(files, key=lambda file: file.path)), stamps)


@dataclass(frozen=True)
class FileRead:
    """One file as it was when it was read."""

    file: ReleasedFile
    stamp: Stamp
    data: bytes


def read_file(site: Path, path: str) -> FileRead | None:
    """Return one file of ``site``, read now; None if it is not there. Raises `PublisherError` for what no web server should show."""
    if not is_safe_path(path):
        raise PublisherError(f"{path!r}: a path that leads elsewhere / 別の場所を指しています")
    try:
        status = os.lstat(file := f"{site}/{path}")
        _require_publishable(path, status)
        with open(file, "rb", buffering=0) as stream:  # noqa: PTH123 - 10,000 times, while people wait
            data = stream.readall()
    except (FileNotFoundError, NotADirectoryError):
        return None
    sha256 = hashlib.sha256(data).hexdigest()
    stamp = (status.st_ino, status.st_mtime_ns, status.st_size, sha256)
    return FileRead(ReleasedFile(path, sha256, len(data), media_type(path), cache_control(path)), stamp, data)


def digest(file: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _walk(folder: Path, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            path = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(Path(entry.path), f"{path}/")
            else:
                _require_publishable(path, entry.stat(follow_symlinks=False))
                yield path, entry


def _require_publishable(path: str, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise PublisherError(f"{path}: not a plain file; a release has no links and no devices / 普通のファイルではありません")
    if path.startswith(WELL_KNOWN):
        raise PublisherError(f"{path}: the folder {WELL_KNOWN} belongs to the release itself / このフォルダーは公開版のためのものです")
    if not path.isprintable():  # `sha256sum --check` reads a line; a name with a line feed would forge one
        raise PublisherError(f"{path!r}: a name with control characters / 名前に制御文字があります")
