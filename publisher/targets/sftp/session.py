"""One SFTP session with a mirror: the connection, which is made at the first question, and the paths below its folder."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import PurePosixPath

import asyncssh

from publisher.model.errors import TargetError
from storage.ssh_address import SshAddress, log_in

INCOMING = "incoming"


class SftpSession:
    """A session with the server at an address. ``root`` is the mirror's folder there; ``connection`` is None before the first question."""

    def __init__(self, address: SshAddress) -> None:
        self._address = address
        self.root = PurePosixPath(address.folder)
        self._prefix = f"{str(self.root).rstrip('/')}/"
        self.connection: asyncssh.SSHClientConnection | None = None
        self._client: asyncssh.SFTPClient | None = None
        self._count = 0
        self._name = secrets.token_hex(8)

    def path(self, path: str) -> str:
        """Return the whole path there of one below the mirror's folder."""
        return f"{self._prefix}{path}"

    def new_path(self) -> str:
        """Return a path that no file has had: what a killed session left may be a second name of what readers see, and is never written into."""
        self._count += 1
        return self.path(f"{INCOMING}/{self._name}-{self._count}.part")

    @asynccontextmanager
    async def client(self) -> AsyncIterator[asyncssh.SFTPClient]:
        """Yield the client, connected. Raises `TargetError` for whatever goes wrong with it."""
        address = self._address
        try:
            if self._client is None:
                self._client = await self._connect()
            yield self._client
        except (asyncssh.Error, OSError, TimeoutError) as error:
            why = getattr(error, "reason", "") or str(error) or type(error).__name__
            place = f"{address.user}@{address.host}:{address.port}{address.folder}"
            raise TargetError(f"{place}: {why} / SSH のサーバーに届きません") from error

    async def close(self) -> None:
        """Close the connection, and wait until it is closed."""
        if self.connection is not None:
            self.connection.close()
            with suppress(asyncssh.Error, OSError):
                await self.connection.wait_closed()
            self.connection = self._client = None

    def abort(self) -> None:
        """Close the connection without waiting for what is still to be sent."""
        if self.connection is not None:
            self.connection.abort()

    async def _connect(self) -> asyncssh.SFTPClient:
        """Log in, and remove what an earlier session has left."""
        self.connection = await log_in(self._address)
        client = await self.connection.start_sftp_client(path_errors="surrogateescape")  # a stranger's file may have any name
        if await client.exists(self.path(INCOMING)):
            await client.rmtree(self.path(INCOMING))
        await client.makedirs(self.path(INCOMING))
        return client
