"""A network on loopback, and everything that goes wrong with networks: each kind says whether the network has taken the request before it went wrong."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from types import TracebackType
from typing import Self

from aiohttp import web

MOMENT = datetime.fromisoformat("2026-03-11T05:46:00+00:00")
"""What the clock of the adapters shows."""
WAIT = timedelta(seconds=90)


class Trouble(StrEnum):
    """What goes wrong with requests that would publish something."""

    NONE = "nothing"
    BUSY = "429 without Retry-After"
    BUSY_SECONDS = "429 with Retry-After in seconds"
    BUSY_DATE = "429 with Retry-After as a date"
    UNAUTHORIZED = "401"
    BAD_REQUEST = "400"
    REDIRECT = "a redirect to another host"
    DOWN = "503 before anything was done"
    FAILS = "accepts, then 500"
    SILENCE = "accepts, then never answers"
    DROPPED = "accepts, then drops the connection"
    CUT = "accepts, then drops in the middle of the body"
    GARBAGE = "accepts, then answers with a page of a proxy"
    GIBBERISH = "accepts, then answers with what is no HTTP"
    DRIP = "accepts, then a byte now and then without end"
    ENDLESS = "accepts, then a body without end"


REFUSALS = {
    Trouble.BUSY: 429,
    Trouble.BUSY_SECONDS: 429,
    Trouble.BUSY_DATE: 429,
    Trouble.UNAUTHORIZED: 401,
    Trouble.BAD_REQUEST: 400,
    Trouble.REDIRECT: 307,
    Trouble.DOWN: 503,
}
SLOW = frozenset({Trouble.SILENCE, Trouble.DRIP})
"""Only these end by the adapter's deadline."""


class FakeNetwork(ABC):
    """A server for an ``async with`` block. ``trouble`` holds for requests that publish; ``elsewhere`` counts requests that followed a redirect;
    ``script`` answers everything in its place."""

    def __init__(self) -> None:
        self.trouble = Trouble.NONE
        self.requests: list[str] = []
        self.elsewhere = 0
        self.script: Callable[[], web.Response] | None = None
        self.retry_after = str(int(WAIT.total_seconds()))
        self.address = ""
        self._at_work = 0
        self._idle = asyncio.Condition()
        self._is_closing = asyncio.Event()

    @abstractmethod
    def publishes(self, request: web.Request) -> bool:
        """Whether it is the request that puts a post before the public."""

    @abstractmethod
    async def answer(self, request: web.Request) -> web.Response:
        """Do what the network does."""

    @abstractmethod
    def published(self) -> list[str]:
        """What people see, as identifiers: one for each time that they see it."""

    @abstractmethod
    def error(self, status: int, words: str) -> web.Response:
        """Return an error as the network words it."""

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=2**26)
        app.router.add_route("*", "/elsewhere", self._elsewhere)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.address = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._is_closing.set()
        await self._runner.cleanup()

    async def settle(self) -> None:
        """Wait until every request that was sent has been worked on, also those whose sender has gone."""
        for _ in range(20):  # a connection that is in the kernel's queue needs some rounds of the loop to show
            await asyncio.sleep(0)
        async with self._idle:
            await self._idle.wait_for(lambda: not self._at_work)

    async def _elsewhere(self, _request: web.Request) -> web.Response:
        self.elsewhere += 1
        return web.json_response({})

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path}")
        if self.script is not None:
            return self.script()
        trouble = self.trouble if self.publishes(request) else Trouble.NONE
        if trouble in REFUSALS:
            return self._refuse(trouble)
        self._at_work += 1
        try:
            response = await self.answer(request)
        finally:
            async with self._idle:
                self._at_work -= 1
                self._idle.notify_all()
        return await self._spoil(trouble, request, response)

    def _refuse(self, trouble: Trouble) -> web.Response:
        response = self.error(REFUSALS[trouble], "It is refused")
        if trouble is Trouble.BUSY_SECONDS:
            response.headers["Retry-After"] = self.retry_after
        if trouble is Trouble.BUSY_DATE:
            response.headers["Retry-After"] = format_datetime(MOMENT + WAIT, usegmt=True)
        if trouble is Trouble.REDIRECT:
            response.headers["Location"] = self.address.replace("127.0.0.1", "localhost") + "/elsewhere"
        return response

    async def _spoil(self, trouble: Trouble, request: web.Request, response: web.Response) -> web.StreamResponse:
        transport = request.transport
        assert transport is not None
        match trouble:
            case Trouble.FAILS:
                return self.error(500, "Something went wrong")
            case Trouble.GARBAGE:
                return web.Response(text="<html>Please sign in</html>", content_type="text/html")
            case Trouble.SILENCE:
                await self._is_closing.wait()
            case Trouble.GIBBERISH:
                transport.write(b"\x00\xff{]%% 200\r\n\r\n")
                transport.close()
            case Trouble.DROPPED:
                transport.abort()
            case Trouble.CUT | Trouble.DRIP | Trouble.ENDLESS:
                await self._send_part(trouble, request, response)
        return response

    async def _send_part(self, trouble: Trouble, request: web.Request, response: web.Response) -> None:
        text = response.body if isinstance(response.body, bytes) and response.body else b"{}"
        partial = web.StreamResponse(status=200 if response.status == 204 else response.status, headers=_without_length(response))
        partial.content_length = len(text) + 10 if trouble is Trouble.CUT else 2**40
        await partial.prepare(request)
        await partial.write(text[:-1])
        while trouble is not Trouble.CUT and not self._is_closing.is_set():
            try:
                await partial.write(b" " * (1 if trouble is Trouble.DRIP else 2**16))
            except ConnectionError:
                return
            await asyncio.sleep(0.01 if trouble is Trouble.DRIP else 0)
        if request.transport is not None:
            request.transport.abort()


def _without_length(response: web.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.lower() not in ("content-length", "transfer-encoding")}
