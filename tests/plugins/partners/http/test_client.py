"""The throttle of each host, and the check of addresses in front of a proxy."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from plugins.partners.http.addresses import AddressRules
from plugins.partners.http.body import MemoryBudget
from plugins.partners.http.client import Deadline, HttpClient, RequestOptions, open_client
from plugins.partners.http.fetch import Failure, Fetched, fetch
from plugins.partners.http.throttle import Throttle
from tests.plugins.partners.http.test_fetch import LIMITS, Site

OUTSIDE = AddressRules((ipaddress.ip_network("127.0.0.1/32"),), frozenset())


class FixedResolver(AbstractResolver):
    """``blog.example`` is outside, ``inside.example`` inside."""

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        address = {"blog.example": "127.0.0.1", "inside.example": "127.0.0.2"}[host]
        return [ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing to close."""


class Proxy:
    """A forward proxy that notes the request lines it gets, and answers itself."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            host = next(line for line in lines if line.lower().startswith("host:"))
            self.requests.append((lines[0], host.partition(":")[2].strip()))
            status = b"502 No" if lines[0].startswith("CONNECT") else b"200 OK"
            writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 7\r\nConnection: close\r\n\r\n<feed/>")
            await writer.drain()
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.3", 0) as server:
            yield f"http://127.0.0.3:{server.sockets[0].getsockname()[1]}"


def fetch_through_proxy(url: str) -> tuple[Fetched | Failure, list[tuple[str, str]]]:
    async def go() -> Fetched | Failure:
        async with proxy.serve() as address:
            options = RequestOptions("x", proxy=address)
            async with open_client(options, OUTSIDE, LIMITS, FixedResolver()) as client, MemoryBudget(client.large_bodies) as budget:
                return await fetch(client, url, None, OUTSIDE, LIMITS, budget)

    proxy = Proxy()
    return asyncio.run(go()), proxy.requests


def test_pitfall_a_proxy_is_asked_for_the_address_that_was_checked() -> None:
    """The proxy has no name to look up, so it cannot be led elsewhere (FreshRSS GHSA-8p8w-9h98-44j5)."""
    answer, requests = fetch_through_proxy("http://blog.example/feed?a=1")
    assert isinstance(answer, Fetched) and answer.url == "http://blog.example/feed?a=1"
    assert requests == [("GET http://127.0.0.1/feed?a=1 HTTP/1.1", "blog.example")]
    _, requests = fetch_through_proxy("https://blog.example/feed")
    assert [line for line, _ in requests] == ["CONNECT 127.0.0.1:443 HTTP/1.1"]


@pytest.mark.parametrize("url", ["http://inside.example/", "https://inside.example/", "http://127.0.0.2/", "http://169.254.169.254/"])
def test_pitfall_a_proxy_is_never_asked_for_what_lies_inside(url: str) -> None:
    answer, requests = fetch_through_proxy(url)
    assert isinstance(answer, Failure) and "refused address" in answer.reason and requests == []


def test_a_host_is_asked_one_at_a_time_with_a_gap_and_hosts_side_by_side() -> None:
    busy: dict[str, int] = {}
    most: dict[str, int] = {"all": 0}
    starts: list[float] = []
    both_are_asked = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        host = str(request.url.host)
        busy[host] = busy.get(host, 0) + 1
        starts.append(asyncio.get_running_loop().time())
        most[host], most["all"] = max(most.get(host, 0), busy[host]), max(most["all"], sum(busy.values()))
        if len(busy) == 2:
            both_are_asked.set()
        await both_are_asked.wait()  # the first one is held until the other host is asked too
        await asyncio.sleep(0.03)
        busy[host] -= 1
        return web.Response(text="x")

    async def ask(client: HttpClient, url: str) -> None:
        async with client.get(URL(url), {}, Deadline(120)) as response:
            await response.read()

    async def go() -> None:
        rules = AddressRules((ipaddress.ip_network("127.0.0.0/8"),))
        first, second = Site({"/": answer}), Site({"/": answer})
        async with (
            first.serve() as base,
            second.serve("127.0.0.2") as other,
            open_client(RequestOptions("x", gap=0.05), rules, LIMITS) as client,
        ):
            await asyncio.gather(*(ask(client, f"{each}/") for each in (base, other) for _ in range(3)))

    asyncio.run(go())
    assert most == {"all": 2, "127.0.0.1": 1, "127.0.0.2": 1}
    assert max(starts) - min(starts) >= 2 * 0.08


def test_after_an_error_the_host_may_be_asked_again() -> None:
    async def go() -> int:
        throttle, ran = Throttle(0, at_once=1), 0
        for _ in range(2):
            with pytest.raises(ValueError, match="x"):
                async with throttle.request_to("a"):
                    ran += 1
                    raise ValueError("x")
        async with throttle.request_to("a"):
            return ran

    assert asyncio.run(go()) == 2
