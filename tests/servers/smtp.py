"""A real SMTP server in a thread, which can also refuse. Never the network: it listens on 127.0.0.1, on a free port."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.servers.thread import ServerThread

CERTIFICATE = Path(__file__).parents[1] / "data" / "mailer" / "relay-cert.pem"
KEY = Path(__file__).parents[1] / "data" / "mailer" / "relay.pem"
USER, PASSWORD = "todoke", "a-password-for-tests"


@dataclass(frozen=True)
class Accepted:
    """One message the server took."""

    mail_from: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def mail(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=policy.default)


@dataclass
class Behaviour:
    """How the server behaves. Replies by recipient; a drop closes the connection without a reply; `on_accept` is given the number of
    messages so far. A message waits for its reply while `holds` says so, which is given its recipient and that number. `written` replies go by the recipient as it stands in RCPT (aiosmtpd takes quotation marks off that it thinks needless);
    `seen` collects these.
    """

    mail: str | None = None
    written: dict[str, str] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    rcpt: dict[str, str] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    drop_before_body: set[str] = field(default_factory=set)
    drop_after_body: set[str] = field(default_factory=set)
    silent_after_body: set[str] = field(default_factory=set)
    on_accept: Callable[[int], object] = lambda _count: None
    holds: Callable[[str, int], bool] = lambda _recipient, _count: False
    pipelining: bool = True
    starttls: bool = False
    implicit: bool = False
    password: bool = False


class Receiver(ServerThread):
    """The server, for a `with` block. `connections` counts how often somebody connected."""

    def __init__(self, behaviour: Behaviour | None = None) -> None:
        super().__init__()
        self.behaviour = behaviour or Behaviour()
        self.accepted: list[Accepted] = []
        self.has_accepted = asyncio.Condition()
        self._ends: list[asyncio.Event] = []

    @property
    def connections(self) -> int:
        return len(self._ends)

    def wait_for_ends(self, since: int) -> None:
        """Wait until the connections from number ``since`` on have ended: what a sender that died had sent by then has been read."""

        async def wait() -> None:
            for end in self._ends[since:]:
                await end.wait()

        asyncio.run_coroutine_threadsafe(wait(), self._loop).result()

    @property
    def recipients(self) -> list[str]:
        return [address for message in self.accepted for address in message.recipients]

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        wrapped = _context() if self.behaviour.implicit else None
        server = self._loop.run_until_complete(self._loop.create_server(self._session, "127.0.0.1", 0, ssl=wrapped))
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        self._loop.run_forever()
        server.close()
        self._end()

    def _end(self) -> None:
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    def _session(self) -> Any:
        self._ends.append(end := asyncio.Event())
        options: dict[str, Any] = {"tls_context": _context()} if self.behaviour.starttls else {}
        if self.behaviour.password:
            options |= {"authenticator": _authenticate, "auth_required": True, "auth_require_tls": self.behaviour.starttls}
        return _Session(_Handler(self), hostname="relay.example.jp", loop=self._loop, behaviour=self.behaviour, end=end, **options)


class _Session(SMTP):
    def __init__(self, *args: Any, behaviour: Behaviour, end: asyncio.Event, **options: Any) -> None:
        self._behaviour, self._end = behaviour, end
        super().__init__(*args, **options)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._end.set()

    async def smtp_RCPT(self, arg: str | None) -> None:
        path = (arg or "").partition("<")[2].rpartition(">")[0]
        self._behaviour.seen.append(path)
        if path in self._behaviour.written:
            await self.push(self._behaviour.written[path])
        else:
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:
        assert self.envelope is not None and isinstance(self.transport, asyncio.Transport)
        if set(self.envelope.rcpt_tos) & self._behaviour.drop_before_body:
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


class _Handler:
    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]] if self._receiver.behaviour.pipelining else responses

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if self._receiver.behaviour.mail is not None:
            return self._receiver.behaviour.mail
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        reply = self._receiver.behaviour.rcpt.get(address)
        if reply is not None:
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        behaviour, recipients = self._receiver.behaviour, tuple(envelope.rcpt_tos)
        reply = behaviour.data.get(recipients[0])
        if reply is not None:
            return reply
        async with self._receiver.has_accepted:
            await self._receiver.has_accepted.wait_for(lambda: not behaviour.holds(recipients[0], len(self._receiver.accepted)))
            self._receiver.accepted.append(Accepted(envelope.mail_from, recipients, envelope.content))
            self._receiver.has_accepted.notify_all()
        if set(recipients) & behaviour.silent_after_body:
            await asyncio.Event().wait()
        if set(recipients) & behaviour.drop_after_body:
            server.transport.abort()
        behaviour.on_accept(len(self._receiver.accepted))
        return "250 queued"


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(KEY)
    return context


def _authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
    is_right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_right, handled=is_right)  # not handled: aiosmtpd answers 535 itself
