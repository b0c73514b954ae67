"""Is everything as it was when the last build ended? Answered from sizes and times, without reading a source or loading a library.

A stamp names all that a build depends on (sources, theme, code, versions, the order itself), all that it wrote, and the bounds within which the
moment makes no difference. If it still holds, there is nothing to do. If not, it still tells which files of the site are as they were written.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plugins.builder.file_tree import StampedFiles
from plugins.clock import ValidityInterval, parse_interval
from plugins.files import write_atomically

FORMAT = 2
_UNSETTLED = 3_000_000_000
"""Nanoseconds. A file changed so short a time ago may change again within one tick of the file system's clock (2 s on FAT), so it is read as well."""


@dataclass(frozen=True)
class BuildRecord:
    """``places`` are the files and folders that were read; ``input_digests`` is their digest, looked at in the moment ``taken`` (ns); ``outputs`` are the
    files that lay in the output afterwards; ``bounds`` as above; ``report`` is what the build told, as JSON holds it.
    """

    taken: int
    places: tuple[str, ...]
    inputs: str
    outputs: StampedFiles
    bounds: ValidityInterval
    report: Mapping[str, Any]

    def save(self, path: Path) -> None:
        """Write it, whole or not at all."""
        data = vars(self) | {"format": FORMAT, "bounds": self.bounds.as_text(), "report": dict(self.report)}
        write_atomically(path, json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode())


def load_record(path: Path) -> BuildRecord | None:
    """Return the last build's stamp; None if there is none or it cannot be read."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            return None
        return BuildRecord(
            data["taken"], tuple(data["places"]), data["inputs"], data["outputs"], parse_interval(*data["bounds"]), data["report"]
        )
    except (OSError, ValueError, LookupError, TypeError):
        return None


def input_digests(places: Iterable[str], said: str, *taken: int) -> list[str]:
    """Return the digest of all files at ``places`` (files or folders, also such as are not there), of the installed versions, and of ``said``.

    Of files that changed shortly before ``taken`` (ns) the bytes are read as well; one digest for each moment that is ``taken``, from one walk.
    """
    start = f"{said}\0{sys.version}\0{sys.platform}\0".encode()
    start += b"".join("\0".join(installed).encode() + b"\1" for installed in filter(None, map(_versions, sys.path)))
    hashers = [(moment, hashlib.blake2b(start, digest_size=16)) for moment in taken]
    for place in places:
        _add(hashers, [f"{place}\0"])
        _list(place, hashers)
    return [str(hasher.hexdigest()) for _, hasher in hashers]


def _add(hashers: Iterable[tuple[int, Any]], lines: Sequence[str]) -> None:
    told = "".join(lines).encode("utf-8", "surrogateescape")
    for _, hasher in hashers:
        hasher.update(told)


def _list(place: str, hashers: Sequence[tuple[int, Any]]) -> None:
    """Put a line for every file at or below ``place`` into the digests: its path, size and time; of one that changed just before, its digest too."""
    lines = list[str]()
    first = min((moment for moment, _ in hashers), default=0)
    for line, path, time in listing(place):
        lines.append(line)
        if first - time <= _UNSETTLED:
            _add(hashers, lines)
            lines = []
            _add([(moment, hasher) for moment, hasher in hashers if moment - time <= _UNSETTLED], [_digest(path)])
    _add(hashers, lines)


def _digest(path: str) -> str:
    return hashlib.blake2b(Path(path).read_bytes(), digest_size=16).hexdigest()


_NO_FILE = -1 << 62
"""A time that is not young."""


def listing(place: str) -> Iterator[tuple[str, str, int]]:
    """Yield a line for every file at or below ``place``, in a fixed order, with its path and time; of what is no file the line alone counts."""
    try:
        entries = sorted(os.scandir(place), key=lambda entry: entry.name)
    except NotADirectoryError:
        yield _line("", place, os.stat(place))  # noqa: PTH116 - thousands of files: no object for each
        return
    except FileNotFoundError:
        yield "gone\0", "", _NO_FILE
        return
    for entry in entries:
        if entry.name == "__pycache__":
            continue
        if entry.is_dir():
            yield f"{entry.name}(\0", "", _NO_FILE
            yield from listing(entry.path)
            yield ")\0", "", _NO_FILE
        else:
            yield _line(entry.name, entry.path, entry.stat())


def _line(name: str, path: str, stat: os.stat_result) -> tuple[str, str, int]:
    return f"{name}\0{stat.st_size} {stat.st_mtime_ns}\0", path, stat.st_mtime_ns


def _versions(folder: str) -> list[str]:
    """The names of installed distributions carry their versions."""
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith((".dist-info", ".egg-info", ".pth")))  # noqa: PTH208 - see above
    except OSError:
        return []
