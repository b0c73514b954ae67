"""One request at a time to a host, a pause between two, and a bound on the hosts that are asked at the same time."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

HOSTS_AT_ONCE = 16
"""Connections open at the same time, all to different hosts."""


class Throttle:
    """Serialises the requests to each host. Belongs to one event loop.

    ``gap`` is in seconds, from the end of a request to the begin of the next at the same host.
    """

    def __init__(self, gap: float, at_once: int = HOSTS_AT_ONCE) -> None:
        self._gap = gap
        self._connections = asyncio.Semaphore(at_once)
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._ended: dict[str, float] = {}

    @asynccontextmanager
    async def request_to(self, host: str) -> AsyncIterator[None]:
        """Wait until ``host`` may be asked, and hold the host for the length of the block.

        Never nest two blocks: two tasks that each hold one host and wait for the other's would wait for ever.
        """
        async with self._locks[host]:
            await self._wait_for_gap(host)
            async with self._connections:
                try:
                    yield
                finally:
                    self._ended[host] = asyncio.get_running_loop().time()

    async def _wait_for_gap(self, host: str) -> None:
        ended = self._ended.get(host)
        left = 0.0 if ended is None else ended + self._gap - asyncio.get_running_loop().time()
        if left > 0:
            await asyncio.sleep(left)
