"""One GET to one checked address: the importer's only door to the network, with ``throttle``.

aiohttp never follows redirects, keeps no cookies and ignores the proxies of the environment. A proxy is used only if the operator named one.
Then the host's name is resolved here, its address is checked, and the proxy is asked for that very address, so that the proxy has no name to
resolve (FreshRSS GHSA-8p8w-9h98-44j5: a proxy resolved a name that had been checked before and led inside).
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

PRODUCT = "Todoke-feeds"
"""The product token by which robots.txt may address the importer (RFC 9309, section 2.2.1)."""

ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"

LARGE_BODIES = 2
"""Bodies of more than a megabyte in memory at the same time (``body.MemoryBudget``)."""


class FilteringResolver(AbstractResolver):
    """Asks ``inner`` and leaves out every address that ``rules`` refuse.

    The connector uses the addresses that this resolver returns, so a name cannot be checked with one answer of DNS and connected to with
    another (DNS rebinding).
    """

    def __init__(self, inner: AbstractResolver, rules: AddressRules) -> None:
        self._inner = inner
        self._rules = rules

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """Return the allowed addresses of ``host``. Raises RefusedAddressError if none of its addresses is allowed, OSError if it has none."""
        results = await self._inner.resolve(host, port, family)
        allowed = [result for result in results if self._allows(result["host"])]
        if results and not allowed:
            raise RefusedAddressError(host, f"→ {results[0]['host']} 公開のアドレスではありません / not a global address")
        return allowed

    def _allows(self, address: str) -> bool:
        try:
            check_address(address, self._rules)
        except RefusedAddressError:
            return False
        return True

    async def close(self) -> None:
        await self._inner.close()


@dataclass(frozen=True)
class Limits:
    """Bytes received and expanded; seconds to connect, to wait for bytes, and in all (without the throttle's pauses); redirects."""

    max_bytes: int = 15 * MEGABYTE
    max_expanded: int = 15 * MEGABYTE
    connect: float = 10.0
    first_byte: float = 20.0
    total: float = 60.0
    redirects: int = 5


@dataclass(frozen=True)
class RequestOptions:
    """``contact``: who asks, for User-Agent (``+site; mail``). ``gap``: seconds between two requests to a host. ``proxy``: its address, if any."""

    contact: str
    gap: float = 0.0
    proxy: str | None = None


@dataclass
class Deadline:
    """Seconds that one document, with its redirects, may still spend on the network."""

    left: float

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Count the time of the block. Raises TimeoutError if none is left."""
        clock = asyncio.get_running_loop()
        start = clock.time()
        try:
            async with asyncio.timeout(max(self.left, 0)):
                yield
        finally:
            self.left -= clock.time() - start


@dataclass(frozen=True)
class HttpClient:
    """Sends GET requests to addresses that ``addresses.check_url`` has returned."""

    session: aiohttp.ClientSession
    resolver: FilteringResolver
    options: RequestOptions
    throttle: Throttle
    large_bodies: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LARGE_BODIES))

    @asynccontextmanager
    async def get(self, url: URL, headers: Mapping[str, str], deadline: Deadline) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send one GET as soon as the throttle allows it. Raises TimeoutError, RefusedAddressError and what aiohttp raises."""
        async with self.throttle.request_to(url.host or ""), deadline.running():
            target, options = await self._target(url)
            all_headers = {**headers, **options.pop("headers", {})}
            async with self.session.get(target, headers=all_headers, allow_redirects=False, **options) as response:
                yield response

    @asynccontextmanager
    async def post(self, url: URL, form: Mapping[str, str], deadline: Deadline) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a form with POST, like ``get``."""
        async with self.throttle.request_to(url.host or ""), deadline.running():
            target, options = await self._target(url)
            async with self.session.post(target, data=form, allow_redirects=False, **options) as response:
                yield response

    async def _target(self, url: URL) -> tuple[URL, dict[str, Any]]:
        """Return what to ask for and with which options: directly, or through the proxy with the checked address in place of the name."""
        if self.options.proxy is None:
            return url, {}
        host = url.host or ""
        (first, *_) = await self.resolver.resolve(host, url.port or 0)
        host_header = {"Host": url.host_port_subcomponent or host}
        return url.with_host(first["host"]), {"headers": host_header, "proxy": self.options.proxy, "server_hostname": host}


@asynccontextmanager
async def open_client(
    options: RequestOptions, rules: AddressRules, limits: Limits, inner_resolver: AbstractResolver | None = None
) -> AsyncIterator[HttpClient]:
    """Open the client that all feeds of one run share. ``inner_resolver`` looks up names; the system's unless given."""
    resolver = FilteringResolver(inner_resolver or aiohttp.ThreadedResolver(), rules)
    # The filter is in the connector, so the address that was checked is the one that is connected to. The proxy's own name is not filtered:
    # it is the operator's choice and may well be inside.
    connector = aiohttp.TCPConnector(
        resolver=aiohttp.ThreadedResolver() if options.proxy else resolver, use_dns_cache=False, limit=0, force_close=True
    )
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=limits.connect, sock_read=limits.first_byte)
    headers = {"User-Agent": f"{PRODUCT}/0.2 ({options.contact})", "Accept": ACCEPT, "Accept-Encoding": "gzip, br"}
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        headers=headers,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    ) as session:
        yield HttpClient(session, resolver, options, Throttle(options.gap))
