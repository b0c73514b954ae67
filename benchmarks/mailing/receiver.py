"""A light SMTP receiver for measuring: it takes every message and reads nothing of it but its end.

    python -m benchmarks.mailing.receiver PORT [SECONDS_LATE]

It prints a line when it listens. It is faster than `smtp-sink`, so that it does not limit the sender.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

GREETING = b"220 receiver ESMTP\r\n"
EHLO = b"250-receiver\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 50000000\r\n"
GO = b"354 go\r\n"
END = b"\r\n.\r\n"
TAKEN = b"250 2.0.0 taken\r\n"
LONGEST_ENVELOPE = 2048  # bytes


class Session(asyncio.BufferedProtocol):
    """One connection. Commands are read line by line; of a body only its end is searched."""

    def __init__(self, late: float) -> None:
        self._late = late
        self._buffer = bytearray(1 << 18)
        self._view = memoryview(self._buffer)
        self._filled = 0
        self._in_body = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's transport does not inherit from asyncio's
        self._transport.write(GREETING)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        """Where the next bytes go."""
        return self._view[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        """Answer every complete command in one write."""
        self._filled += nbytes
        begin, replies = self._body() if self._in_body else (0, b"")
        while not self._in_body and (stop := self._buffer.find(b"\r\n", begin, self._filled)) >= 0:
            answer = self._command(self._buffer[begin : begin + 4].upper())
            replies += answer
            # An empty body ends with the line end of DATA, so that is kept.
            begin = stop if answer is GO else stop + 2
        self._keep(begin)
        if replies:
            self._answer(replies)

    def _body(self) -> tuple[int, bytes]:
        """How many bytes need not be kept, and the answer if the body has ended. Only an envelope can follow a body, so its end is searched
        from behind.
        """
        stop = self._buffer.rfind(END, max(0, self._filled - LONGEST_ENVELOPE), self._filled)
        if stop < 0:
            return max(0, self._filled - len(END)), b""
        self._in_body = False
        return stop + len(END), TAKEN

    def _command(self, verb: bytearray) -> bytes:
        if verb == b"EHLO":
            return EHLO
        if verb == b"DATA":
            self._in_body = True
            return GO
        return b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n"

    def _keep(self, begin: int) -> None:
        remaining = self._filled - begin
        self._buffer[:remaining] = self._buffer[begin : self._filled]
        self._filled = remaining

    def _answer(self, replies: bytes) -> None:
        if self._late:
            asyncio.get_running_loop().call_later(self._late, self._transport.write, replies)
        else:
            self._transport.write(replies)


async def serve(port: int, late: float) -> None:
    """Listen until killed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Session(late), "127.0.0.1", port)
    print("listening", flush=True)
    async with server:
        await server.serve_forever()


def main(port: str, late: str = "0") -> None:
    """Run on uvloop where it is installed."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(serve(int(port), float(late)))
    else:
        uvloop.run(serve(int(port), float(late)))


if __name__ == "__main__":
    main(*sys.argv[1:])
