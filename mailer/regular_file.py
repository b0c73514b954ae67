"""Reading a whole file that is one: a pipe in its place would be waited for, and a device may have no end."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
"""Opening a pipe that nobody writes does not wait; a terminal does not become ours (POSIX.1-2017, open)."""


def read_bytes(path: Path) -> bytes:
    """Return the content of a regular file, or of one that a link leads to.

    :raises FileNotFoundError: there is none.
    :raises OSError: it cannot be read, or is a pipe, a device, a socket or a folder.
    """
    descriptor = os.open(path, FLAGS)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a file but a pipe, a device or a folder", str(path))
    with os.fdopen(descriptor, "rb") as file:
        return file.read()
