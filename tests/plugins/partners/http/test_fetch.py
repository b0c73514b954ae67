"""Fetching from a real server on loopback: conditional requests, caps, redirects, time-outs.

`Site` is the server that the other importer tests use, too.
"""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import brotli
import pytest
from aiohttp import web

from plugins.partners.http.addresses import GLOBAL_ONLY, WITH_LOOPBACK, AddressRules
from plugins.partners.http.body import MemoryBudget, read_body
from plugins.partners.http.client import Limits, RequestOptions, open_client
from plugins.partners.http.fetch import Failure, Fetched, Validators, fetch, sendable
from plugins.partners.model.errors import FetchError

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
LIMITS = Limits(max_bytes=100_000, max_expanded=200_000, connect=60.0, first_byte=60.0, total=120.0)
"""A server that answers has a minute, however busy the machine is."""
ETAG = 'W/"a b;c,\\"1"'


class Site:
    """A blog's server: paths to answers. It remembers the requests it got."""

    def __init__(self, pages: dict[str, Answer]) -> None:
        self.pages = pages
        self.requests: list[web.BaseRequest] = []

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        return await self.pages[request.path](request) if request.path in self.pages else web.Response(status=404)

    def asked(self, path: str) -> list[web.BaseRequest]:
        return [request for request in self.requests if request.path == path]

    @asynccontextmanager
    async def serve(self, host: str = "127.0.0.1") -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, host, 0)
            await site.start()
            yield f"http://{host}:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


def page(body: bytes, status: int = 200, **headers: str) -> Answer:
    """Answer with ``body``; with an ETag, 304 to whoever sends exactly that ETag."""

    async def answer(request: web.Request) -> web.Response:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        if "ETag" in names and request.headers.get("If-None-Match") == names["ETag"]:
            return web.Response(status=304, headers={"ETag": names["ETag"]})
        return web.Response(body=body, status=status, headers={"Content-Type": "application/atom+xml", **names})

    return answer


def redirect(to: str, status: int = 302) -> Answer:
    return page(b"", status, Location=to)


async def hang(request: web.Request) -> web.Response:
    """Never answer."""
    await asyncio.Event().wait()
    return web.Response()


async def drip(request: web.Request) -> web.StreamResponse:
    """Answer a byte at a time, without end, each in time."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x")
        await asyncio.sleep(0.01)


def run(action: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(action)


def get(
    pages: dict[str, Answer],
    path: str = "/feed",
    known: Callable[[str], Validators] | None = None,
    rules: AddressRules = WITH_LOOPBACK,
    limits: Limits = LIMITS,
) -> tuple[Fetched | Failure, Site]:
    async def go() -> Fetched | Failure:
        options = RequestOptions("+https://todoke.example.jp; a@example.jp")
        async with site.serve() as base, open_client(options, rules, limits) as client, MemoryBudget(client.large_bodies) as budget:
            url = base + path if path.startswith("/") else path
            return await fetch(client, url, known(url) if known else None, rules, limits, budget)

    site = Site(pages)
    return run(go()), site


def fetched(answer: Fetched | Failure) -> Fetched:
    assert isinstance(answer, Fetched), answer
    return answer


def refused(answer: Fetched | Failure) -> str:
    assert isinstance(answer, Failure), answer
    return answer.reason


def test_an_answer_comes_with_its_validators_as_they_were_sent() -> None:
    answer, site = get({"/feed": page(b"<feed/>", ETag=ETAG, Last_Modified="Sun, 11 Mar 2012 01:00:00 GMT")})
    got = fetched(answer)
    assert (got.status, got.body, got.content_type) == (200, b"<feed/>", "application/atom+xml")
    assert got.validators == Validators(got.url, ETAG, "Sun, 11 Mar 2012 01:00:00 GMT")
    assert site.requests[0].headers["User-Agent"] == "Todoke-feeds/0.2 (+https://todoke.example.jp; a@example.jp)"
    assert "If-None-Match" not in site.requests[0].headers


def test_validators_are_sent_back_byte_for_byte_and_304_has_no_body() -> None:
    answer, site = get({"/feed": page(b"<feed/>", ETag=ETAG)}, known=lambda url: Validators(url, ETAG, "yesterday"))
    got = fetched(answer)
    assert (got.status, got.body, got.validators.etag) == (304, b"", ETAG)
    assert site.requests[0].headers["If-None-Match"] == ETAG
    assert site.requests[0].headers["If-Modified-Since"] == "yesterday"


def test_304_to_an_unconditional_request_is_a_failure() -> None:
    answer, _ = get({"/feed": page(b"", 304)})
    assert "HTTP 304" in refused(answer)


ENCODERS = {"gzip": gzip.compress, "br": brotli.compress}


@pytest.mark.parametrize("encoding", ENCODERS)
def test_every_encoding_is_expanded_and_a_bomb_is_not(encoding: str) -> None:
    body = b"<feed>" + bytes(range(256)) * 300
    answer, site = get({"/feed": page(ENCODERS[encoding](body), Content_Encoding=encoding)})
    assert fetched(answer).body == body
    assert encoding in site.requests[0].headers["Accept-Encoding"]
    bomb = ENCODERS[encoding](b"0" * 20_000_000)
    assert len(bomb) < LIMITS.max_bytes
    answer, _ = get({"/feed": page(bomb, Content_Encoding=encoding)})
    assert "too large when expanded" in refused(answer)


def body_of(wire: bytes, encoding: str, cap: int) -> bytes:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(wire), 7):
            yield wire[start : start + 7]

    async def read() -> bytes:
        async with MemoryBudget(asyncio.Semaphore(1)) as budget:
            return await read_body(pieces(), encoding, 1_000_000, cap, budget)

    return asyncio.run(read())


def test_a_body_past_the_cap_is_refused() -> None:
    answer, _ = get({"/feed": page(b"x" * (LIMITS.max_bytes + 1))})
    assert "larger than" in refused(answer)
    answer, _ = get({"/feed": page(b"x" * LIMITS.max_bytes)})
    assert len(fetched(answer).body) == LIMITS.max_bytes


def test_every_encoding_gives_exactly_the_cap_and_must_be_whole() -> None:
    two = gzip.compress(b"ab") + gzip.compress(b"cd")
    assert body_of(two, "GZIP", 4) == b"abcd"
    assert body_of(brotli.compress(b"abcd"), "br", 4) == b"abcd"
    for wire, encoding in ((two, "gzip"), (brotli.compress(b"abcd"), "br"), (b"abcd", "")):
        with pytest.raises(FetchError, match="too large"):
            body_of(wire, encoding, 3)
    for wire, encoding in ((gzip.compress(b"abcd" * 100)[:-9], "x-gzip"), (brotli.compress(bytes(range(200)))[:-9], "br")):
        with pytest.raises(FetchError, match="truncated"):
            body_of(wire, encoding, 1000)
    for encoding in ("gzip", "br"):
        with pytest.raises(FetchError, match="broken"):
            body_of(b"no such thing", encoding, 1000)


@pytest.mark.parametrize("encoding", ["deflate", "gzip, gzip", "zstd"])
def test_a_compression_that_was_not_asked_for_is_refused(encoding: str) -> None:
    with pytest.raises(FetchError, match="unrequested"):
        body_of(b"x", encoding, 10)


def test_a_permanent_redirect_is_followed_and_reported() -> None:
    pages = {"/feed": redirect("/new?a=1", 301), "/new": redirect("newest", 308), "/newest": page(b"<feed/>")}
    answer, _ = get(pages)
    got = fetched(answer)
    assert got.moved_to == got.url and got.url.endswith("/newest") and got.validators.url.endswith("/feed")


def test_a_permanent_redirect_behind_a_temporary_one_moves_nothing() -> None:
    answer, _ = get({"/feed": redirect("/a", 307), "/a": redirect("/b", 301), "/b": page(b"<feed/>")})
    assert fetched(answer).moved_to is None


def test_redirects_end_after_five_hops() -> None:
    pages = {f"/{number}": redirect(f"/{number + 1}") for number in range(9)} | {"/9": page(b"<feed/>")}
    answer, site = get(pages, "/0")
    assert "more than 5" in refused(answer) and len(site.requests) == 6
    answer, _ = get(pages, "/4")
    assert fetched(answer).body == b"<feed/>"


@pytest.mark.parametrize(
    "target",
    ["http://169.254.169.254/latest/meta-data/", "http://[::ffff:10.0.0.1]/", "file:///etc/passwd", "//user:x@127.0.0.1/", "http://[bad/"],
)
def test_a_redirect_to_a_refused_place_is_not_followed(target: str) -> None:
    answer, site = get({"/feed": redirect(target)})
    assert refused(answer)
    assert len(site.requests) == 1


def test_a_redirect_without_a_place_is_a_failure() -> None:
    answer, _ = get({"/feed": page(b"", 302)})
    assert "without Location" in refused(answer)


def test_loopback_is_refused_unless_allowed_by_number_and_by_name() -> None:
    pages = {"/feed": page(b"<feed/>")}
    answer, site = get(pages, rules=GLOBAL_ONLY)
    assert "not a global address" in refused(answer) and not site.requests
    answer, site = get(pages, "http://localhost/feed", rules=GLOBAL_ONLY)
    assert "not a global address" in refused(answer) and not site.requests


def test_a_redirect_to_loopback_is_refused_where_only_the_first_host_is_allowed() -> None:
    """127.0.0.1 stands for a public server; every other loopback address is as private as in a real import."""
    first = AddressRules((ipaddress.ip_network("127.0.0.1/32"),))

    async def go() -> tuple[Fetched | Failure, int]:
        private = Site({"/secret": page(b"secret")})
        async with (
            private.serve("127.0.0.2") as inside,
            Site({"/feed": redirect(f"{inside}/secret")}).serve() as base,
            open_client(RequestOptions("x"), first, LIMITS) as client,
            MemoryBudget(client.large_bodies) as budget,
        ):
            answer = await fetch(client, f"{base}/feed", None, first, LIMITS, budget)
        return answer, len(private.requests)

    answer, reached = run(go())
    assert "127.0.0.2" in refused(answer) and reached == 0


@pytest.mark.parametrize(("status", "words"), [(404, "not found"), (410, "gone for good"), (500, "HTTP 500"), (204, "HTTP 204")])
def test_other_answers_are_failures_with_words_for_the_editor(status: int, words: str) -> None:
    answer, _ = get({"/feed": page(b"", status)})
    assert words in refused(answer)


def test_retry_after_is_passed_on_in_words() -> None:
    answer, _ = get({"/feed": page(b"", 503, Retry_After="120")})
    assert refused(answer).endswith("(Retry-After: 120)")
    assert isinstance(answer, Failure) and (answer.status, answer.retry_after) == (503, "120")


@pytest.mark.parametrize("stall", [hang, drip])
def test_a_server_that_hangs_or_drips_is_given_up(stall: Answer) -> None:
    limits = Limits(first_byte=1.0, total=2.0)  # time enough for the request to arrive
    answer, site = get({"/feed": stall}, limits=limits)
    assert "timed out" in refused(answer) and len(site.requests) == 1


def test_a_closed_port_is_a_failure() -> None:
    answer, _ = get({}, "http://127.0.0.1:1/feed")
    assert "does not answer" in refused(answer)


def test_validators_that_could_not_be_sent_back_are_not_kept() -> None:
    assert sendable('"a"') == '"a"'
    for value in ("a\r\nX: y", "版", "", "x" * 2000, 7, None):
        assert sendable(value) is None
