"""One GET to one checked address: the network's only door, with ``resolver`` and ``turns``.

Redirects, cookies and the environment's proxies are never followed by aiohttp. A proxy is used only when it was named; then we
look the name up ourselves, check what it leads to, and ask the proxy for that very address, so that it has nothing to resolve.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from plugins.partners.http.addresses import AddressRules, check_address
from plugins.partners.http.body import MEGABYTE
from plugins.partners.http.throttle import Throttle
from plugins.partners.model.errors import RefusedAddressError


class FilteringResolver(AbstractResolver):
    """Asks ``inner`` and leaves out every address that ``rules`` refuse."""

    def __init__(self, inner: AbstractResolver, rules: AddressRules) -> None:
        """Keep the resolver that really asks, and the rules."""
        self._inner = inner
        self._rules = rules

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """Return the allowed addresses of ``host``. Raises RefusedAddressError when none is, OSError when there is none."""
        found = await self._inner.resolve(host, port, family)
        allowed = [result for result in found if self._allows(result["host"])]
        if found and not allowed:
            raise RefusedAddressError(host, f"→ {found[0]['host']} 公開のアドレスではありません / not a global address")
        return allowed

    def _allows(self, address: str) -> bool:
        try:
            check_address(address, self._rules)
        except RefusedAddressError:
            return False
        return True

    async def close(self) -> None:
        """Close the inner resolver."""
        await self._inner.close()


PRODUCT = "Todoke-feeds"
"""The name by which robots.txt may address us (RFC 9309, 2.2.1)."""


ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"


@dataclass(frozen=True)
class Limits:
    """Bytes on the wire and expanded; seconds to connect, to wait for bytes, and for everything but waiting for a turn; hops."""

    max_bytes: int = 15 * MEGABYTE
    max_expanded: int = 15 * MEGABYTE
    connect: float = 10.0
    first_byte: float = 20.0
    total: float = 60.0
    redirects: int = 5


@dataclass(frozen=True)
class RequestOptions:
    """Who we say we are (``+site; contact``), seconds between two requests to a host, and the proxy to go through, if any."""

    contact: str
    gap: float = 0.0
    proxy: str | None = None


@dataclass
class Deadline:
    """Seconds that an errand may still spend on the network."""

    left: float

    @asynccontextmanager
    async def spent(self) -> AsyncIterator[None]:
        """Spend time in the block. Raises TimeoutError when none is left."""
        clock = asyncio.get_running_loop()
        start = clock.time()
        try:
            async with asyncio.timeout(max(self.left, 0)):
                yield
        finally:
            self.left -= clock.time() - start


@dataclass(frozen=True)
class HttpClient:
    """Asks for addresses that ``address.check_url`` has returned."""

    session: aiohttp.ClientSession
    guard: FilteringResolver
    manners: RequestOptions
    turns: Throttle
    large: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))
    """Bodies of more than a megabyte held in memory at the same time (``body.Space``)."""

    @asynccontextmanager
    async def get(self, url: URL, headers: Mapping[str, str], patience: Deadline) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send one GET when it is the host's turn. Raises TimeoutError, RefusedAddressError and what aiohttp raises."""
        async with self.turns.at(url.host or ""), patience.spent():
            target, route = await self._route(url)
            asked = {**headers, **route.pop("headers", {})}
            async with self.session.get(target, headers=asked, allow_redirects=False, **route) as response:
                yield response

    async def _route(self, url: URL) -> tuple[URL, dict[str, Any]]:
        """Return what to ask for, and how: directly, or through the proxy with the checked address in the host's place."""
        if self.manners.proxy is None:
            return url, {}
        host = url.host or ""
        (first, *_) = await self.guard.resolve(host, url.port or 0)
        named = {"Host": url.host_port_subcomponent or host}
        return url.with_host(first["host"]), {"headers": named, "proxy": self.manners.proxy, "server_hostname": host}


@asynccontextmanager
async def open_client(
    manners: RequestOptions, rules: AddressRules, limits: Limits, names: AbstractResolver | None = None
) -> AsyncIterator[HttpClient]:
    """Open the client that all feeds of one run share. ``names`` looks up host names; the system's, unless given."""
    inner = names or aiohttp.ThreadedResolver()
    guard = FilteringResolver(inner, rules)
    # The guard is in the connector, so what was checked is what is connected to. A proxy is the operator's own choice.
    connector = aiohttp.TCPConnector(
        resolver=aiohttp.ThreadedResolver() if manners.proxy else guard, use_dns_cache=False, limit=0, force_close=True
    )
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=limits.connect, sock_read=limits.first_byte)
    headers = {"User-Agent": f"{PRODUCT}/0.2 ({manners.contact})", "Accept": ACCEPT, "Accept-Encoding": "gzip, br"}
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        headers=headers,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    ) as session:
        yield HttpClient(session, guard, manners, Throttle(manners.gap))
