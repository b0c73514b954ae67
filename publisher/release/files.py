"""Writes files of the store and of a mirror whole or not at all, and lets one program at a time do so."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import IO, Any

_STEP = 0.1
"""Seconds between two tries for a lock. `flock` itself would wait without an end."""


def take_lock(file: IO[Any], seconds: float) -> bool:
    """Take the lock of an open file (flock(2)); tell whether it was free within ``seconds``. The kernel gives it back when all that have it open have ended."""
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(_STEP)
        else:
            return True


def write_atomically(path: Path, data: bytes, *, mode: int = 0o644, is_durable: bool = True) -> None:
    """Write ``data`` beside ``path``, then rename: a reader sees the old bytes or the new ones. With ``is_durable`` they are on the disk before the rename.

    Raises `OSError`; then nothing is left beside ``path``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            if is_durable:
                stream.flush()
                os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
