"""The file system of another machine, by SFTP as plain OpenSSH has it (draft-ietf-secsh-filexfer-02, with OpenSSH's ``hardlink`` and ``posix-rename``).

Nothing has to be installed there, and no command is run there: an account that may do SFTP and nothing else is enough.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import PurePosixPath
from typing import cast

import asyncssh

from publisher.model.errors import TargetError
from publisher.targets.at_once import for_each
from publisher.targets.files import NO_FILE, FileCopy, Stamp, Walk
from publisher.targets.sftp.pipeline import Earlier, Upload, send_all
from publisher.targets.sftp.session import SftpSession
from storage.ssh_address import SshAddress as SshAddress

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
        self._session = SftpSession(address)
        self._folders: set[PurePosixPath] = set()
        self._can_copy = True

    async def read(self, path: str) -> bytes | None:
        """Return a file's bytes, or None if there is none."""
        async with self._session.client() as sftp:
            with suppress(asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                async with sftp.open(self._session.path(path), "rb") as file:
                    return cast("bytes", await file.read())
        return None

    async def write(self, files: Mapping[str, bytes]) -> None:
        """Write small files, each whole or not at all."""

        async def write_one(item: tuple[str, bytes]) -> None:
            temporary = self._session.new_path()
            await self._write(sftp, temporary, item[1])
            await self._rename(sftp, temporary, item[0])

        async with self._session.client() as sftp:
            many = [Upload(data, self._session.new_path(), path) for path, data in files.items() if len(files) >= MANY]
            await self._send_all(sftp, many, lambda: None)
            await for_each(() if many else files.items(), write_one, AT_ONCE)

    async def copy(self, files: Sequence[FileCopy], done: Callable[[], None], *, is_seen: bool) -> None:
        """Send files with their times. Where nobody sees it, a new file is written under its own name: a rename costs the server as much as all the rest."""

        async def copy_one(file: FileCopy) -> None:
            status = file.source.stat()
            is_new = not is_seen and status.st_size <= SMALL
            if not is_new or not await self._write_new(sftp, file.target, file.source.read_bytes(), int(status.st_mtime)):
                await copy_over(file)
            done()

        async def copy_over(file: FileCopy) -> None:
            temporary, status = self._session.new_path(), file.source.stat()
            if status.st_size > SMALL:
                await sftp.put(str(file.source), temporary, preserve=True)
            else:
                await self._write(sftp, temporary, file.source.read_bytes(), int(status.st_mtime))
            await self._rename(sftp, temporary, file.target)

        async with self._session.client() as sftp:
            many, others = _divided(files) if len(files) >= MANY else ([], files)
            await self._send_all(sftp, list(map(self._upload, many)), done)
            await for_each(others, copy_one, AT_ONCE)

    def _upload(self, file: FileCopy) -> Upload:
        earlier = Earlier(file.earlier[0], self._session.path(file.earlier[1])) if file.earlier and self._can_copy else None
        return Upload(file.source, self._session.new_path(), file.target, earlier)

    async def _send_all(self, sftp: asyncssh.SFTPClient, uploads: Sequence[Upload], done: Callable[[], None]) -> None:
        """Send small files at once. What could not be renamed there, into a new folder or in the place of one, is renamed here."""
        connection = self._session.connection
        if not uploads or connection is None:
            return
        try:
            refused = await send_all(connection, uploads, self._session.path, done)
        except OSError:
            self._can_copy = False  # whatever it was: the next try sends whole files
            raise
        await for_each(refused, lambda upload: self._rename(sftp, upload.temporary, upload.target), AT_ONCE)

    async def link(self, pairs: Sequence[tuple[str, str]], done: Callable[[], None]) -> list[tuple[str, str]]:
        """Make hard links there. Return the pairs for which that could not be done."""
        failed: list[tuple[str, str]] = []

        async def link_one(pair: tuple[str, str]) -> None:
            source, target = self._session.path(pair[0]), PurePosixPath(self._session.path(pair[1]))
            await self._make_folder(sftp, target.parent)
            try:
                await sftp.link(source, str(target))  # one request where no old file is, as for nearly all of a new tree
            except asyncssh.SFTPError:
                await link_over(source, pair)
            done()

        async def link_over(source: str, pair: tuple[str, str]) -> None:
            temporary = self._session.new_path()
            try:
                await sftp.link(source, temporary)
            except asyncssh.SFTPError:  # no hard links there, or too many of one file
                failed.append(pair)
                return
            await self._rename(sftp, temporary, pair[1])
            with suppress(asyncssh.SFTPError):  # rename of one inode onto itself does nothing and leaves the first name (POSIX)
                await sftp.remove(temporary)

        async with self._session.client() as sftp:
            await for_each(pairs, link_one, AT_ONCE)
        return failed

    async def stamps(self, paths: Sequence[str]) -> dict[str, Stamp]:
        """Return length and modification time of those of ``paths`` that are plain files."""
        stamps: dict[str, Stamp] = {}

        async def stamp_one(path: str) -> None:
            with suppress(asyncssh.SFTPError):
                attributes = await sftp.lstat(self._session.path(path))
                if attributes.type == asyncssh.FILEXFER_TYPE_REGULAR:
                    stamps[path] = (attributes.size or 0, int(attributes.mtime or 0))

        async with self._session.client() as sftp:
            await for_each(paths, stamp_one, AT_ONCE)
        return stamps

    async def digests(self, paths: Sequence[str]) -> dict[str, str]:
        """Return the SHA-256 of those of ``paths`` that are plain files. Every byte comes over the line: SFTP has no digest."""
        plain = await self.stamps(paths)
        digests: dict[str, str] = {}

        async def read_one(path: str) -> None:
            async with sftp.open(self._session.path(path), "rb") as file:
                state = hashlib.sha256()
                while part := cast("bytes", await file.read(SMALL)):
                    state.update(part)
                digests[path] = state.hexdigest()

        async with self._session.client() as sftp:
            await for_each(plain, read_one, AT_ONCE)
        return digests

    async def walk(self, path: str, since: int) -> Walk:  # noqa: ARG002 - SFTP has no ctime
        """Return everything below a folder that is no folder itself, a level of folders after the other."""
        stamps: dict[str, Stamp] = {}
        folders = [""]

        async def walk_one(folder: str) -> None:
            async for entry in sftp.scandir(self._session.path(path + folder)):
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

        async with self._session.client() as sftp:
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
                await sftp.remove(self._session.path(path))
            except asyncssh.SFTPError:  # a folder is another release's
                if await sftp.isfile(self._session.path(path)) or await sftp.islink(self._session.path(path)):
                    raise

        async with self._session.client() as sftp:
            await for_each(every, remove_one, AT_ONCE)
            folders = {folder for path in every for folder in list(PurePosixPath(path).parents)[:-3]}  # never `slots/a` itself
            for folder in sorted(folders, key=lambda folder: -len(folder.parts)):
                with suppress(asyncssh.SFTPError):  # not empty
                    await sftp.rmdir(self._session.path(str(folder)))
                    self._folders.discard(PurePosixPath(self._session.path(str(folder))))

    async def remove_tree(self, path: str) -> None:
        """Remove a folder with everything in it."""
        async with self._session.client() as sftp:
            if await sftp.exists(self._session.path(path)):
                await sftp.rmtree(self._session.path(path))
                self._folders.clear()

    async def read_link(self, path: str) -> str | None:
        """Return where a symbolic link leads, or None."""
        async with self._session.client() as sftp:
            with suppress(asyncssh.SFTPError):
                return str(await sftp.readlink(self._session.path(path)))
        return None

    async def switch(self, path: str, destination: str) -> None:
        """Exchange a symbolic link by one rename."""
        async with self._session.client() as sftp:
            temporary = self._session.new_path()
            await sftp.symlink(destination, temporary)
            try:
                await sftp.posix_rename(temporary, self._session.path(path))
            except asyncssh.SFTPError as error:
                await sftp.remove(temporary)
                words = f"{error.reason}; a folder may be in the place of our link / 切り替えられません"
                raise TargetError(f"{self._session.path(path)}: {words}") from error

    async def close(self) -> None:
        """End the session."""
        await self._session.close()

    def abort(self) -> None:
        """End the session without waiting for what is still to be sent."""
        self._session.abort()

    async def _write_new(self, sftp: asyncssh.SFTPClient, path: str, data: bytes, time: int) -> bool:
        """Write a file that is not there yet; its time comes last, so that a part of it is known by its time. False: something is there."""
        target = PurePosixPath(self._session.path(path))
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
        target = PurePosixPath(self._session.path(path))
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
        if folder in self._folders or folder == self._session.root:
            return
        await self._make_folder(sftp, folder.parent)
        try:
            await sftp.mkdir(str(folder))
        except asyncssh.SFTPError:
            if not await sftp.isdir(str(folder)) or await sftp.islink(str(folder)):
                await sftp.remove(str(folder))
                await sftp.mkdir(str(folder))
        self._folders.add(folder)


def _divided(files: Sequence[FileCopy]) -> tuple[list[FileCopy], list[FileCopy]]:
    """Return the small ones and the large ones."""
    small, large = list[FileCopy](), list[FileCopy]()
    for file in files:
        (small if file.source.stat().st_size <= SMALL else large).append(file)
    return small, large
