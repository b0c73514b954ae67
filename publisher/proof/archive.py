"""The zip of an audit pack: the same parts give the same bytes, whatever the clock says and in whatever order they came."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from publisher.model.errors import PublisherError

Part = bytes | Path
"""What lies at a path of the pack: bytes, or a file of this machine that is copied when the zip is written."""

SUMS = "SHA256SUMS"
FIRST = ("index.html", "README.txt")
"""Whoever opens the zip sees them first; the other parts follow by name."""

_BLOCK = 1 << 20


def write_zip(target: Path, parts: Mapping[str, Part], day: dt.date) -> int:
    """Write the parts and, last, `SUMS` over them, whole or not at all; ``day`` is the time of every part. Return the length in bytes.

    Raises `PublisherError` if the target or a part cannot be written or read.
    """
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=6, strict_timestamps=True) as archive:
            sums = [f"{_add(archive, path, parts[path], day)}  {path}\n" for path in sorted(parts, key=_sort_key)]
            _add(archive, SUMS, "".join(sums).encode(), day)
        temporary.replace(target)
    except OSError as error:
        raise PublisherError(f"{error.filename or target}: {error.strerror or error} / 読み書きできません") from error
    finally:
        temporary.unlink(missing_ok=True)
    return target.stat().st_size


def _sort_key(path: str) -> tuple[int, str]:
    return (FIRST.index(path) if path in FIRST else len(FIRST), path)


def _add(archive: zipfile.ZipFile, path: str, part: Part, day: dt.date) -> str:
    """Write one part and return its SHA-256 in hex. The time, the system and the mode are the same on every machine."""
    if not PurePosixPath(path).parts or ".." in PurePosixPath(path).parts or path.startswith("/"):
        raise PublisherError(f"{path!r}: no path of a pack / 使えない名前です")
    entry = zipfile.ZipInfo(path, (max(day.year, 1980), day.month, day.day, 0, 0, 0))
    entry.create_system, entry.external_attr, entry.compress_type = 3, 0o100644 << 16, zipfile.ZIP_DEFLATED  # 3: Unix, whose modes follow
    digest = hashlib.sha256()
    with archive.open(entry, "w", force_zip64=True) as stream:
        if isinstance(part, bytes):
            digest.update(part)
            stream.write(part)
        else:
            with part.open("rb") as source:
                while block := source.read(_BLOCK):
                    digest.update(block)
                    stream.write(block)
    return digest.hexdigest()
