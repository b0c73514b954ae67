"""Files that only their owner may read, whatever the umask: the database, journals, keys and passwords.

What the mailer makes is made private, and what an older version made otherwise is put right. What somebody else made (a key, a password) is never
changed: it is refused, with the command that mends it.
"""

from __future__ import annotations

import os
import shlex
from contextlib import suppress
from pathlib import Path
from stat import S_IMODE

from mailer.model.errors import NotPrivate

FILE_MODE, FOLDER_MODE = 0o600, 0o700
OTHERS = 0o077  # rights of the group and of everybody else (POSIX.1-2017, sys/stat.h)
HAS_MODES = os.name == "posix"
"""Windows has access control lists; there `chmod` and the bits of `stat` say nothing about other accounts."""
ROOT = 0


def make_folder(folder: Path) -> None:
    """Make the folder and the parents that are missing, each for its owner alone. One that is there already stays as it is.

    :raises OSError: it cannot be made.
    """
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        missing.mkdir(mode=FOLDER_MODE, exist_ok=True)
        restrict(missing)


def make_file(path: Path) -> None:
    """Make an empty file for its owner alone, or take a file that is there away from others.

    :raises NotPrivate: it is there, others may read it, and it belongs to another account.
    :raises OSError: it cannot be made.
    """
    with suppress(FileExistsError):
        write_new(path, b"")
    restrict(path)


def write_new(path: Path, data: bytes) -> None:
    """Write a file for its owner alone; it is on the disk when this returns.

    :raises FileExistsError: it is there.
    :raises OSError: it cannot be written; then it is not there.
    """
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        restrict(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def restrict(path: Path) -> None:
    """Take every right on the file or folder from all but its owner. Nothing happens if it is not there.

    :raises NotPrivate: others may read it, and only its owner or root can change that.
    """
    try:
        mode = S_IMODE(path.stat().st_mode)
        if HAS_MODES and mode & OTHERS:
            path.chmod(mode & ~OTHERS)
    except FileNotFoundError:
        return
    except PermissionError:
        raise NotPrivate(path, S_IMODE(path.stat().st_mode), _command(path)) from None


def refuse_if_shared(path: Path) -> None:
    """Check a file that somebody else made.

    :raises NotPrivate: other accounts of this machine may read or change it.
    :raises OSError: it cannot be examined.
    """
    stat = path.stat()
    if HAS_MODES and is_shared(stat.st_mode, stat.st_uid):
        raise NotPrivate(path, S_IMODE(stat.st_mode), _command(path))


def is_shared(mode: int, owner: int) -> bool:
    """Whether others than the owner have a right on a secret.

    A file of root may be readable by its group, as PostgreSQL allows it for keys: so an administrator hands a key to one service, and systemd its
    credentials (``LoadCredential=``).
    """
    return bool(mode & OTHERS & ~(0o040 if owner == ROOT else 0))


def _command(path: Path) -> str:
    return f"chmod {FOLDER_MODE if path.is_dir() else FILE_MODE:o} {shlex.quote(str(path))}"
