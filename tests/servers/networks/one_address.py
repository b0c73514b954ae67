"""A DNS for tests of addresses that lead inside."""

from __future__ import annotations

import socket

from aiohttp.abc import AbstractResolver, ResolveResult


class OneAddress(AbstractResolver):
    """A DNS in which every name has one address."""

    def __init__(self, address: str) -> None:
        self.address = address

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host=self.address, port=port, family=int(family), proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing is open."""
