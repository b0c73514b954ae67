"""The file system of another machine, by SFTP as plain OpenSSH has it (draft-ietf-secsh-filexfer-02, with OpenSSH's ``hardlink`` and ``posix-rename``).

Nothing has to be installed there, and no command is run there: an account that may do SFTP and nothing else is enough.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import cast

import asyncssh

from publisher.model.errors import TargetError
from publisher.targets.at_once import for_each
from publisher.targets.files import NO_FILE, Stamp, Walk
from publisher.targets.sftp.pipeline import Upload, send_all
from publisher.targets.sftp.ssh_address import SshAddress as SshAddress
from publisher.targets.sftp.ssh_address import log_in

INCOMING = "incoming"
AT_ONCE = 48
"""Files that are on their way at once: OpenSSH answers one request after the other; such a queue hides 20 ms of distance and takes little memory."""

MANY = 100
"""Files from which on `publisher.targets.sftp.pipeline` is worth a channel of its own."""

SMALL = 1 << 20
"""Bytes. A smaller file is written with one request; asyncssh's own copying asks several times before it begins."""


class SftpFiles:
    """`publisher.targets.files.Files` on another machine. The connection is made at the first question."""

    is_near = False

    def __init__(self, address: SshAddress) -> None:
        self._address = address
        self._root = PurePosixPath(address.folder)
        self._connection: asyncssh.SSHClientConnection | None = None
        self._sftp: asyncssh.SFTPClient | None = None
        self._count = 0
        self._session_name = secrets.token_hex(8)
        self._folders: set[PurePosixPath] = set()

    async def read(self, path: str) -> bytes | None:
        """Return a file's bytes, or None if there is none."""
        async with self._session() as sftp:
            with suppress(asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                async with sftp.open(self._path(path), "rb") as file:
                    return cast("bytes", await file.read())
        return None

    async def write(self, files: Mapping[str, bytes]) -> None:
        """Write small files, each whole or not at all."""

        async def write_one(item: tuple[str, bytes]) -> None:
            temporary = self._temporary()
            await self._write(sftp, temporary, item[1])
            await self._rename(sftp, temporary, item[0])

        async with self._session() as sftp:
            many = [Upload(data, self._temporary(), path) for path, data in files.items() if len(files) >= MANY]
            await self._send_all(sftp, many, lambda: None)
            await for_each(() if many else files.items(), write_one, AT_ONCE)

    async def copy(self, files: Sequence[tuple[Path, str]], done: Callable[[], None], *, is_seen: bool) -> None:
        """Send files with their times. Where nobody sees it, a new file is written under its own name: a rename costs the server as much as all the rest."""

        async def copy_one(item: tuple[Path, str]) -> None:
            status = item[0].stat()
            is_new = not is_seen and status.st_size <= SMALL
            if not is_new or not await self._write_new(sftp, item[1], item[0].read_bytes(), int(status.st_mtime)):
                await copy_over(item)
            done()

        async def copy_over(item: tuple[Path, str]) -> None:
            temporary, status = self._temporary(), item[0].stat()
            if status.st_size > SMALL:
                await sftp.put(str(item[0]), temporary, preserve=True)
            else:
                await self._write(sftp, temporary, item[0].read_bytes(), int(status.st_mtime))
            await self._rename(sftp, temporary, item[1])

        async with self._session() as sftp:
            small = [each for each in files if len(files) >= MANY and each[0].stat().st_size <= SMALL]
            await self._send_all(sftp, [Upload(source, self._temporary(), path) for source, path in small], done)
            await for_each([each for each in files if each[0].stat().st_size > SMALL] if small else files, copy_one, AT_ONCE)

    async def _send_all(self, sftp: asyncssh.SFTPClient, uploads: Sequence[Upload], done: Callable[[], None]) -> None:
        """Send small files at once. What could not be renamed there, into a new folder or in the place of one, is renamed here."""
        refused = await send_all(self._connection, uploads, self._path, done) if uploads and self._connection else []
        await for_each(refused, lambda upload: self._rename(sftp, upload.temporary, upload.target), AT_ONCE)

    async def link(self, pairs: Sequence[tuple[str, str]], done: Callable[[], None]) -> list[tuple[str, str]]:
        """Make hard links there. Return the pairs for which that could not be done."""
        failed: list[tuple[str, str]] = []

        async def link_one(pair: tuple[str, str]) -> None:
            source, target = self._path(pair[0]), PurePosixPath(self._path(pair[1]))
            await self._make_folder(sftp, target.parent)
            try:
                await sftp.link(source, str(target))  # one request where no old file is, as for nearly all of a new tree
            except asyncssh.SFTPError:
                await link_over(source, pair)
            done()

        async def link_over(source: str, pair: tuple[str, str]) -> None:
            temporary = self._temporary()
            try:
                await sftp.link(source, temporary)
            except asyncssh.SFTPError:  # no hard links there, or too many of one file
                failed.append(pair)
                return
            await self._rename(sftp, temporary, pair[1])
            with suppress(asyncssh.SFTPError):  # rename of one inode onto itself does nothing and leaves the first name (POSIX)
                await sftp.remove(temporary)

        async with self._session() as sftp:
            await for_each(pairs, link_one, AT_ONCE)
        return failed

    async def stamps(self, paths: Sequence[str]) -> dict[str, Stamp]:
        """Return length and modification time of those of ``paths`` that are plain files."""
        stamps: dict[str, Stamp] = {}

        async def stamp_one(path: str) -> None:
            with suppress(asyncssh.SFTPError):
                attributes = await sftp.lstat(self._path(path))
                if attributes.type == asyncssh.FILEXFER_TYPE_REGULAR:
                    stamps[path] = (attributes.size or 0, int(attributes.mtime or 0))

        async with self._session() as sftp:
            await for_each(paths, stamp_one, AT_ONCE)
        return stamps

    async def digests(self, paths: Sequence[str]) -> dict[str, str]:
        """Return the SHA-256 of those of ``paths`` that are plain files. Every byte comes over the line: SFTP has no digest."""
        plain = await self.stamps(paths)
        digests: dict[str, str] = {}

        async def read_one(path: str) -> None:
            async with sftp.open(self._path(path), "rb") as file:
                state = hashlib.sha256()
                while part := cast("bytes", await file.read(SMALL)):
                    state.update(part)
                digests[path] = state.hexdigest()

        async with self._session() as sftp:
            await for_each(plain, read_one, AT_ONCE)
        return digests

    async def walk(self, path: str, since: int) -> Walk:  # noqa: ARG002 - SFTP has no ctime
        """Return everything below a folder that is no folder itself, a level of folders after the other."""
        stamps: dict[str, Stamp] = {}
        folders = [""]

        async def walk_one(folder: str) -> None:
            async for entry in sftp.scandir(self._path(path + folder)):
                name, attributes = str(entry.filename), entry.attrs
                if name in (".", ".."):
                    continue
                inner = f"{folder}/{name}"
                if attributes.type == asyncssh.FILEXFER_TYPE_DIRECTORY:
                    folders.append(inner)
                elif attributes.type == asyncssh.FILEXFER_TYPE_REGULAR:
                    stamps[inner[1:]] = (attributes.size or 0, int(attributes.mtime or 0))
                else:
                    stamps[inner[1:]] = NO_FILE

        async with self._session() as sftp:
            while folders:
                level, folders[:] = folders[:], []
                await for_each(level, walk_one, AT_ONCE)
        return Walk(stamps)

    async def moment(self) -> int:
        """SFTP tells no time of change."""
        return 0

    async def remove(self, paths: Iterable[str]) -> None:
        """Remove files, and folders that are empty afterwards."""
        every = tuple(paths)

        async def remove_one(path: str) -> None:
            try:
                await sftp.remove(self._path(path))
            except asyncssh.SFTPError:  # a folder is another release's
                if await sftp.isfile(self._path(path)) or await sftp.islink(self._path(path)):
                    raise

        async with self._session() as sftp:
            await for_each(every, remove_one, AT_ONCE)
            folders = {folder for path in every for folder in list(PurePosixPath(path).parents)[:-3]}  # never `slots/a` itself
            for folder in sorted(folders, key=lambda folder: -len(folder.parts)):
                with suppress(asyncssh.SFTPError):  # not empty
                    await sftp.rmdir(self._path(str(folder)))
                    self._folders.discard(PurePosixPath(self._path(str(folder))))

    async def remove_tree(self, path: str) -> None:
        """Remove a folder with everything in it."""
        async with self._session() as sftp:
            if await sftp.exists(self._path(path)):
                await sftp.rmtree(self._path(path))
                self._folders.clear()

    async def read_link(self, path: str) -> str | None:
        """Return where a symbolic link leads, or None."""
        async with self._session() as sftp:
            with suppress(asyncssh.SFTPError):
                return str(await sftp.readlink(self._path(path)))
        return None

    async def switch(self, path: str, destination: str) -> None:
        """Exchange a symbolic link by one rename."""
        async with self._session() as sftp:
            temporary = self._temporary()
            await sftp.symlink(destination, temporary)
            try:
                await sftp.posix_rename(temporary, self._path(path))
            except asyncssh.SFTPError as error:
                await sftp.remove(temporary)
                words = f"{error.reason}; a folder may be in the place of our link / 切り替えられません"
                raise TargetError(f"{self._path(path)}: {words}") from error

    async def close(self) -> None:
        """End the session."""
        if self._connection is not None:
            self._connection.close()
            with suppress(asyncssh.Error, OSError):
                await self._connection.wait_closed()
            self._connection = self._sftp = None

    def abort(self) -> None:
        """End the session without waiting for what is still to be sent."""
        if self._connection is not None:
            self._connection.abort()

    async def _write_new(self, sftp: asyncssh.SFTPClient, path: str, data: bytes, time: int) -> bool:
        """Write a file that is not there yet; its time comes last, so that a part of it is known by its time. False: something is there."""
        target = PurePosixPath(self._path(path))
        await self._make_folder(sftp, target.parent)
        try:
            await self._write(sftp, str(target), data, time)
        except asyncssh.SFTPError:  # another reason than an old file is met again, and told, by the way that can replace one
            return False
        return True

    async def _write(self, sftp: asyncssh.SFTPClient, path: str, data: bytes, time: int | None = None) -> None:
        """Write a new file, with a time if there is one."""
        async with sftp.open(path, "xb") as file:
            await file.write(data)
            if time is not None:
                await file.utime((time, time))

    async def _rename(self, sftp: asyncssh.SFTPClient, temporary: str, path: str) -> None:
        """Rename into place. What stands in the way is removed: a folder where the new release has a file, a file where it has a folder."""
        target = PurePosixPath(self._path(path))
        await self._make_folder(sftp, target.parent)
        try:
            await sftp.posix_rename(temporary, str(target))
        except asyncssh.SFTPError:
            if not await sftp.isdir(str(target)):
                raise
            self._folders -= {folder for folder in self._folders if folder == target or target in folder.parents}
            await sftp.rmtree(str(target))
            await sftp.posix_rename(temporary, str(target))

    async def _make_folder(self, sftp: asyncssh.SFTPClient, folder: PurePosixPath) -> None:
        """Make a folder and those above it, each asked for once in a session."""
        if folder in self._folders or folder == self._root:
            return
        await self._make_folder(sftp, folder.parent)
        try:
            await sftp.mkdir(str(folder))
        except asyncssh.SFTPError:
            if not await sftp.isdir(str(folder)) or await sftp.islink(str(folder)):
                await sftp.remove(str(folder))
                await sftp.mkdir(str(folder))
        self._folders.add(folder)

    def _path(self, path: str) -> str:
        return str(self._root / path)

    def _temporary(self) -> str:
        """Return a name that no file has had: what a killed session left may be a second name of what readers see, and is never written into."""
        self._count += 1
        return self._path(f"{INCOMING}/{self._session_name}-{self._count}.part")

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[asyncssh.SFTPClient]:
        """Yield the client, connected. Raises `TargetError` for whatever goes wrong with it."""
        address = self._address
        try:
            if self._sftp is None:
                self._sftp = await self._connect()
            yield self._sftp
        except (asyncssh.Error, OSError, TimeoutError) as error:
            why = getattr(error, "reason", "") or str(error) or type(error).__name__
            place = f"{address.user}@{address.host}:{address.port}{address.folder}"
            raise TargetError(f"{place}: {why} / SSH のサーバーに届きません") from error

    async def _connect(self) -> asyncssh.SFTPClient:
        """Log in, and remove what an earlier session has left."""
        self._connection = await log_in(self._address)
        sftp = await self._connection.start_sftp_client(path_errors="surrogateescape")  # a stranger's file may have any name
        if await sftp.exists(self._path(INCOMING)):
            await sftp.rmtree(self._path(INCOMING))
        await sftp.makedirs(self._path(INCOMING))
        return sftp
