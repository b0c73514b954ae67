"""A folder of this machine as a storage."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from storage.model import TEMPORARY, StorageError, is_behind

Answer = TypeVar("Answer")


class FolderStorage:
    """`storage.model.Storage` in ``root``, which must be there: a disk that is not mounted must not be mistaken for an empty one."""

    def __init__(self, name: str, root: Path) -> None:
        self.name = name
        self._root = root

    async def create(self, path: str, data: bytes) -> bool:
        """Write beside it, then give it its name by a hard link, which fails if there is one (link(2), EEXIST)."""
        return await self._do(lambda: self._create(self._root / path, data))

    async def read(self, path: str) -> bytes | None:
        """Return a small file."""
        return await self._do(lambda: self._read(self._root / path))

    async def names(self, folder: str, after: str = "") -> list[str]:
        """Walk the folders that may hold something behind ``after``."""
        return await self._do(lambda: sorted(self._walk(self._root / folder, "", after)))

    async def sizes(self, folder: str) -> dict[str, int]:
        """Return the bytes of each file."""
        return await self._do(
            lambda: {path: (self._root / folder / path).stat().st_size for path in self._walk(self._root / folder, "", "")}
        )

    async def upload(self, source: Path, path: str) -> None:
        """Copy beside it, sync, then rename."""
        await self._do(lambda: self._upload(source, self._root / path))

    async def download(self, path: str, target: Path) -> None:
        """Copy it."""
        await self._do(lambda: shutil.copyfile(self._root / path, target))

    async def remove(self, path: str) -> None:
        """Remove it."""
        await self._do(lambda: (self._root / path).unlink(missing_ok=True))

    async def close(self) -> None:
        """Nothing is held."""

    async def _do(self, work: Callable[[], Answer]) -> Answer:
        def guarded() -> Answer:
            if not self._root.is_dir():
                raise StorageError(f"{self.name}: there is no folder {self._root}; is the disk mounted? / フォルダーがありません")
            try:
                return work()
            except OSError as error:
                raise StorageError(f"{self.name}: {error.filename or self._root}: {error.strerror} / 読み書きできません") from error

        return await asyncio.to_thread(guarded)

    def _create(self, path: Path, data: bytes) -> bool:
        with _beside(path) as temporary:
            _write(temporary, data)
            try:
                os.link(temporary, path)
            except FileExistsError:
                return False
            _sync_folder(path.parent)
        return True

    def _read(self, path: Path) -> bytes | None:
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _upload(self, source: Path, path: Path) -> None:
        with _beside(path) as temporary:
            shutil.copyfile(source, temporary)
            descriptor = os.open(temporary, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            temporary.replace(path)
            _sync_folder(path.parent)

    def _walk(self, folder: Path, inner: str, after: str) -> Iterator[str]:
        with suppress(FileNotFoundError):
            for entry in os.scandir(folder):
                path = f"{inner}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    if is_behind(f"{path}/", after):
                        yield from self._walk(folder / entry.name, f"{path}/", after)
                elif not entry.name.startswith(TEMPORARY) and path > after:
                    yield path


class _beside:
    """The path of a temporary file beside another one; whatever happens, it is gone afterwards."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path.with_name(f"{TEMPORARY}{secrets.token_hex(8)}")

    def __enter__(self) -> Path:
        return self._path

    def __exit__(self, *_error: object) -> None:
        self._path.unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    """A new name survives a power cut once its folder is on the disk."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
