"""Puts a finished folder in the place of another, so that whoever looks sees the old one or the new one, whole.

Linux and macOS exchange two names in one step (``renameat2``, ``renamex_np``). Where that cannot be had (Windows, some network drives) it takes
renames; if the power fails between them, `recover` puts the old one back when the next build begins. A link that is swung round was no choice: on
Windows it needs rights that editors do not have.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from pathlib import Path

_AT_FDCWD = -100
_EXCHANGE = 2  # RENAME_EXCHANGE of renameat2(2), and RENAME_SWAP of renamex_np(2)


def swap_in(new: Path, place: Path, old: Path) -> None:
    """Let ``new`` be ``place``, and what was there, if there was anything, be ``new``.

    ``old`` is where that is in between if there is no exchange. All lie on one file system.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.exists():
        new.rename(place)
    elif not swap_atomically(new, place):
        old.parent.mkdir(parents=True, exist_ok=True)
        place.rename(old)
        new.rename(place)
        old.rename(new)


def recover(place: Path, old: Path) -> None:
    """Put back what a build that was killed between two renames had moved away."""
    if old.exists() and not place.exists():
        old.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def swap_atomically(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; tell whether that was possible."""
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "linux":
            done = library.renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), ctypes.c_uint(_EXCHANGE))
        elif sys.platform == "darwin":
            done = library.renamex_np(os.fsencode(one), os.fsencode(other), ctypes.c_uint(_EXCHANGE))
        else:
            return False
    except (OSError, AttributeError, TypeError):
        return False
    return bool(done == 0)
