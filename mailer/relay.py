"""One SMTP connection to the relay, in steps, so that it is known how far a message came when something fails.

`ready` connects, says EHLO, starts TLS and authenticates; `offer` is MAIL and RCPT; `deliver` is DATA and the body.
A refused message leaves the connection usable (RSET); a lost one is connected again by the next `ready`.
A relay of another kind must pass tests/test_mailer_relay.py.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Awaitable
from contextlib import suppress

import aiosmtplib
from aiosmtplib import SMTPException, SMTPResponse, SMTPResponseException

from mailer.config import RelaySettings, is_loopback
from mailer.errors import RelayError, RelayRefused, RelayUnavailable
from mailer.message import Envelope
from mailer.rules import Outcome, Phase
from mailer.secret import Secret

MESSAGES_PER_CONNECTION = 100
# RFC 5321 section 4.5.3.2.6: ten minutes. Giving up earlier on a slow relay would turn mail that arrives into "unknown".
END_OF_DATA_TIMEOUT = 600.0
CLOSING = 421  # RFC 5321 section 3.8: the relay hangs up after this
START_INPUT = 354


class Line:
    """One connection. Not for use by two tasks at once.

    :param hello: the name for EHLO.
    :param data_timeout: seconds to wait for the reply after the body.
    """

    def __init__(
        self,
        settings: RelaySettings,
        password: Secret | None,
        *,
        hello: str,
        most: int = MESSAGES_PER_CONNECTION,
        data_timeout: float = END_OF_DATA_TIMEOUT,
    ) -> None:
        self._settings = settings
        self._password = password
        self._hello = hello
        self._most = most
        self._data_timeout = data_timeout
        self._client: aiosmtplib.SMTP | None = None
        self._sent = 0
        self._dirty = False

    async def ready(self) -> None:
        """Bring the connection to where a message can be offered, connecting if needed.

        :raises RelayUnavailable: not reachable, or told to come back later.
        :raises RelayRefused: TLS, certificate or password; trying again does not help.
        """
        if self._sent >= self._most:
            await self.close()
        if self._client is not None and self._dirty:
            await self.withdraw()
        if self._client is None or not self._client.is_connected:
            self._hang_up()
            self._client = await self._connect()

    async def offer(self, envelope: Envelope) -> Outcome | None:
        """MAIL and RCPT. None if the relay takes this recipient, otherwise why not. Nothing of the message has left."""
        client = self._connected()
        self._dirty = True
        outcome = await self._step(Phase.MAIL, client.mail(envelope.return_path))
        if not _is_ok(outcome):
            return outcome
        outcome = await self._step(Phase.RCPT, client.rcpt(envelope.recipient))
        return None if _is_ok(outcome) else outcome

    async def deliver(self, content: bytes) -> Outcome:
        """DATA and the body. Phase BODY means that bytes of the message have left; only code 2xx there means "sent"."""
        client = self._connected()
        outcome = await self._step(Phase.DATA, client.execute_command(b"DATA"))
        if outcome.code != START_INPUT:
            self._hang_up()  # whatever state the relay thinks we are in, we do not
            return outcome
        if client.protocol is None or not client.is_connected:
            return self._lost(Phase.DATA, "connection lost before the message")
        outcome = await self._step(Phase.BODY, self._body(client.protocol, content))
        if _is_ok(outcome):
            self._dirty = False
            self._sent += 1
        return outcome

    async def withdraw(self) -> None:
        """RSET: forget the message that was offered. If that fails, the connection is given up."""
        client = self._connected()
        outcome = await self._step(Phase.MAIL, client.rset())
        self._dirty = False
        if not _is_ok(outcome):
            self._hang_up()

    async def close(self) -> None:
        """QUIT, politely; then the connection is gone in any case."""
        if self._client is not None and self._client.is_connected:
            with suppress(SMTPException, OSError):
                await self._client.quit()
        self._hang_up()

    async def _connect(self) -> aiosmtplib.SMTP:
        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            timeout=settings.timeout,
            use_tls=settings.tls == "implicit",
            start_tls=False,
            tls_context=_tls_context(settings),
            local_hostname=self._hello,
        )
        try:
            await client.connect()
            await client.ehlo()
            await self._start_tls(client)
            await self._log_in(client)
        except (SMTPException, OSError) as error:
            client.close()
            raise _trouble(settings, error) from error
        except RelayError:
            client.close()
            raise
        return client

    async def _start_tls(self, client: aiosmtplib.SMTP) -> None:
        if self._settings.tls in ("none", "implicit"):
            return
        if client.supports_extension("starttls"):
            # A failure here ends the connection: falling back to clear text is what an attacker would wait for.
            await client.starttls()
            await client.ehlo()
        elif self._settings.tls == "required":
            raise RelayRefused(f"{_name(self._settings)} does not offer STARTTLS and relay.tls is required. Nothing was sent in the clear.")

    async def _log_in(self, client: aiosmtplib.SMTP) -> None:
        if not self._settings.username or self._password is None:
            return
        if client.get_transport_info("sslcontext") is None and not is_loopback(self._settings.host):
            raise RelayRefused(f"{_name(self._settings)} is not encrypted; the password was not sent. Set relay.tls to required.")
        await client.login(self._settings.username, self._password.value)

    async def _step(self, phase: Phase, reply: Awaitable[SMTPResponse]) -> Outcome:
        """One command and its reply. A lost line or silence is an outcome too, with code None."""
        try:
            code, text = await reply
        except SMTPResponseException as error:
            code, text = error.code, error.message
        except (SMTPException, OSError) as error:
            return self._lost(phase, str(error) or error.__class__.__name__)
        if code == CLOSING or not 200 <= code < 600:
            self._hang_up()
        return Outcome(phase, code, text)

    async def _body(self, protocol: aiosmtplib.protocol.SMTPProtocol, content: bytes) -> SMTPResponse:
        protocol.write(dot_stuffed(content))
        return await protocol.read_response(timeout=self._data_timeout)

    def _lost(self, phase: Phase, text: str) -> Outcome:
        self._hang_up()
        return Outcome(phase, None, text)

    def _hang_up(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None
        self._sent = 0
        self._dirty = False

    def _connected(self) -> aiosmtplib.SMTP:
        if self._client is None:
            raise RelayUnavailable("The connection to the relay is not open.")
        return self._client


def dot_stuffed(content: bytes) -> bytes:
    """The body as it goes over the line: dots doubled at line starts, ended by a lone dot (RFC 5321 section 4.5.2).

    :param content: lines ended by CRLF, as `message.compose` makes them.
    """
    ended = content if content.endswith(b"\r\n") else content + b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", ended) + b".\r\n"


def _tls_context(settings: RelaySettings) -> ssl.SSLContext | None:
    if settings.tls == "none":
        return None
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise RelayRefused(f"{settings.ca_file}: cannot be used as relay.ca_file ({error}). It must be a PEM file.") from error
    if settings.tls == "opportunistic":  # RFC 7435: encryption against listeners, without asking who it is
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _trouble(settings: RelaySettings, error: Exception) -> RelayError:
    """A failure on the way to a usable connection: passing, or for somebody to mend?"""
    name = _name(settings)
    if isinstance(error, SMTPResponseException):
        kind = RelayRefused if error.code >= 500 else RelayUnavailable
        return kind(f"{name} refused us: {error.code} {error.message}. {_advice(kind)}", error.code, error.message)
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return RelayRefused(
            f"{name}: TLS failed and nothing was sent in the clear: {error}. Check the certificate, relay.tls and relay.ca_file."
        )
    if isinstance(error, SMTPException) and not isinstance(error, OSError):
        return RelayRefused(f"{name}: {error}. {_advice(RelayRefused)}")
    return RelayUnavailable(f"{name} cannot be reached: {error}. {_advice(RelayUnavailable)}", text=str(error))


def _advice(kind: type[RelayError]) -> str:
    if kind is RelayUnavailable:
        return "Nobody is lost: run `send` again later."
    return "Check [relay] in mailer.toml and the password."


def _name(settings: RelaySettings) -> str:
    return f"The relay {settings.host}:{settings.port}"


def _is_ok(outcome: Outcome) -> bool:
    return outcome.code is not None and 200 <= outcome.code < 300
