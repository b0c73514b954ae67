"""Reads a whole file that is one, for all halves: a pipe in its place would be waited for, and a device may have no end."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
"""Opening a pipe that nobody writes does not wait; a terminal does not become ours (POSIX.1-2017, open)."""

KINDS = (
    (stat.S_ISDIR, "フォルダー", "a folder"),
    (stat.S_ISFIFO, "パイプ", "a pipe"),
    (stat.S_ISSOCK, "ソケット", "a socket"),
    (stat.S_ISCHR, "装置", "a device"),
    (stat.S_ISBLK, "装置", "a device"),
)
"""What is no file: how its mode is told, and what somebody would call it in Japanese and in English."""


def read_bytes(path: Path) -> bytes:
    """Return the content of a regular file, or of one that a link leads to.

    :raises FileNotFoundError: there is none.
    :raises OSError: it cannot be read, or is a pipe, a device, a socket or a folder; then its words say which.
    """
    with open_bytes(path) as file:
        return file.read()


def open_bytes(path: Path) -> BufferedReader:
    """Open a regular file for reading, as `read_bytes` does, for a file that is too large to be read at once."""
    require_regular(path, path.stat().st_mode)  # before it is opened: a socket cannot be, and a device may act on it
    descriptor = os.open(path, FLAGS)
    try:
        require_regular(path, os.fstat(descriptor).st_mode)
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def require_regular(path: Path, mode: int) -> None:
    """Return if a file of this mode can be read to its end.

    :raises OSError: it is something else.
    """
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, f"it is {kind_of(mode)} and not a file", str(path))


def kind_of(mode: int) -> str:
    """Return what somebody would call an entry of a folder with this mode."""
    return next((name for is_kind, _, name in KINDS if is_kind(mode)), "something else")
