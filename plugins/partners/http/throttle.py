"""Whose turn it is: one request at a time to a host, a gap between two, and so many hosts at once."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

HOSTS_AT_ONCE = 16
"""Connections open at the same time, all to different hosts."""


class Throttle:
    """Hands out turns. Belongs to one event loop; ``gap`` is in seconds, from the end of a request to the next at its host."""

    def __init__(self, gap: float, at_once: int = HOSTS_AT_ONCE) -> None:
        """Begin with nobody waiting."""
        self._gap = gap
        self._gate = asyncio.Semaphore(at_once)
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._ended: dict[str, float] = {}

    @asynccontextmanager
    async def at(self, host: str) -> AsyncIterator[None]:
        """Wait until ``host`` may be asked, and hold its turn for the length of the block. Never hold two."""
        async with self._locks[host]:
            await self._rest(host)
            async with self._gate:
                try:
                    yield
                finally:
                    self._ended[host] = asyncio.get_running_loop().time()

    async def _rest(self, host: str) -> None:
        """Let the rest of the gap pass."""
        ended = self._ended.get(host)
        left = 0.0 if ended is None else ended + self._gap - asyncio.get_running_loop().time()
        if left > 0:
            await asyncio.sleep(left)
