"""A folder of another host as a storage, by SFTP as plain OpenSSH has it (with its ``hardlink`` and ``posix-rename``). No command is run there."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import TypeVar, cast

import asyncssh

from storage.model import TEMPORARY, StorageError, is_behind
from storage.settings import SshStorage
from storage.ssh_address import SshAddress, log_in

Answer = TypeVar("Answer")
ANSWER_SECONDS = 60.0
"""For one small question. A host that does not answer counts as one that cannot be reached."""


class SftpStorage:
    """`storage.model.Storage` on another host. One connection, made at the first question; a lost one is made anew once for each question."""

    def __init__(self, settings: SshStorage) -> None:
        self.name = settings.name
        self._address = SshAddress(
            settings.host, settings.folder, settings.user, settings.key_file, settings.known_hosts, settings.port, compression=False
        )
        self._root = PurePosixPath(settings.folder)
        self._connection: asyncssh.SSHClientConnection | None = None
        self._sftp: asyncssh.SFTPClient | None = None
        self._connecting = asyncio.Lock()

    async def create(self, path: str, data: bytes) -> bool:
        """Write beside it, then give it its name by a hard link, which the server refuses if there is one."""

        async def work(sftp: asyncssh.SFTPClient) -> bool:
            async with self._beside(sftp, path) as temporary:
                await self._write(sftp, temporary, data)
                try:
                    await sftp.link(temporary, self._path(path))
                except asyncssh.SFTPError:
                    if not await sftp.lexists(self._path(path)):
                        raise
                    return False
            return True

        return await self._do(work)

    async def read(self, path: str) -> bytes | None:
        """Return a small file."""

        async def work(sftp: asyncssh.SFTPClient) -> bytes | None:
            with suppress(asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                async with sftp.open(self._path(path), "rb") as file:
                    return cast("bytes", await file.read())
            return None

        return await self._do(work)

    async def names(self, folder: str, after: str = "") -> list[str]:
        """Walk the folders that may hold something behind ``after``."""
        return sorted(await self._do(lambda sftp: self._walk(sftp, folder, after)))

    async def sizes(self, folder: str) -> dict[str, int]:
        """Return the bytes of each file."""
        return await self._do(lambda sftp: self._walk(sftp, folder, ""))

    async def upload(self, source: Path, path: str) -> None:
        """Send it beside the old one, then rename over it (posix-rename@openssh.com)."""

        async def work(sftp: asyncssh.SFTPClient) -> None:
            async with self._beside(sftp, path) as temporary:
                await sftp.put(str(source), temporary)
                await sftp.posix_rename(temporary, self._path(path))

        await self._do(work, seconds=None)

    async def download(self, path: str, target: Path) -> None:
        """Fetch it."""
        await self._do(lambda sftp: sftp.get(self._path(path), str(target)), seconds=None)

    async def remove(self, path: str) -> None:
        """Remove it."""

        async def work(sftp: asyncssh.SFTPClient) -> None:
            with suppress(asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                await sftp.remove(self._path(path))

        await self._do(work)

    async def close(self) -> None:
        """Hang up."""
        connection, self._connection, self._sftp = self._connection, None, None
        if connection is not None:
            connection.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(connection.wait_closed(), 5)

    async def _do(self, work: Callable[[asyncssh.SFTPClient], Awaitable[Answer]], *, seconds: float | None = ANSWER_SECONDS) -> Answer:
        """Every question may be asked twice: to create a file again finds the own one (`sending_right.protocol` compares it)."""
        for is_last in (False, True):
            try:
                sftp = await self._session()
                return await asyncio.wait_for(work(sftp), seconds)
            except (asyncssh.ConnectionLost, asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection, TimeoutError) as error:
                await self.close()
                if is_last:
                    raise self._error("does not answer", "返事がありません") from error
            except (asyncssh.Error, asyncssh.KeyImportError, OSError) as error:
                words = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
                raise self._error(str(words), "つながらないか、断られました") from error
        raise AssertionError("the second try has returned or raised")

    async def _session(self) -> asyncssh.SFTPClient:
        async with self._connecting:
            if self._sftp is None:
                self._connection = await log_in(self._address)
                self._sftp = await self._connection.start_sftp_client()
            return self._sftp

    async def _walk(self, sftp: asyncssh.SFTPClient, folder: str, after: str) -> dict[str, int]:
        if not await sftp.isdir(str(self._root)):
            raise self._error(f"there is no folder {self._root}; is the disk mounted there?", "フォルダーがありません")
        sizes: dict[str, int] = {}
        folders = [""]
        while folders:
            inner = folders.pop()
            with suppress(asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                async for entry in sftp.scandir(self._path(f"{folder}/{inner}")):
                    path, is_folder = f"{inner}{entry.filename!s}", entry.attrs.type == asyncssh.FILEXFER_TYPE_DIRECTORY
                    if is_folder and str(entry.filename) not in (".", "..") and is_behind(f"{path}/", after):
                        folders.append(f"{path}/")
                    elif not is_folder and not str(entry.filename).startswith(TEMPORARY) and path > after:
                        sizes[path] = entry.attrs.size or 0
        return sizes

    @asynccontextmanager
    async def _beside(self, sftp: asyncssh.SFTPClient, path: str) -> AsyncIterator[str]:
        """Yield the path of a temporary file; it is gone afterwards. The storage's own folder must be there."""
        if not await sftp.isdir(str(self._root)):
            raise self._error(f"there is no folder {self._root}; is the disk mounted there?", "フォルダーがありません")
        folder = PurePosixPath(self._path(path)).parent
        if not await sftp.isdir(str(folder)):
            await sftp.makedirs(str(folder), exist_ok=True)
        temporary = str(folder / f"{TEMPORARY}{secrets.token_hex(8)}")
        try:
            yield temporary
        finally:
            with suppress(asyncssh.SFTPError):
                await sftp.remove(temporary)

    async def _write(self, sftp: asyncssh.SFTPClient, path: str, data: bytes) -> None:
        async with sftp.open(path, "wb") as file:
            await file.write(data)
            with suppress(asyncssh.SFTPOpUnsupported):  # fsync@openssh.com: on the disk before it has its name
                await file.fsync()

    def _path(self, path: str) -> str:
        return str(self._root / path)

    def _error(self, en: str, ja: str) -> StorageError:
        return StorageError(f"{self.name} ({self._address.host}): {en} / {ja}")
