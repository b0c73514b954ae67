"""Fetch one document over HTTP, politely and with suspicion: conditional requests, redirects by hand, each hop checked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from yarl import URL

from plugins.partners.http.addresses import AddressRules, check_url
from plugins.partners.http.body import MemoryBudget, read_body
from plugins.partners.http.client import Deadline, HttpClient, Limits
from plugins.partners.model.errors import FetchError, PartnersError


@dataclass(frozen=True)
class Validators:
    """ETag and Last-Modified of one address: opaque, quotes and weakness marks included (RFC 9110, 8.8)."""

    url: str
    etag: str | None = None
    last_modified: str | None = None

    def headers(self) -> dict[str, str]:
        """Return the headers of a conditional request (RFC 9110, 13.1)."""
        wanted = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in wanted.items() if value}


def sendable(value: object) -> str | None:
    """Return a header's value if it can be sent back unchanged, else None."""
    usable = isinstance(value, str) and value.isascii() and value.isprintable() and 0 < len(value) <= 1000
    return str(value) if usable else None


PERMANENT = frozenset({301, 308})


REDIRECTS = PERMANENT | {302, 303, 307}


GONE = 410


LATER = frozenset({429, 503})
"""Answers whose Retry-After is obeyed (RFC 6585, 4; RFC 9110, 15.6.4)."""


@dataclass(frozen=True)
class Fetched:
    """A usable answer: 200 with a body, or 304 without. ``moved_to`` is where the server says the document lives for good."""

    url: str
    status: int
    body: bytes
    content_type: str
    validators: Validators
    moved_to: str | None = None


@dataclass(frozen=True)
class Failure:
    """No usable answer, and why, in words for the editor; ``status`` is 0 when no answer came at all."""

    url: str
    reason: str
    status: int = 0
    retry_after: str = ""


@dataclass(frozen=True)
class FinalResponse:
    """The end of a chain of redirects: the open answer, the address it came from, the permanent address, if it moved."""

    response: aiohttp.ClientResponse
    target: URL
    moved: str | None


async def fetch(
    client: HttpClient, url: str, known: Validators | None, rules: AddressRules, limits: Limits, space: MemoryBudget
) -> Fetched | Failure:
    """Fetch ``url``. ``known`` are its validators of last time, or None. Never raises for what a server does."""
    try:
        async with follow_redirects(client, url, known.headers() if known else {}, rules, limits) as arrival:
            return await _answer(arrival, url, known, limits, space)
    except TimeoutError:
        return Failure(url, "時間内に返事がありません / timed out")
    except PartnersError as error:
        return Failure(url, str(error))
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Failure(url, f"つながりません / cannot be fetched: {type(error).__name__}: {str(error)[:200]}")


@asynccontextmanager
async def follow_redirects(
    client: HttpClient, url: str, headers: Mapping[str, str], rules: AddressRules, limits: Limits
) -> AsyncIterator[FinalResponse]:
    """Request ``url`` and what it redirects to, each hop checked, and hand over the last answer."""
    target, moved, permanent = check_url(url, rules), None, True
    patience = Deadline(limits.total)
    for _ in range(limits.redirects + 1):
        async with client.get(target, headers, patience) as response:
            if response.status not in REDIRECTS:
                yield FinalResponse(response, target, moved)
                return
            target = check_url(_location(target, response), rules)
            permanent = permanent and response.status in PERMANENT
            moved = str(target) if permanent else moved
    raise FetchError(f"転送が多すぎます / more than {limits.redirects} redirects")


def _location(target: URL, response: aiohttp.ClientResponse) -> str:
    """Return where a redirect leads, absolute."""
    location = response.headers.get("Location", "")
    if not location:
        raise FetchError(f"転送先がありません / HTTP {response.status} without Location")
    return str(target.join(URL(location)))


async def _answer(arrival: FinalResponse, url: str, known: Validators | None, limits: Limits, space: MemoryBudget) -> Fetched | Failure:
    """Turn the last hop's answer into a Fetched. ``url`` is the subscribed address: validators are kept for it."""
    response, target = arrival.response, str(arrival.target)
    content_type = response.headers.get("Content-Type", "")
    if response.status == 304 and known is not None:
        return Fetched(target, 304, b"", content_type, known, arrival.moved)
    if response.status != 200:
        return _refusal(url, response.status, response.headers.get("Retry-After", ""))
    encoding = response.headers.get("Content-Encoding", "")
    body = await read_body(response.content.iter_any(), encoding, limits.max_bytes, limits.max_expanded, space)
    fresh = Validators(url, sendable(response.headers.get("ETag")), sendable(response.headers.get("Last-Modified")))
    return Fetched(target, 200, body, content_type, fresh, arrival.moved)


def _refusal(url: str, status: int, retry_after: str) -> Failure:
    """Say what a status other than 200 means for the editor."""
    meaning = {
        404: "見つかりません。アドレスを確かめてください / not found, check the address",
        GONE: "配信が終わりました。publications.toml から外してください / gone for good, remove the feed",
        429: "しばらくおいてください / asked to come back later",
        503: "しばらくおいてください / unavailable, come back later",
    }.get(status, "取り込めない返事です / unusable answer")
    wanted = retry_after[:40] if status in LATER and retry_after.isascii() and retry_after.isprintable() else ""
    later = f" (Retry-After: {wanted})" if wanted else ""
    return Failure(url, f"HTTP {status}: {meaning}{later}", status, wanted)
