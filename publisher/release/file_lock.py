"""Locks of open files (flock(2)), which the kernel drops when all that have the file open have ended, also after SIGKILL.

Windows has no such locks, and no link that is exchanged by one rename: who makes or delivers releases needs Linux or macOS, and is told so before anything
is written. What only reads a store (`todoke releases`, `verify`, `reproduce`, `audit-pack`) runs there.
"""

from __future__ import annotations

import time
from types import ModuleType
from typing import IO, Any

from publisher.model.errors import PublisherError

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]

_STEP = 0.1
"""Seconds between two tries for a lock. `flock` itself would wait without an end."""


def take_lock(file: IO[Any], seconds: float) -> bool:
    """Take the lock of an open file; tell whether it was free within ``seconds``. Raises `PublisherError` on Windows."""
    locks, end = _require_posix(), time.monotonic() + seconds
    while True:
        try:
            locks.flock(file, locks.LOCK_EX | locks.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(_STEP)
        else:
            return True


def share_lock(file: IO[Any]) -> None:
    """Take the lock of an open file beside others who share it; wait until nobody has it alone. Raises `PublisherError` on Windows."""
    locks = _require_posix()
    locks.flock(file, locks.LOCK_SH)


def _require_posix() -> ModuleType:
    if fcntl is None:
        raise PublisherError(
            "releases are made and delivered on Linux or macOS only: Windows lacks the locks and links that keep readers from half a site "
            "/ 公開版の作成と公開はLinuxかmacOSで行ってください（Windowsでは動きません）"
        )
    return fcntl
