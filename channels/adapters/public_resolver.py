"""Names that strangers have chosen, looked up for aiohttp's connector."""

from __future__ import annotations

import socket

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult

from public_address import is_global, parse


class PublicResolver(AbstractResolver):
    """Looks names up, and leaves out every address that is not global.

    The connector uses what this returns, so a name cannot be checked with one answer of DNS and connected to with another (DNS rebinding).
    """

    def __init__(self, inner: AbstractResolver | None = None) -> None:
        self._inner = inner or ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """Return the global addresses of ``host``. Raises OSError if it has none."""
        found = [each for each in await self._inner.resolve(host, port, family) if is_global(parse(each["host"]))]
        if not found:
            raise OSError(f"{host} has no global address")
        return found

    async def close(self) -> None:
        """Close what looks names up."""
        await self._inner.close()
