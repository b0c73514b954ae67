"""How files are put in place: replaced in one step, or linked where they came out as they were (same bytes, same time, no second copy)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def write_atomically(path: Path, data: bytes) -> None:
    """Write ``data`` beside ``path`` and move it there, so that readers see the old bytes or the new, never half. Its permissions stay.

    The one way in which the site's half replaces a file. Two processes may write the same file at once; the last one wins. If ``path`` is a link into
    another tree, the link is replaced and the other file stays. Raises `OSError`; then nothing is left beside ``path``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(data)
        if path.is_file() and not path.is_symlink():
            shutil.copymode(path, beside)
        os.replace(beside, path)  # noqa: PTH105 - the same call on every system, over an existing file
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def link_if_equal(file: Path, last: Path) -> bool:
    """If ``file`` came out as ``last`` is, let it be the same file. Return whether it did."""
    if last.is_symlink() or not last.is_file():
        return False
    new, old = file.stat(), last.stat()
    if (new.st_ino, new.st_dev) == (old.st_ino, old.st_dev):
        return True
    if new.st_size != old.st_size or file.read_bytes() != last.read_bytes():
        return False
    file.unlink()
    link(str(last), str(file))
    return True


def link(source: str, target: str) -> None:
    """Let ``target``, which is not there, be ``source``: a hard link where the file system has them, a copy with its time where not."""
    try:
        _link(source, target)
    except FileNotFoundError:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        _link(source, target)


def _link(source: str, target: str) -> None:
    try:
        _hard_link(source, target)
    except (FileExistsError, FileNotFoundError):
        raise
    except OSError:
        shutil.copy2(source, target)


def _hard_link(source: str, target: str) -> None:
    """Link the file itself, also where it is a link to another."""
    if os.link in os.supports_follow_symlinks:
        os.link(source, target, follow_symlinks=False)
    else:
        os.link(source, target)
