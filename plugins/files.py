"""Writes files whole or not at all, and shares a file with the last build when its bytes did not change.

A shared file keeps its inode and its modification time, so that a web server's ``Last-Modified`` and rsync see no change, and takes no second copy
on the disk.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path


def write_atomically(path: Path, data: bytes) -> None:
    """Write ``data`` to a temporary file beside ``path`` and rename that file, so that a reader sees the old bytes or the new bytes, never half.

    The one way in which the site's half replaces a file. The permissions of the old file stay. Two processes may write the same file at once; the last
    one wins. If ``path`` is a link into another tree, the link is replaced and the other file stays. Raises `OSError`; then nothing is left beside ``path``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(data)
        if path.is_file() and not path.is_symlink():
            shutil.copymode(path, temporary)
        temporary.replace(path)  # not `rename`, which refuses an existing file on Windows
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def make_private_folder(folder: Path) -> None:
    """Make ``folder`` and the parents that are missing, for this account alone whatever the umask, and take it away from others if it is there already.

    For what is not public yet: drafts, mails before they are sent, what the importer remembers. Raises `OSError` if it cannot be made.
    """
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        with suppress(PermissionError):  # somebody else's folder, who has chosen to share it
            folder.chmod(0o700)


def link_if_equal(file: Path, last: Path) -> bool:
    """If ``file`` has the same bytes as ``last``, make it a hard link to ``last``. Return whether the bytes are the same."""
    if last.is_symlink() or not last.is_file():
        return False
    file_stat, last_stat = file.stat(), last.stat()
    if (file_stat.st_ino, file_stat.st_dev) == (last_stat.st_ino, last_stat.st_dev):
        return True
    if file_stat.st_size != last_stat.st_size or file.read_bytes() != last.read_bytes():
        return False
    file.unlink()
    link(str(last), str(file))
    return True


def link(source: str, target: str) -> None:
    """Make ``target``, which does not exist, a hard link to ``source``; where the file system has no hard links, a copy with the same time.

    A missing parent folder is made. Raises `FileExistsError` if ``target`` exists.
    """
    try:
        _link_or_copy(source, target)
    except FileNotFoundError:  # the folder is missing: rare, so it is not asked for before each of thousands of files
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        _link_or_copy(source, target)


def _link_or_copy(source: str, target: str) -> None:
    try:
        _hard_link(source, target)
    except (FileExistsError, FileNotFoundError):
        raise
    except OSError:  # no hard links here (FAT, some network file systems), another device, or too many links to one file
        shutil.copy2(source, target)


def _hard_link(source: str, target: str) -> None:
    """Link ``source`` itself, even if it is a symbolic link: POSIX leaves open which of the two `link` takes."""
    if os.link in os.supports_follow_symlinks:
        os.link(source, target, follow_symlinks=False)
    else:
        os.link(source, target)
