"""Puts a finished folder in the place of a published one, so that a reader sees the old one or the new one, whole.

Linux and macOS exchange two names in one step (``renameat2``, ``renamex_np``). Windows and some network drives cannot; there it takes three renames, and
if the power fails between them, `recover` puts the old folder back when the next build begins. A symbolic link to the current folder would be
replaced in one step everywhere, but on Windows making one needs rights that editors do not have.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from pathlib import Path

_AT_FDCWD = -100  # renameat2(2): a relative path is relative to the working directory
_SWAP_FLAG = 2  # RENAME_EXCHANGE of renameat2(2), and RENAME_SWAP of renamex_np(2)


def swap_in(new: Path, published: Path, aside: Path) -> None:
    """Put ``new`` in the place of ``published``. What was published, if anything, then lies at ``new``.

    Without an exchange it lies at ``aside`` between two renames. All three are on one file system.
    """
    published.parent.mkdir(parents=True, exist_ok=True)
    if not published.exists():
        new.rename(published)
    elif not swap_atomically(new, published):
        aside.parent.mkdir(parents=True, exist_ok=True)
        published.rename(aside)
        new.rename(published)
        aside.rename(new)


def recover(published: Path, aside: Path) -> None:
    """Put back what a build had moved aside when it was killed between two renames."""
    if aside.exists() and not published.exists():
        aside.rename(published)
    shutil.rmtree(aside, ignore_errors=True)


def swap_atomically(first: Path, second: Path) -> bool:
    """Exchange two folders in one step. Return whether the system could."""
    try:
        library = ctypes.CDLL(None, use_errno=True)  # Python's standard library has neither call
        if sys.platform == "linux":
            status = library.renameat2(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), ctypes.c_uint(_SWAP_FLAG))
        elif sys.platform == "darwin":
            status = library.renamex_np(os.fsencode(first), os.fsencode(second), ctypes.c_uint(_SWAP_FLAG))
        else:
            return False
    except (OSError, AttributeError, TypeError):  # a C library without the call; Windows, where `CDLL(None)` is a TypeError
        return False
    return bool(status == 0)
