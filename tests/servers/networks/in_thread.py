"""A fake network in a thread of its own, for commands that run in another process, or block."""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

from tests.servers.networks.trouble import FakeNetwork
from tests.servers.thread import ServerThread

AnyNetwork = TypeVar("AnyNetwork", bound=FakeNetwork)


class NetworkThread(ServerThread, Generic[AnyNetwork]):
    """``network`` is made in the thread: what it waits for belongs to that loop."""

    def __init__(self, kind: type[AnyNetwork]) -> None:
        super().__init__()
        self._kind = kind
        self.network: AnyNetwork

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        self._started.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self.network.__aexit__(None, None, None))

    async def _start(self) -> None:
        self.network = await self._kind().__aenter__()
