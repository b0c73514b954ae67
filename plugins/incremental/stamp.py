"""Is everything as it was when the last build ended? Answered from sizes and times, without reading a source or loading a library.

A stamp names all that a build depends on (sources, theme, code, versions, the order itself), all that it wrote, and the bounds within which the
moment makes no difference. If it still holds, there is nothing to do.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .present import Bounds, read_bounds

FORMAT = 1
_UNSETTLED = 3_000_000_000
"""Nanoseconds. A file changed so short a time ago may change again within one tick of the file system's clock (2 s on FAT), so it is read as well."""


@dataclass(frozen=True)
class Stamp:
    """``places`` are the files and folders that were read; ``inputs``, looked at in the moment ``taken`` (ns), and ``outputs`` are digests; ``bounds`` as above; ``report`` is what the build told, as
    JSON holds it.
    """

    taken: int
    places: tuple[str, ...]
    inputs: str
    outputs: str
    bounds: Bounds
    report: Mapping[str, Any]

    def save(self, path: Path) -> None:
        """Write it, whole or not at all."""
        data = vars(self) | {"format": FORMAT, "bounds": self.bounds.spoken(), "report": dict(self.report)}
        unfinished = path.with_suffix(".part")
        unfinished.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        unfinished.replace(path)


def load_stamp(path: Path) -> Stamp | None:
    """Return the last build's stamp; None if there is none or it cannot be read."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            return None
        return Stamp(data["taken"], tuple(data["places"]), data["inputs"], data["outputs"], read_bounds(*data["bounds"]), data["report"])
    except (OSError, ValueError, LookupError, TypeError):
        return None


def inputs(places: Iterable[str], said: str, taken: int) -> str:
    """Return the digest of all files at ``places`` (files or folders, also such as are not there), of the installed versions, and of ``said``.

    Of files that changed shortly before ``taken`` (ns) the bytes are read as well.
    """
    hasher = hashlib.blake2b(digest_size=16)
    hasher.update(f"{said}\0{sys.version}\0{sys.platform}\0".encode())
    for installed in filter(None, map(_versions, sys.path)):
        hasher.update("\0".join(installed).encode() + b"\1")
    return _digest(hasher, places, taken)


def outputs(places: Iterable[str], *, named: bool = True) -> str:
    """Return the digest of what lies at ``places``, by sizes and times alone: only builds write there. ``named`` says that it matters where."""
    return _digest(hashlib.blake2b(digest_size=16), places, sys.maxsize, named=named)


def _digest(hasher: Any, places: Iterable[str], taken: int, *, named: bool = True) -> str:
    for place in places:
        hasher.update(f"{place if named else ''}\0".encode("utf-8", "surrogateescape"))
        hasher.update("".join(listing(place, taken)).encode("utf-8", "surrogateescape"))
    return str(hasher.hexdigest())


def listing(place: str, taken: int) -> Iterator[str]:
    """Yield a line for every file at or below ``place``: its path, size and time; of one that changed just before ``taken`` (ns) its digest too."""
    try:
        entries = sorted(os.scandir(place), key=lambda entry: entry.name)
    except NotADirectoryError:
        yield _line("", place, os.stat(place), taken)  # noqa: PTH116 - thousands of files: no object for each
        return
    except FileNotFoundError:
        yield "gone\0"
        return
    for entry in entries:
        if entry.name == "__pycache__":
            continue
        if entry.is_dir():
            yield f"{entry.name}(\0"
            yield from listing(entry.path, taken)
            yield ")\0"
        else:
            yield _line(entry.name, entry.path, entry.stat(), taken)


def _line(name: str, path: str, stat: os.stat_result, taken: int) -> str:
    line = f"{name}\0{stat.st_size} {stat.st_mtime_ns}\0"
    if taken - stat.st_mtime_ns > _UNSETTLED:
        return line
    return line + hashlib.blake2b(Path(path).read_bytes(), digest_size=16).hexdigest()


def _versions(folder: str) -> list[str]:
    """The names of installed distributions carry their versions."""
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith((".dist-info", ".egg-info", ".pth")))  # noqa: PTH208 - see above
    except OSError:
        return []
