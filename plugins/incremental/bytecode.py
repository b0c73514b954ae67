"""Compiled templates between builds. They are code, so they are kept where nobody else writes: in the account's own cache folder.

Not beside the output and not in the checkout's ``var/cache``: a CI may restore these from a run of somebody else. The folder is ``$XDG_CACHE_HOME/todoke``
(``~/.cache/todoke``; XDG Base Directory Specification). It must belong to this account, be no link, and let nobody else in (0700); otherwise nothing is loaded from it, and each
build compiles the templates that it uses, which takes a fifth of a second.
"""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from jinja2 import FileSystemBytecodeCache

_log = logging.getLogger(__name__)

MODE = 0o700

_PATTERN = "output_%s.cache"
"""Of the files. Jinja knows one by the text of the template alone: whoever changes the code that is made of it (`output_code`) takes another name."""


def open_bytecode_cache(environ: Mapping[str, str]) -> FileSystemBytecodeCache | None:
    """Return the cache of compiled templates, or None where there is no folder that is this account's alone."""
    parent = _cache_home(environ)
    if parent is None or os.name != "posix":  # on Windows the mode says nothing of who may write
        return None
    folder = parent / "todoke" / "templates"
    try:
        for each in (folder.parent, folder):
            each.mkdir(mode=MODE, parents=True, exist_ok=True)
            if not is_private(each):
                _log.warning(
                    "%s に、ほかの利用者も書き込めるか、持ち主が違います。使いません。chmod 700 %s"
                    " / it is not this account's alone, so no compiled template is loaded from it: chmod 700 %s",
                    each,
                    each,
                    each,
                )
                return None
    except OSError:  # a home that is read-only, or none: each build compiles anew
        return None
    return FileSystemBytecodeCache(str(folder), _PATTERN)


def is_private(folder: Path) -> bool:
    """Tell whether ``folder`` is a folder, no link, of this account, with the mode 0700."""
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and stat.S_IMODE(status.st_mode) == MODE


def _cache_home(environ: Mapping[str, str]) -> Path | None:
    """The folder for caches of this account; None if the environment names none. A relative path counts as none (XDG)."""
    named = environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(named):  # noqa: PTH117 - a text, not yet a path
        return Path(named)
    home = environ.get("HOME", "")
    return Path(home) / ".cache" if os.path.isabs(home) else None  # noqa: PTH117
