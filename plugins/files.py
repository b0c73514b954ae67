"""Writes files whole or not at all, and never outside of the tree they belong to; shares a file with the last build when its bytes did not change.

`write_into` is the one way into an output tree. A shared file keeps its inode and its modification time, so that a web server's ``Last-Modified`` and rsync see no change, and takes no second copy
on the disk.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache, partial
from io import BytesIO, FileIO
from pathlib import Path
from typing import BinaryIO

_LONGEST = 255
"""Bytes of one name: the limit of the usual file systems (``NAME_MAX`` of Linux, NTFS, APFS)."""

_BLOCK = 1 << 20


class WriteRefused(Exception):
    """A file of an output tree would lie outside of it, or in the place of another. The message is in two languages."""


def write_into(tree: Path | str, name: str, data: bytes | BinaryIO, *, replace: bool = False) -> None:
    """Write the file ``name`` (relative, with slashes) into the output ``tree``, whole or not at all. A missing folder is made.

    Raises `WriteRefused` if ``name`` does not resolve inside ``tree``, links included, or if another file or folder has its place: two sources want one
    address. With ``replace`` it takes the place of the old file, as `write_atomically` does. ``data`` may be an open file. Raises `OSError`.
    """
    tree, folder = str(tree), _folder_of(name)
    path = f"{tree}/{name}"
    if replace:
        _check_inside(tree, folder)
        write_atomically(Path(path), data if isinstance(data, bytes) else data.read())
        return
    try:
        _create(tree, folder, path, data)
    except FileExistsError as error:
        if not _has_bytes(path, BytesIO(data) if isinstance(data, bytes) else data):
            raise WriteRefused(
                f"二つのページかファイルが同じ場所に書かれます / two pages or files would be the same file: {path}"
            ) from error
    except NotADirectoryError as error:
        raise WriteRefused(f"フォルダーの場所に、もうファイルがあります / a file stands where a folder is needed: {path}") from error


def _folder_of(name: str) -> str:
    """Return the folder of the file ``name``, empty for the tree itself. Raises `WriteRefused` if no file below a tree can have this name."""
    parts = name.split("/")
    is_short = len(name) * 3 <= _LONGEST or not any(len(part.encode("utf-8", "surrogateescape")) > _LONGEST for part in parts)
    is_plain = is_short and "" not in parts and "." not in parts and ".." not in parts and "\0" not in name
    if not is_plain or (os.name == "nt" and set("\\:") & set(name)):
        raise _refusal(name)
    return name.rpartition("/")[0]


def _refusal(name: str) -> WriteRefused:
    return WriteRefused(f"できあがりのフォルダーの外か、使えない名前です / outside of the output, or no name of a file: {name[:200]!r}")


def _check_inside(tree: str, folder: str) -> None:
    """Raises `WriteRefused` if the ``folder`` of the ``tree`` does not lie inside it, links included."""
    if not is_inside(os.path.realpath(f"{tree}/{folder}"), os.path.realpath(tree)):
        raise _refusal(folder)


def _check_folder(tree: str, folder: str) -> None:
    """Raises `WriteRefused` if the ``folder``, which is there, does not lie inside the ``tree``, though its parent does; `NotADirectoryError`."""
    path = f"{tree}/{folder}"
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode) or os.name == "nt":  # a junction counts as a folder there
        _check_inside(tree, folder)
        mode = os.stat(path).st_mode  # noqa: PTH116 - thousands of files: no object for each
    if not stat.S_ISDIR(mode):
        raise NotADirectoryError(errno.ENOTDIR, "not a folder", path)


@lru_cache(maxsize=16)
def _entered(tree: str) -> tuple[str, set[str]]:
    """Where the output ``tree`` is, links resolved; and those of its folders that this process has made, or has found to lie inside.

    To resolve each folder for each file takes 50 µs, 3 % of a cold build. Where a new file lies is looked at once more when it is open.
    """
    return os.path.realpath(tree), set()


def enter(tree: str, folder: str, entered: set[str]) -> None:
    """Make the ``folder`` of the ``tree`` if it is missing, and add it to those that were ``entered``.

    Raises `WriteRefused` if it does not lie inside, `NotADirectoryError`, `OSError`.
    """
    if folder in entered:
        return
    if not folder:
        os.makedirs(tree, exist_ok=True)  # noqa: PTH103 - thousands of files: no object for each
    else:
        enter(tree, folder.rpartition("/")[0], entered)
        path = f"{tree}/{folder}"
        try:
            os.mkdir(path)  # noqa: PTH102 - as above
        except FileExistsError:
            _check_folder(tree, folder)
    entered.add(folder)


def _create(tree: str, folder: str, path: str, data: bytes | BinaryIO) -> None:
    """Make a new file. Raises `FileExistsError`; after any error nothing is left of it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    real, entered = _entered(os.path.abspath(tree))  # noqa: PTH100 - as above; the cache must not depend on the working directory
    try:
        enter(tree, folder, entered)
        descriptor = os.open(path, flags, 0o666)
    except FileNotFoundError:  # somebody has deleted what was here
        entered.clear()
        enter(tree, folder, entered)
        descriptor = os.open(path, flags, 0o666)
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            _check_place(descriptor, path, real)
            _fill(file, data)
    except BaseException:
        os.unlink(path)  # noqa: PTH108 - as above
        raise


def _check_place(descriptor: int, path: str, root: str) -> None:
    """Raises `WriteRefused` if somebody has put a link in the place of a folder that was entered before."""
    if not is_inside(path_of(descriptor, path), root):
        raise _refusal(path)


def is_inside(path: str, root: str) -> bool:
    """Tell whether ``path`` is ``root`` or lies below it; both are resolved."""
    return path == root or path.startswith(root if root.endswith(os.sep) else f"{root}{os.sep}")


def path_of(descriptor: int, path: str) -> str:
    """Return where an open file lies. Linux knows; elsewhere ``path`` is resolved."""
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115 - for each of thousands of files: no Path object
    except OSError:
        return os.path.realpath(path)


def _fill(file: FileIO, data: bytes | BinaryIO) -> None:
    """Write ``data`` to ``file``, which need not take all of it at once."""
    blocks = (data,) if isinstance(data, bytes) else iter(partial(data.read, _BLOCK), b"")
    for block in blocks:
        rest = memoryview(block)
        while rest:
            rest = rest[file.write(rest) :]


def _has_bytes(path: str, source: BinaryIO) -> bool:
    """Tell whether the file at ``path`` holds what ``source`` holds: two copies of one picture make the same files."""
    if os.path.islink(path) or not os.path.isfile(path):  # noqa: PTH114,PTH113 - as above
        return False
    source.seek(0)
    with open(path, "rb") as file:  # noqa: PTH123 - as above
        while (block := file.read(_BLOCK)) == source.read(_BLOCK):
            if not block:
                return True
    return False


def write_atomically(path: Path, data: bytes) -> None:
    """Write ``data`` to a temporary file beside ``path`` and rename that file, so that a reader sees the old bytes or the new bytes, never half.

    The one way in which the site's half replaces a file. The permissions of the old file stay. Two processes, and two threads, may write the same file
    at once; the last one wins. If ``path`` is a link into another tree, the link is replaced and the other file stays. Raises `OSError`; then nothing is
    left beside ``path``.
    """
    temporary = str(path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part"))
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        try:
            descriptor = os.open(temporary, flags, 0o666)
        except FileNotFoundError:  # the folder is missing: rare, so it is not asked for before each of thousands of files
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(temporary, flags, 0o666)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            _fill(file, data)
        _copy_mode(str(path), temporary)
        os.replace(temporary, path)  # noqa: PTH105 - as above; not `rename`, which refuses an existing file on Windows
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)  # noqa: PTH108 - as above
        raise


def _copy_mode(source: str, target: str) -> None:
    """Give ``target`` the permissions of ``source``, if that is a file and no link."""
    try:
        mode = os.lstat(source).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISREG(mode):
        os.chmod(target, stat.S_IMODE(mode))  # noqa: PTH101 - as above


def rewrite(path: str, change: Callable[[bytes], bytes], temporary: str | None = None) -> bool:
    """Replace a file by what ``change`` makes of its bytes, in one step for readers; return whether they differ.

    For thousands of files that a walk without links has just found: a third of the system calls of `write_atomically`. Another name of the file (a hard
    link in another tree) keeps the old bytes. A file that was replaced by a link meanwhile is left alone. ``temporary`` is a path on the same file system
    that nobody else uses, for a tree in which others look about meanwhile; by default it lies beside the file. Raises `OSError`; then nothing is left there.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        old = file.readall()
    new = change(old)
    if new == old:
        return False
    temporary = temporary or f"{path}.{os.getpid()}.part"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        with os.fdopen(os.open(temporary, flags, 0o666), "wb", buffering=0) as file:
            _fill(file, new)
        os.replace(temporary, path)  # noqa: PTH105 - as above
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108 - as above
        raise
    return True


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
