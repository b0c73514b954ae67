"""A light SMTP receiver that remembers who got how many messages: an address counts when its message was taken, before the sender hears of it."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter

from benchmarks.mailing.receiver import EHLO, END, GO, GREETING, TAKEN
from tests.servers.thread import ServerThread

LONGEST = 1 << 22
"""Bytes of one message."""


class Recorder(ServerThread):
    """For a `with` block. ``received`` counts messages by address; `wait_for` blocks until so many were taken. Behind ``most`` it answers nothing any more."""

    def __init__(self) -> None:
        super().__init__()
        self.received: Counter[str] = Counter()
        self.total = 0
        self.most: int | None = None
        self._news, self._never = threading.Condition(), asyncio.Event()

    def wait_for(self, number: int, seconds: float) -> bool:
        """Wait until ``number`` messages were taken. Return whether they were within ``seconds``."""
        with self._news:
            return self._news.wait_for(lambda: self.total >= number, seconds)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._session, "127.0.0.1", 0, limit=LONGEST))
        self.port = int(server.sockets[0].getsockname()[1])
        self._started.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING)
        address = ""
        try:
            while line := await reader.readline():
                verb = line[:4].upper()
                if verb == b"RCPT":
                    address = line.partition(b"<")[2].partition(b">")[0].decode("ascii")
                if verb != b"DATA":
                    writer.write(EHLO if verb == b"EHLO" else b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
                    continue
                writer.write(GO)
                await reader.readuntil(END)
                if self.most is not None and self.total >= self.most:
                    await self._never.wait()  # no answer any more: the sender is killed
                self._take(address)
                writer.write(TAKEN)
        except (ConnectionError, asyncio.IncompleteReadError):  # the sender was killed
            pass
        finally:
            writer.close()

    def _take(self, address: str) -> None:
        self.received[address] += 1
        with self._news:
            self.total += 1
            self._news.notify_all()
