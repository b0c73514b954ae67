"""One SMTP connection to a relay: `login` opens it, then messages are sent.

With PIPELINING a `PipeliningProtocol` takes the transport over and gives it back for QUIT; without, aiosmtplib's own commands send
the same prepared bytes one after the other. Either way the `MessageSource` is told how far each message came.
A connection of another kind must pass tests/mailer/smtp/test_connection.py. tests/mailer/smtp/test_aiosmtplib.py pins what is used here
beyond aiosmtplib's documentation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import cast

import aiosmtplib
from aiosmtplib import SMTPException, SMTPResponse, SMTPResponseException

from mailer.config.settings import RelaySettings
from mailer.model.errors import RelayUnavailable
from mailer.model.outcome import Outcome, Phase
from mailer.secrets import Secret
from mailer.smtp.login import open_client
from mailer.smtp.pipelining import PipeliningProtocol
from mailer.smtp.quoting import RecipientQuoting
from mailer.smtp.replies import CLOSING, START_INPUT, unreadable
from mailer.smtp.transaction import MessageSource, StopReason, Timeouts, Transaction

LONGEST_SIZE = 20  # digits; RFC 1870 section 4


class SmtpConnection:
    """One connection. Not for use by two tasks at once. `sent` counts the messages that the relay took since the last connect.
    `quoting` is for a message source that has no relay of its own to remember it with.

    `pipelines`: commands may be sent ahead where the relay offers it. It becomes false when the relay throws them away (`discards`).
    `is_cut_ahead`: the connection was lost in the middle of an envelope that was sent ahead.

    :param hello: the name for EHLO.
    :param most: messages per connection.
    :param timeouts: other ones than those of the relay's settings and RFC 5321.
    """

    def __init__(
        self,
        settings: RelaySettings,
        password: Secret | None,
        *,
        hello: str,
        most: int | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        self._settings = settings
        self._password = password
        self._hello = hello
        self._most = most or settings.messages_per_connection
        self._timeouts = timeouts or Timeouts(command=settings.timeout)
        self._client: aiosmtplib.SMTP | None = None
        self._begun = 0
        self._needs_reset = False  # a transaction was begun and not finished
        self.sent = 0
        self.why_lost = ""
        self.pipelines = settings.pipelining == "auto"
        self.discards = False
        self.is_cut_ahead = False
        self.quoting = RecipientQuoting(settings.quote_local_part)

    @property
    def size_limit(self) -> int:
        """Bytes of the largest message that the relay takes (RFC 1870 section 4). 0: it does not say."""
        size = self._client.esmtp_extensions.get("size", "").strip() if self._client is not None else ""
        return int(size) if size.isascii() and size.isdigit() and len(size) <= LONGEST_SIZE else 0

    @property
    def tls_version(self) -> str:
        """The protocol of the open connection, such as ``TLSv1.3``; empty if it is not encrypted."""
        tls = self._client.get_transport_info("ssl_object") if self._client is not None else None
        return str(tls.version()) if tls is not None else ""

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent now, without connecting."""
        return self._client is not None and self._client.is_connected and self._begun < self._most

    async def ready(self) -> None:
        """Make the connection ready for messages, connecting if needed.

        :raises RelayUnavailable: not reachable, or told to come back later.
        :raises RelayRefused: TLS, certificate or password; trying again does not help.
        """
        if self.is_open:
            return
        await self.close()
        self._client = await open_client(self._settings, self._password, self._hello)
        self._begun = self.sent = 0
        self._needs_reset = False

    async def run(self, source: MessageSource) -> StopReason:
        """Send until `source` has nothing, the connection's share is used up, or the connection is lost.

        :raises RelayUnavailable: the connection is not open; call `ready` first.
        """
        client = self._client
        if client is None or client.protocol is None or not client.is_connected:
            raise RelayUnavailable("The connection to the relay is not open.")
        if self.pipelines and client.supports_extension("pipelining"):
            reason = await self._pipelined(client, client.protocol, source)
        else:
            reason = await self._one_by_one(client, source)
        if reason is StopReason.LOST:
            self._hang_up()
        return reason

    async def close(self) -> None:
        """Say QUIT if the connection is open (RFC 5321 section 4.1.1.10); it is gone afterwards in any case."""
        if self._client is not None and self._client.is_connected:
            with suppress(SMTPException, OSError):
                await self._client.quit(timeout=min(5.0, self._settings.timeout))
        self._hang_up()

    async def _pipelined(self, client: aiosmtplib.SMTP, protocol: aiosmtplib.protocol.SMTPProtocol, source: MessageSource) -> StopReason:
        transport = cast(asyncio.Transport, client.transport)
        pipelining = PipeliningProtocol(
            transport,
            source,
            most=self._most - self._begun,
            timeouts=self._timeouts,
            on_lost=protocol.connection_lost,
        )
        reason = await pipelining.run()
        self._begun = self._most - pipelining.left
        self.sent += pipelining.sent
        self.why_lost = pipelining.why_lost
        self.is_cut_ahead = pipelining.is_cut_ahead
        if pipelining.discards:
            self.pipelines, self.discards = False, True
        if reason is not StopReason.LOST:
            transport.set_protocol(protocol)
        return reason

    async def _one_by_one(self, client: aiosmtplib.SMTP, source: MessageSource) -> StopReason:
        while self._begun < self._most:
            transaction = source.next()
            if transaction is None:
                return StopReason.IDLE
            self._begun += 1
            outcome = await self._run_transaction(client, transaction, source)
            if outcome is None:
                source.give_back(transaction)
                return StopReason.LOST
            self.sent += outcome.is_accepted
            source.done(transaction, outcome)
            if outcome.code is None or outcome.code == CLOSING or not client.is_connected:
                self.why_lost = outcome.text
                return StopReason.LOST
        return StopReason.SPENT

    async def _run_transaction(self, client: aiosmtplib.SMTP, transaction: Transaction, source: MessageSource) -> Outcome | None:
        """One message. None if the connection was lost, or is closing, before the relay had said anything about the message."""
        if self._needs_reset and not _is_ok(await self._step(Phase.MAIL, client.rset())):
            return None
        self._needs_reset = True
        mail, rcpt, data = transaction.envelope.removesuffix(b"\r\n").split(b"\r\n")
        outcome = await self._step(Phase.MAIL, client.execute_command(mail))
        if outcome.code is None or outcome.code == CLOSING:
            return None
        if _is_ok(outcome):
            outcome = await self._step(Phase.RCPT, client.execute_command(rcpt))
        if not _is_ok(outcome):
            return outcome
        outcome = await self._step(Phase.DATA, client.execute_command(data))
        if outcome.code != START_INPUT:
            return outcome if outcome.code is None or outcome.code >= 400 else self._lost(Phase.DATA, outcome.text)
        return await self._body(client, transaction, source)

    async def _body(self, client: aiosmtplib.SMTP, transaction: Transaction, source: MessageSource) -> Outcome | None:
        protocol = client.protocol
        if protocol is None or not client.is_connected:
            return self._lost(Phase.DATA, "connection lost before the message")
        may_leave: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        source.before_body(transaction, lambda allowed: None if may_leave.done() else may_leave.set_result(allowed))
        if not await may_leave:
            return None  # `run` hangs up: after 354 that is the only way not to send it

        async def reply() -> SMTPResponse:
            protocol.write(b"".join(transaction.body))
            return await protocol.read_response(timeout=self._timeouts.end)

        outcome = await self._step(Phase.BODY, reply())
        self._needs_reset = not _is_ok(outcome)
        return outcome

    async def _step(self, phase: Phase, reply: Awaitable[SMTPResponse]) -> Outcome:
        """One command and its reply. A lost connection or silence is an outcome too, with code None."""
        try:
            code, text = await reply
        except SMTPResponseException as error:
            code, text = error.code, error.message
        except (SMTPException, OSError) as error:
            return self._lost(phase, str(error) or error.__class__.__name__)
        if not 200 <= code < 600:  # after the body too nobody knows what was meant, so the message is `unknown`
            return self._lost(phase, unreadable(text))
        if code == CLOSING:
            self._hang_up()
        return Outcome(phase, code, text)

    def _lost(self, phase: Phase, text: str) -> Outcome:
        self.why_lost = text
        self._hang_up()
        return Outcome(phase, None, text)

    def _hang_up(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None


def _is_ok(outcome: Outcome) -> bool:
    return outcome.code is not None and 200 <= outcome.code < 300
