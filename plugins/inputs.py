"""The one door to what a build reads below a folder, such as ``content/`` or the theme.

Only a regular file is read, and only if it lies inside the folder after all links are resolved. So a link cannot publish a file of the machine, and a
pipe or a device never makes a build wait.

1. `survey` walks the folder once and follows no link into a folder. It tells every entry that may not be read: then the build stops, with its name.
2. `InputFolder` looks at single files and opens them. It checks each again: somebody may have changed the folder after the survey.

Names that begin with a full stop are for other programs (``.git``, the lock files of Emacs, ``.DS_Store``): nobody reads them.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal

import regular_file
from plugins.diagnostics import Diagnostic
from plugins.files import is_inside, path_of

UnreadableKind = Literal["outside", "missing", "loop", "special", "unreadable"]

_WORDS: Mapping[UnreadableKind, tuple[str, str, str]] = {
    "outside": (
        "F111",
        "フォルダーの外を指すリンクです。外のファイルは公開されません。リンクを消し、必要ならファイルそのものを置いてください",
        "a link that leads out of the folder, so it is not read: delete it, and put the file itself here if it is to be published",
    ),
    "missing": (
        "F112",
        "リンク先のファイルがありません。リンクを消すか、ファイルを置いてください",
        "there is no file behind this name: delete the link, or put the file here",
    ),
    "loop": (
        "F113",
        "自分に戻ってくるリンクです。消してください",
        "a link that leads back to itself: delete it",
    ),
    "special": (
        "F114",
        "ふつうのファイルではありません（パイプ、ソケット、装置など）。消してください",
        "not a regular file (a pipe, a socket, a device): delete it",
    ),
    "unreadable": (
        "F115",
        "読む許しのないファイルかフォルダーです。読めるようにしてください（chmod a+r）",
        "no permission to read this: let the build read it (chmod a+r)",
    ),
}

_FLAGS = (
    os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
)
"""No link is followed, and to open a pipe waits for nobody. Windows has neither flag."""


_BLOCK = 1 << 16
"""Bytes that are read at once at least."""


class UnreadableInput(Exception):
    """The entry ``name`` of a folder of inputs may not be read, or cannot be."""

    def __init__(self, name: str, kind: UnreadableKind) -> None:
        super().__init__(name, kind)  # both, so that the exception can be sent to another process
        self.name, self.kind = name, kind

    def __str__(self) -> str:
        return f"{self.name}: {_WORDS[self.kind][2]}"

    def diagnostic(self, folder: str = "") -> Diagnostic:
        """Return the diagnostic of the entry, with its path below ``folder``."""
        rule, ja, en = _WORDS[self.kind]
        return Diagnostic(PurePosixPath(folder, self.name), 1, ja, en, rule)


@dataclass(frozen=True)
class InputStat:
    """Size in bytes and modification time in ns of a file."""

    size: int
    time: int


@dataclass(frozen=True)
class InputTree:
    """What lies below a folder: ``files`` that may be read, by their names relative to it with slashes, and ``errors`` of all other entries.

    ``folder_links`` are the links to folders inside, with the name of the folder that each leads to; what lies there is listed once, where it is.
    """

    files: Mapping[str, InputStat]
    errors: tuple[UnreadableInput, ...]
    folder_links: Mapping[str, str] = field(default_factory=dict)

    def diagnostics(self, folder: str) -> list[Diagnostic]:
        """Return a diagnostic of each error, with paths below ``folder``."""
        return [error.diagnostic(folder) for error in self.errors]


def survey(root: Path | str) -> InputTree:
    """Walk the folder ``root``. Raises `FileNotFoundError` or `NotADirectoryError` if there is no such folder."""
    walk = _Survey(os.path.realpath(root, strict=True))
    walk.enter(walk.root, "")
    errors = [*walk.errors, *(UnreadableInput(name, "loop") for name in _looping(walk.folder_links))]
    looping = {error.name for error in errors}
    links = {name: os.path.relpath(to, walk.root) for name, (_, to) in walk.folder_links.items() if name not in looping}
    return InputTree(walk.files, tuple(sorted(errors, key=lambda error: error.name)), links)


class _Survey:
    """One walk. ``folder_links`` are the links to folders inside, which are not entered: the folder that each lies in, and the one it leads to."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.files: dict[str, InputStat] = {}
        self.errors: list[UnreadableInput] = []
        self.folder_links: dict[str, tuple[str, str]] = {}

    def enter(self, folder: str, below: str) -> None:
        # os.scandir and plain strings: there is no Path object for each of thousands of files.
        with os.scandir(folder) as entries:
            for entry in entries:
                if not entry.name.startswith("."):
                    self._take(entry, f"{below}{entry.name}")

    def _take(self, entry: os.DirEntry[str], name: str) -> None:
        is_link = _is_link(entry)
        try:
            if is_link:
                self._take_link(entry.path, name)
            elif entry.is_dir(follow_symlinks=False):
                self.enter(entry.path, f"{name}/")
            else:
                self._take_file(entry.stat(follow_symlinks=False), name)
        except OSError as error:
            kind = _kind_of(error)
            if is_link or kind != "missing":  # a file that somebody deletes during the walk is no error
                self.errors.append(UnreadableInput(name, kind))

    def _take_link(self, path: str, name: str) -> None:
        target = os.path.realpath(path, strict=True)
        if not is_inside(target, self.root):
            self.errors.append(UnreadableInput(name, "outside"))
        elif os.path.isdir(target):  # noqa: PTH112 - no Path object, see above
            self.folder_links[name] = (os.path.dirname(path), target)  # noqa: PTH120 - as above
        else:
            self._take_file(os.lstat(target), name)

    def _take_file(self, attributes: os.stat_result, name: str) -> None:
        if stat.S_ISREG(attributes.st_mode):
            self.files[name] = InputStat(attributes.st_size, attributes.st_mtime_ns)
        else:
            self.errors.append(UnreadableInput(name, "special"))


def _is_link(entry: os.DirEntry[str]) -> bool:
    if entry.is_symlink():
        return True
    if os.name != "nt":
        return False
    tag = getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0)
    return bool(tag == getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1))  # a junction, which Python does not call a link


def _looping(links: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    """Yield those links from which one comes back to them by following ``links``: for each, the folder it lies in and the one it leads to."""
    following = {name: [other for other, (place, _) in links.items() if is_inside(place, target)] for name, (_, target) in links.items()}
    for name in links:
        seen, pending = set[str](), list(following[name])
        while pending:
            if (other := pending.pop()) not in seen:
                seen.add(other)
                pending += following[other]
        if name in seen:
            yield name


def _kind_of(error: OSError) -> UnreadableKind:
    kinds: dict[int | None, UnreadableKind] = {
        errno.ELOOP: "loop",
        errno.ENOENT: "missing",
        errno.ENOTDIR: "missing",
        errno.ENAMETOOLONG: "missing",
        errno.ENXIO: "special",  # open(2) of a socket
        errno.EISDIR: "special",
    }
    return kinds.get(error.errno, "unreadable")


class InputFolder:
    """The files below the folder ``root``, by their names relative to it with slashes. Lasts for one build: it keeps which folders lie inside."""

    def __init__(self, root: Path | str) -> None:
        self._real = _real_root(os.path.abspath(root))  # noqa: PTH100 - one string; the cache must not depend on the working directory
        self._inside: dict[str, bool] = {}

    def stat(self, name: str) -> InputStat | None:
        """Return size and time of the file ``name``; None if there is none that may be read."""
        folder = posixpath.dirname(name)
        try:
            if folder not in self._inside:
                self._inside[folder] = self._is_inside(os.path.realpath(f"{self._real}/{folder}"))
            attributes = os.lstat(f"{self._real}/{name}") if self._inside[folder] else None
            if attributes and stat.S_ISLNK(attributes.st_mode):
                attributes = os.lstat(self._resolve(name))
        except (UnreadableInput, OSError, ValueError):  # `ValueError`: a name with NUL, or with a surrogate
            return None
        return InputStat(attributes.st_size, attributes.st_mtime_ns) if attributes and stat.S_ISREG(attributes.st_mode) else None

    def open(self, name: str) -> BinaryIO:
        """Open the file ``name``. Raises `UnreadableInput`."""
        descriptor, _ = self._descriptor(name)
        return os.fdopen(descriptor, "rb")

    def read(self, name: str, most: int = -1) -> bytes:
        """Return the bytes of the file ``name``, or the first ``most`` of them. Raises `UnreadableInput`."""
        descriptor, size = self._descriptor(name)
        try:
            return _read(descriptor, size, most)
        except OSError as error:
            raise UnreadableInput(name, _kind_of(error)) from error
        finally:
            os.close(descriptor)

    def _descriptor(self, name: str) -> tuple[int, int]:
        """Open the file ``name`` and return its descriptor and its size. Raises `UnreadableInput`."""
        path = f"{self._real}/{name}"
        try:
            mode = os.lstat(path).st_mode
            if stat.S_ISLNK(mode):
                path = self._resolve(name)
                mode = os.lstat(path).st_mode
            if not stat.S_ISREG(mode):  # a device is not even opened
                raise UnreadableInput(name, "special")
            return self._open_regular(path, name)
        except ValueError as error:  # a name with NUL, or with a surrogate
            raise UnreadableInput(name, "missing") from error
        except OSError as error:
            raise UnreadableInput(name, _kind_of(error)) from error

    def _open_regular(self, path: str, name: str) -> tuple[int, int]:
        """Open the regular file at ``path``, which is no link itself; but one of its folders may be, and somebody may have replaced it."""
        descriptor = os.open(path, _FLAGS)
        attributes = os.fstat(descriptor)
        is_regular = stat.S_ISREG(attributes.st_mode)
        if is_regular and self._is_inside(path_of(descriptor, path)):
            return descriptor, attributes.st_size
        os.close(descriptor)
        raise UnreadableInput(name, "outside" if is_regular else "special")

    def _resolve(self, name: str) -> str:
        """Return the path of the file behind the link ``name``. Raises `UnreadableInput`, `OSError`."""
        path = os.path.realpath(f"{self._real}/{name}", strict=True)
        if not self._is_inside(path):
            raise UnreadableInput(name, "outside")
        return path

    def _is_inside(self, path: str) -> bool:
        return is_inside(path, self._real)


def _read(descriptor: int, size: int, most: int) -> bytes:
    """Read to the end, or ``most`` bytes. The file of ``size`` bytes may grow or shrink meanwhile. No file object: that takes as long as to read."""
    blocks, left = list[bytes](), most if most >= 0 else sys.maxsize
    while left and (block := os.read(descriptor, min(left, max(size + 1, _BLOCK)))):
        blocks.append(block)
        left -= len(block)
    return blocks[0] if len(blocks) == 1 else b"".join(blocks)


def kind_of(path: Path) -> tuple[str, str] | None:
    """Return what lies at ``path`` in place of a file, in Japanese and English; None if it is a file, or nothing."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return None
    return next(((ja, en) for is_kind, ja, en in regular_file.KINDS if is_kind(mode)), None)


def read_named(path: Path, most: int) -> bytes:
    """Return the first ``most`` bytes of the file that somebody named on the command line; links are followed.

    Raises `UnreadableInput`, also for a pipe or a device: it may never answer, or never end.
    """
    real = Path(os.path.realpath(path))
    return InputFolder(real.parent).read(real.name, most)


_real_root = lru_cache(maxsize=64)(os.path.realpath)
"""Somebody may put a link in the place of a folder that was resolved before: then nothing in it lies inside, and nothing is read."""
