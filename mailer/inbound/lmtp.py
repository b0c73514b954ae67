"""The LMTP server (RFC 2033) behind Postfix: a Unix socket or a port of this machine. 250 means that a message is on the disk.

aiosmtpd speaks the protocol. What it does otherwise than we need is set here: one answer for each recipient (section 4.2), lines longer than RFC 5322
allows (other servers' reports have them), addresses that no RFC allows (carriers gave them out), and bounds for time, size and connections.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import re
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiosmtpd.lmtp import LMTP

from mailer import log, private_files
from mailer.inbound.own_addresses import Destination
from mailer.inbound.spool import InboundMessage, Spool
from mailer.model.clock import Clock
from mailer.model.errors import ListenError

PATH = re.compile(r"<([^<>\r\n\0]{0,320})>(.*)", re.DOTALL)
NOT_OURS = "550 5.1.1 no such address here"
FULL = "452 4.3.1 not stored; try again later"
TOO_MANY = "452 4.5.3 too many recipients"
CONNECTIONS_TAKEN = b"421 4.3.2 too many connections; try again later\r\n"
WRITERS = 8  # threads that wait for the disk; one fsync answers several messages


@dataclass(frozen=True, slots=True)
class LmtpLimits:
    """Bounds of the server. `idle` and `session` are in seconds, `size` in bytes."""

    size: int = 10_000_000
    recipients: int = 100
    connections: int = 50
    idle: float = 60.0
    session: float = 600.0


@dataclass(frozen=True)
class Handler:
    """What aiosmtpd asks about: addresses, and where a message is stored."""

    spool: Spool
    resolve: Callable[[str], Destination | None]
    clock: Clock
    on_stored: Callable[[], None]
    threads: ThreadPoolExecutor
    limits: LmtpLimits

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]) -> str:
        """Refuse what is nobody's before its body comes."""
        if len(envelope.rcpt_tos) >= self.limits.recipients:
            return TOO_MANY
        if self.resolve(address) is None:
            return NOT_OURS
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Store the message once for each recipient; one line of reply for each (RFC 2033 section 4.2)."""
        now, content = self.clock(), bytes(envelope.original_content)
        sender = "" if envelope.mail_from in (None, "<>") else envelope.mail_from
        replies = [await self._store(InboundMessage(sender, recipient, now, content)) for recipient in envelope.rcpt_tos]
        self.on_stored()
        return "\r\n".join(replies)

    async def _store(self, message: InboundMessage) -> str:
        try:
            await asyncio.get_running_loop().run_in_executor(self.threads, self.spool.store, message)
        except OSError as error:
            log.error("message not stored", why=error.strerror or type(error).__name__)
            return FULL
        return f"250 2.0.0 stored as {message.digest}"


class Session(LMTP):
    """One connection."""

    line_length_limit = 100_000  # RFC 5321 section 4.5.3.1.6 has 1,000; a report with a longer line must not be lost
    local_part_limit = 0

    def __init__(self, handler: Handler, limits: LmtpLimits, on_end: Callable[[Session], None]) -> None:
        super().__init__(
            handler, data_size_limit=limits.size, timeout=limits.idle, enable_SMTPUTF8=True, hostname="todoke", ident="Todoke LMTP"
        )
        self._on_end = on_end
        self._limits = limits
        self._end: asyncio.TimerHandle | None = None
        self._reply_count = 0

    def connection_made(self, transport: Any) -> None:
        """Begin; nobody may stay for ever, however busy (`LmtpLimits.session`)."""
        self._end = asyncio.get_running_loop().call_later(self._limits.session, transport.abort)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """End."""
        if self._end is not None:
            self._end.cancel()
        self._on_end(self)
        super().connection_lost(error)

    async def smtp_DATA(self, arg: str) -> None:
        """Answer once for each recipient (RFC 2033 section 4.2), also what aiosmtpd answers itself: too large, a line too long."""
        recipients = 0 if self.envelope is None else len(self.envelope.rcpt_tos)
        self._reply_count = recipients
        try:
            await super().smtp_DATA(arg)
        finally:
            self._reply_count = 0

    async def push(self, status: Any) -> None:
        """Write a reply."""
        reply = str(status)
        is_final = self._reply_count > 1 and not reply.startswith("354") and "\r\n" not in reply
        await super().push("\r\n".join([reply] * self._reply_count) if is_final else status)

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """The path and what follows it. aiosmtpd parses it by RFC 5322, which refuses `taro..yamada.@docomo.ne.jp`."""
        match = PATH.fullmatch(arg.strip())
        if match is None:
            return None, None
        return match[1] or "<>", match[2].strip()


class LmtpServer:
    """Listens until it is closed."""

    def __init__(self, handler: Handler, limits: LmtpLimits) -> None:
        self._handler = handler
        self._limits = limits
        self._sessions: set[Session] = set()
        self._server: asyncio.Server | None = None
        self._socket: Path | None = None

    async def listen(self, place: str) -> str:
        """Listen on `HOST:PORT` or on a Unix socket (a path with a slash). Returns where.

        :raises ListenError: another process is there, or the path cannot be used.
        """
        logging.getLogger("mail.log").setLevel(
            logging.WARNING
        )  # aiosmtpd's: it writes every command, and with --verbose every line of a message
        loop = asyncio.get_running_loop()
        try:
            if "/" in place:
                self._socket = Path(place)
                _take_socket(self._socket)
                self._server = await loop.create_unix_server(self._session, place)
                self._socket.chmod(0o660)  # Postfix is another account, and of the same group
                return place
            host, _, port = place.rpartition(":")
            self._server = await loop.create_server(self._session, host.strip("[]"), int(port))
            return f"{host}:{self._server.sockets[0].getsockname()[1]}"
        except (OSError, ValueError, OverflowError) as error:
            raise ListenError(
                f"Nothing can listen at {place}: {getattr(error, 'strerror', None) or error}. Choose another with --listen."
            ) from error

    async def close(self) -> None:
        """Accept nothing more, and end what is open: an unfinished message was not answered, and Postfix keeps it."""
        if self._server is not None:
            self._server.close()
        for session in [*self._sessions]:
            if isinstance(session.transport, asyncio.Transport):
                session.transport.abort()
        if self._socket is not None:
            self._socket.unlink(missing_ok=True)

    def _session(self) -> asyncio.BaseProtocol:
        if len(self._sessions) >= self._limits.connections:
            return _Busy()
        session = Session(self._handler, self._limits, self._sessions.discard)
        self._sessions.add(session)
        return session


class _Busy(asyncio.Protocol):
    """Answers a connection too many: Postfix comes back."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(CONNECTIONS_TAKEN)
        transport.close()


def _take_socket(path: Path) -> None:
    """Remove the socket of a process that was killed; one that answers belongs to somebody.

    :raises OSError: it is in use, or no socket.
    """
    private_files.make_folder(path.parent)
    if not path.exists():
        return
    if not path.is_socket():
        raise FileExistsError(errno.EEXIST, "there is a file that is no socket", str(path))
    with closing(socket.socket(socket.AF_UNIX)) as client:
        if client.connect_ex(str(path)) == 0:
            raise OSError(errno.EADDRINUSE, "another process listens there")
    path.unlink(missing_ok=True)
