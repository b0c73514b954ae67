"""What the mailer uses of aiosmtplib beyond its documented commands: a new version must keep it, or `mailer.smtp.login` and `mailer.smtp.connection` must change."""

from __future__ import annotations

import asyncio

import aiosmtplib
from aiosmtplib.protocol import SMTPProtocol

from tests.servers.smtp import Receiver


class Borrower(asyncio.BufferedProtocol):
    """Takes the transport, says NOOP, waits for the answer."""

    def __init__(self) -> None:
        self.buffer = bytearray(1000)
        self.answered = asyncio.get_running_loop().create_future()

    def get_buffer(self, sizehint: int) -> memoryview:
        return memoryview(self.buffer)

    def buffer_updated(self, nbytes: int) -> None:
        self.answered.set_result(bytes(self.buffer[:nbytes]))


def test_the_transport_can_be_borrowed_and_given_back() -> None:
    async def borrow(port: int) -> None:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False)
        await client.connect()
        await client.ehlo()
        assert client.supports_extension("pipelining") and client.is_connected
        protocol, transport, borrower = client.protocol, client.transport, Borrower()
        assert isinstance(protocol, SMTPProtocol) and isinstance(transport, asyncio.Transport)
        transport.set_protocol(borrower)
        transport.write(b"NOOP\r\n")
        assert (await borrower.answered).startswith(b"250")
        transport.set_protocol(protocol)
        assert (await client.execute_command(b"NOOP")).code == 250
        protocol.write(b"NOOP\r\n")
        assert (await protocol.read_response(timeout=90)).code == 250
        assert (await client.quit()).code == 221

    with Receiver() as receiver:
        asyncio.run(borrow(receiver.port))


def test_a_lost_connection_can_be_told_to_the_old_protocol() -> None:
    async def lose(port: int) -> None:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False)
        await client.connect()
        assert client.protocol is not None
        client.protocol.connection_lost(None)
        assert not client.is_connected

    with Receiver() as receiver:
        asyncio.run(lose(receiver.port))
