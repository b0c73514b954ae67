"""The file system of this machine: a folder behind a web server, a mounted disk, a stick."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from publisher.model.errors import TargetError
from publisher.release.files import write_atomically
from publisher.release.scan import digest
from publisher.targets.files import NO_FILE, FileCopy, Stamp, Walk

INCOMING = "incoming"

_BLOCK = 1_048_576
"""Bytes that are read at once."""


class LocalFiles:
    """`publisher.targets.files.Files` on this machine. ``root`` and what is in it can be read by the web server (0755, 0644)."""

    is_near = True

    def __init__(self, root: Path) -> None:
        self._root = root

    async def read(self, path: str) -> bytes | None:
        """Return a file's bytes, or None if there is none."""
        with self._failures(), suppress(FileNotFoundError, NotADirectoryError):
            return (self._root / path).read_bytes()
        return None

    async def write(self, files: Mapping[str, bytes]) -> None:
        """Write small files, each whole or not at all."""
        await asyncio.to_thread(self._write, files)

    def _write(self, files: Mapping[str, bytes]) -> None:
        with self._failures():
            for path, data in files.items():
                write_atomically(self._root / path, data, is_durable=False)

    async def copy(self, files: Sequence[FileCopy], done: Callable[[], None], *, is_seen: bool) -> None:  # noqa: ARG002 - whole either way
        """Copy files with their times. Each gets a new inode: whoever reads the old one reads it to its end."""
        await asyncio.to_thread(self._copy, files, done)

    def _copy(self, files: Sequence[FileCopy], done: Callable[[], None]) -> None:
        with self._failures():
            temporary = self._root / INCOMING / f"{os.getpid()}.part"
            temporary.parent.mkdir(parents=True, exist_ok=True)
            temporary.unlink(missing_ok=True)  # what a killed process left is never written into
            root, incoming = str(self._root), str(temporary)
            for file in files:
                _copy_file(str(file.source), incoming)
                try:
                    os.replace(incoming, f"{root}/{file.target}")  # noqa: PTH105 - a banner is on 10,000 pages: no object for each
                except OSError:  # no folder there, or one in the way
                    self._rename(temporary, self._root / file.target)
                done()

    async def link(self, pairs: Sequence[tuple[str, str]], done: Callable[[], None]) -> list[tuple[str, str]]:
        """Make hard links. Return the pairs for which that could not be done: no hard links here, or too many of one file."""
        return await asyncio.to_thread(self._link, pairs, done)

    def _link(self, pairs: Sequence[tuple[str, str]], done: Callable[[], None]) -> list[tuple[str, str]]:
        failed = []
        with self._failures():
            temporary = self._root / INCOMING / f"{os.getpid()}.link"
            temporary.parent.mkdir(parents=True, exist_ok=True)
            for source, path in pairs:
                temporary.unlink(missing_ok=True)
                try:
                    os.link(self._root / source, temporary)
                except OSError:
                    failed.append((source, path))
                    continue
                self._rename(temporary, self._root / path)
                temporary.unlink(missing_ok=True)  # rename of one inode onto itself does nothing and leaves the first name (POSIX)
                done()
        return failed

    async def stamps(self, paths: Sequence[str]) -> dict[str, Stamp]:
        """Return length and modification time of those of ``paths`` that are plain files."""
        return await asyncio.to_thread(self._stamps, paths)

    def _stamps(self, paths: Sequence[str]) -> dict[str, Stamp]:
        stamps = {}
        for path in paths:
            file = self._root / path
            if file.is_file() and not file.is_symlink():
                status = file.stat()
                stamps[path] = (status.st_size, int(status.st_mtime))
        return stamps

    async def digests(self, paths: Sequence[str]) -> dict[str, str]:
        """Return the SHA-256 of those of ``paths`` that are plain files."""
        with self._failures():
            plain = [path for path in paths if (self._root / path).is_file() and not (self._root / path).is_symlink()]
            return await asyncio.to_thread(lambda: {path: digest(self._root / path) for path in plain})

    async def walk(self, path: str, since: int) -> Walk:
        """Return everything below a folder that is no folder itself. ``touched`` goes by ``ctime``, which nobody can set."""
        return await asyncio.to_thread(self._walk, path, since)

    def _walk(self, path: str, since: int) -> Walk:
        stamps: dict[str, Stamp] = {}
        touched = set()
        with self._failures():
            for inner, entry in _entries(self._root / path):
                status = entry.stat(follow_symlinks=False)
                stamps[inner] = (status.st_size, int(status.st_mtime)) if stat.S_ISREG(status.st_mode) else NO_FILE
                if status.st_ctime_ns >= since:  # the clock of files has ticks of some milliseconds: what is of the same tick counts
                    touched.add(inner)
        return Walk(stamps, frozenset(touched))

    async def moment(self) -> int:
        """Return the file system's own time: on a mounted disk it may be another machine's."""
        with self._failures():
            probe = self._root / INCOMING / f"{os.getpid()}.probe"
            probe.parent.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(b"")
            moment = probe.stat().st_ctime_ns
            probe.unlink()
        return moment

    async def remove(self, paths: Iterable[str]) -> None:
        """Remove files, and folders that are empty afterwards."""
        await asyncio.to_thread(self._remove, tuple(paths))

    def _remove(self, paths: Sequence[str]) -> None:
        with self._failures():
            for path in paths:
                file = self._root / path
                if file.is_symlink() or file.is_file():  # a folder is another release's
                    file.unlink()
                for folder in list(Path(path).parents)[:-3]:  # never `slots/a` itself, nor what is above
                    try:
                        (self._root / folder).rmdir()
                    except OSError:
                        break

    async def remove_tree(self, path: str) -> None:
        """Remove a folder with everything in it."""
        with self._failures():
            if (self._root / path).exists():
                await asyncio.to_thread(shutil.rmtree, self._root / path)

    async def read_link(self, path: str) -> str | None:
        """Return where a symbolic link leads, or None."""
        link = self._root / path
        return str(link.readlink()) if link.is_symlink() else None

    async def switch(self, path: str, destination: str) -> None:
        """Exchange a symbolic link by one rename."""
        with self._failures():
            link = self._root / path
            if link.is_dir() and not link.is_symlink():
                raise TargetError(f"{link}: a folder is in the place of our link; move it away first / 同じ名前のフォルダーがあります")
            temporary = link.with_name(f".{link.name}.{os.getpid()}.link")
            temporary.unlink(missing_ok=True)
            temporary.symlink_to(destination)
            temporary.replace(link)

    async def close(self) -> None:
        """Nothing is held."""

    def abort(self) -> None:
        """Nothing is held."""

    def _rename(self, source: Path, target: Path) -> None:
        """Rename into place. What stands in the way is removed: a folder where the new release has a file, a file where it has a folder."""
        try:
            source.replace(target)
        except (FileNotFoundError, NotADirectoryError):
            self._make_folder(target.parent)
            source.replace(target)
        except IsADirectoryError:
            shutil.rmtree(target)
            source.replace(target)

    def _make_folder(self, folder: Path) -> None:
        for parent in (*reversed(folder.relative_to(self._root).parents), folder.relative_to(self._root)):
            place = self._root / parent
            if place.is_file() or place.is_symlink():
                place.unlink()
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise TargetError(f"{error.filename or self._root}: {error.strerror} / 書き込めません") from error


def _copy_file(source: str, target: str) -> None:
    """Copy one file with its time into a new one that the web server can read. A third of the time of `shutil.copy2`, which looks at more than a site has."""
    read = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        status = os.fstat(read)
        written = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            while block := os.read(read, min(status.st_size + 1, _BLOCK)):
                view = memoryview(block)
                while view:
                    view = view[os.write(written, view) :]
            os.utime(written, ns=(status.st_mtime_ns, status.st_mtime_ns))
            if os.fstat(written).st_mode & 0o777 != 0o644:
                os.fchmod(written, 0o644)  # whatever the umask is
        finally:
            os.close(written)
    finally:
        os.close(read)


def _entries(root: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield what is no folder, with its path; a missing folder has nothing. Flat, and with strings: a delivery meets each folder of the site."""
    folders = [(str(root), "")]
    while folders:
        folder, prefix = folders.pop()
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append((entry.path, f"{prefix}{entry.name}/"))
                else:
                    yield prefix + entry.name, entry
