"""Locks of files, which the kernel drops when their process ends, even by SIGKILL. filelock does the same and takes 8 ms to load, 3 % of a build with nothing to do."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_STEP = 0.05
"""Seconds between two tries."""

_EXCHANGE = "exchange.lock"

_LONGEST_EXCHANGE = 2.0
"""Seconds. A build holds this lock while it exchanges two folders, which takes milliseconds; whoever waits longer has met a process that stands still."""


@contextmanager
def publish_lock(output: Path) -> Iterator[None]:
    """Hold the lock under which files of the public trees are put in place, for the length of the block.

    If it is not free in time, the block runs all the same: nothing may hold an emergency up. Raises `OSError`.
    """
    descriptor = os.open(output / _EXCHANGE, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
    try:
        acquire(descriptor, _LONGEST_EXCHANGE)
        yield
    finally:
        os.close(descriptor)


def acquire(descriptor: int, seconds: float) -> bool:
    """Take the lock of an open file; tell whether it was free within ``seconds``."""
    end = time.monotonic() + seconds
    while not _try(descriptor):
        if time.monotonic() >= end:
            return False
        time.sleep(_STEP)
    return True


def _try(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            raise
        return False
    return True
