"""Fetch one document over HTTP: conditional requests, redirects followed here, each hop checked."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from yarl import URL

from plugins.partners.http.addresses import AddressRules, check_url
from plugins.partners.http.body import MemoryBudget, read_body
from plugins.partners.http.client import Deadline, HttpClient, Limits
from plugins.partners.model.errors import FetchError, PartnersError

PERMANENT = frozenset({301, 308})
"""A client with links to the address ought to change them (RFC 9110, sections 15.4.2 and 15.4.9)."""

REDIRECTS = PERMANENT | {302, 303, 307}
"""Of 3xx, those with a Location to follow (RFC 9110, section 15.4). 300 and 304 to 306 are none."""

GONE = 410
"""The document is not there any more, and that is likely to be permanent (RFC 9110, section 15.5.11)."""

WITH_RETRY_AFTER = frozenset({429, 503})
"""Statuses whose Retry-After is obeyed (RFC 6585, section 4; RFC 9110, section 15.6.4)."""


@dataclass(frozen=True)
class Validators:
    """ETag and Last-Modified of one address, opaque: quotes and the mark of a weak tag are part of them (RFC 9110, section 8.8)."""

    url: str
    etag: str | None = None
    last_modified: str | None = None

    def headers(self) -> dict[str, str]:
        """Return the headers of a conditional request (RFC 9110, sections 13.1.2 and 13.1.3; RFC 9111, section 4.3.1)."""
        headers = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in headers.items() if value}


def sendable(value: object) -> str | None:
    """Return a header's value if it can be sent back unchanged, else None."""
    usable = isinstance(value, str) and value.isascii() and value.isprintable() and 0 < len(value) <= 1000
    return str(value) if usable else None


@dataclass(frozen=True)
class Fetched:
    """A usable response: 200 with a body, or 304 without. ``moved_to`` is the permanent address that the server named, if any.

    ``hub``, ``topic``: Link headers with rel="hub" and rel="self" (RFC 8288; WebSub, section 4).
    """

    url: str
    status: int
    body: bytes
    content_type: str
    validators: Validators
    moved_to: str | None = None
    hub: str = ""
    topic: str = ""


@dataclass(frozen=True)
class Failure:
    """No usable response. ``reason`` is for the editor; ``status`` is 0 if no response came at all."""

    url: str
    reason: str
    status: int = 0
    retry_after: str = ""


@dataclass(frozen=True)
class FinalResponse:
    """The end of a chain of redirects: the open response, the address it came from, and the permanent address if the document moved."""

    response: aiohttp.ClientResponse
    target: URL
    moved_to: str | None


async def fetch(
    client: HttpClient, url: str, validators: Validators | None, rules: AddressRules, limits: Limits, budget: MemoryBudget
) -> Fetched | Failure:
    """Fetch ``url``. ``validators`` are those of the last response, or None. Never raises for what a server does."""
    try:
        async with follow_redirects(client, url, validators.headers() if validators else {}, rules, limits) as final:
            return await _result(final, url, validators, limits, budget)
    except TimeoutError:
        return Failure(url, "時間内に返事がありません / timed out")
    except PartnersError as error:
        return Failure(url, str(error))
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Failure(url, connection_words(error))


def connection_words(error: Exception) -> str:
    """Explain to the editor why there was no response."""
    meanings: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
        (aiohttp.ClientConnectorDNSError, "その名前のサーバーがありません。アドレスのつづりを確かめてください / no server has this name, check the spelling"),
        ((aiohttp.ClientSSLError, ssl.SSLError), "サーバーの証明書が正しくありません。書き手に知らせてください / the server's certificate is not valid, tell the writer"),
        (aiohttp.ClientConnectorError, "サーバーが答えません。あとでもう一度試してください / the server does not answer, try again later"),
        ((aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError), "返事が途中で切れました / the answer broke off"),
    )  # fmt: skip
    meaning = next((words for kind, words in meanings if isinstance(error, kind)), "つながりません / cannot be fetched")
    return f"{meaning} ({type(error).__name__}: {str(error)[:200]})"


@asynccontextmanager
async def follow_redirects(
    client: HttpClient, url: str, headers: Mapping[str, str], rules: AddressRules, limits: Limits
) -> AsyncIterator[FinalResponse]:
    """Request ``url`` and its redirects, check the address of each hop, and yield the last response.

    Only an unbroken chain of permanent redirects from the begin moves the document: behind a temporary one the old address stays right.
    Raises FetchError, RefusedAddressError, TimeoutError and what aiohttp raises.
    """
    target, moved_to, permanent = check_url(url, rules), None, True
    deadline = Deadline(limits.total)
    for _ in range(limits.redirects + 1):
        async with client.get(target, headers, deadline) as response:
            if response.status not in REDIRECTS:
                yield FinalResponse(response, target, moved_to)
                return
            target = check_url(_location(target, response), rules)
            permanent = permanent and response.status in PERMANENT
            moved_to = str(target) if permanent else moved_to
    raise FetchError(f"転送が多すぎます / more than {limits.redirects} redirects")


def _location(target: URL, response: aiohttp.ClientResponse) -> str:
    """Return where a redirect leads. Location may be relative to the address that was asked for (RFC 9110, section 10.2.2)."""
    location = response.headers.get("Location", "")
    if not location:
        raise FetchError(f"転送先がありません / HTTP {response.status} without Location")
    return str(target.join(URL(location)))


async def _result(final: FinalResponse, url: str, validators: Validators | None, limits: Limits, budget: MemoryBudget) -> Fetched | Failure:
    """Turn the last response into a result. ``url`` is the subscribed address: new validators are kept for it."""
    response, target = final.response, str(final.target)
    content_type = response.headers.get("Content-Type", "")
    if response.status == 304 and validators is not None:  # without a condition, 304 says nothing (RFC 9110, section 15.4.5)
        return Fetched(target, 304, b"", content_type, validators, final.moved_to)
    if response.status != 200:
        return _failure(url, response.status, response.headers.get("Retry-After", ""))
    encoding = response.headers.get("Content-Encoding", "")
    body = await read_body(response.content.iter_any(), encoding, limits.max_bytes, limits.max_expanded, budget)
    new_validators = Validators(url, sendable(response.headers.get("ETag")), sendable(response.headers.get("Last-Modified")))
    return Fetched(target, 200, body, content_type, new_validators, final.moved_to, _link(response, "hub"), _link(response, "self"))


def _link(response: aiohttp.ClientResponse, rel: str) -> str:
    """Return the address of the first Link header with ``rel``, '' if there is none or it cannot be read."""
    try:
        link = response.links.get(rel)
        return sendable(str(link["url"])) or "" if link else ""
    except (ValueError, KeyError, TypeError):
        return ""


def _failure(url: str, status: int, retry_after: str) -> Failure:
    """Explain a status other than 200 to the editor."""
    meaning = {
        404: "見つかりません。アドレスを確かめてください / not found, check the address",
        GONE: "配信が終わりました。publications.toml から外してください / gone for good, remove the feed",
        429: "しばらくおいてください / asked to come back later",
        503: "しばらくおいてください / unavailable, come back later",
    }.get(status, "取り込めない返事です / unusable answer")
    obeyed = retry_after[:40] if status in WITH_RETRY_AFTER and retry_after.isascii() and retry_after.isprintable() else ""
    suffix = f" (Retry-After: {obeyed})" if obeyed else ""
    return Failure(url, f"HTTP {status}: {meaning}{suffix}", status, obeyed)
