"""Fetch one feed over HTTP, politely and with suspicion. The network's only room, with ``resolver`` and ``body``.

A request is conditional when the server gave validators before; redirects are followed by hand so that each hop is
checked; proxies and cookies are never used.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import aiohttp
from yarl import URL

from .address import AddressRules, check_url
from .body import MEGABYTE, decoded, read_capped
from .errors import FetchError, PartnersError
from .resolver import GuardedResolver
from .state import Validators, sendable

PERMANENT = frozenset({301, 308})
REDIRECTS = PERMANENT | {302, 303, 307}
ACCEPT = "application/atom+xml, application/rss+xml, application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"


@dataclass(frozen=True)
class Limits:
    """Bytes on the wire and expanded; seconds to connect, to wait for bytes, and for everything; hops."""

    max_bytes: int = 15 * MEGABYTE
    max_expanded: int = 15 * MEGABYTE
    connect: float = 10.0
    first_byte: float = 20.0
    total: float = 60.0
    redirects: int = 5


@dataclass(frozen=True)
class Fetched:
    """A usable answer: 200 with a body, or 304 without. ``moved_to`` is where the server says the feed lives for good."""

    url: str
    status: int
    body: bytes
    content_type: str
    validators: Validators
    moved_to: str | None = None


@dataclass(frozen=True)
class Failure:
    """No usable answer, and why, in words for the editor."""

    url: str
    reason: str


def open_session(contact: str, rules: AddressRules, limits: Limits) -> aiohttp.ClientSession:
    """Open the session that all feeds of one run share. ``contact`` tells servers whom to write to."""
    resolver = GuardedResolver(aiohttp.ThreadedResolver(), rules)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, limit=6, limit_per_host=2, force_close=True),
        timeout=aiohttp.ClientTimeout(total=limits.total, sock_connect=limits.connect, sock_read=limits.first_byte),
        headers={"User-Agent": f"Todoke-feeds/0.1 ({contact})", "Accept": ACCEPT, "Accept-Encoding": "gzip"},
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )


async def fetch(
    session: aiohttp.ClientSession, url: str, known: Validators | None, rules: AddressRules, limits: Limits
) -> Fetched | Failure:
    """Fetch ``url``. ``known`` are its validators of last time, or None. Never raises for what a server does."""
    try:
        async with asyncio.timeout(limits.total):
            return await _follow(session, url, known, rules, limits)
    except TimeoutError:
        return Failure(url, "時間内に返事がありません / timed out")
    except PartnersError as error:
        return Failure(url, str(error))
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Failure(url, f"つながりません / cannot be fetched: {type(error).__name__}: {str(error)[:200]}")


async def _follow(session: aiohttp.ClientSession, url: str, known: Validators | None, rules: AddressRules, limits: Limits) -> Fetched:
    """Request ``url`` and what it redirects to, each hop checked."""
    target, moved, permanent = check_url(url, rules), None, True
    headers = known.headers() if known else {}
    for _ in range(limits.redirects + 1):
        async with session.get(target, headers=headers, allow_redirects=False) as response:
            if response.status not in REDIRECTS:
                return await _answer(response, url, known, moved, limits)
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


async def _answer(response: aiohttp.ClientResponse, url: str, known: Validators | None, moved: str | None, limits: Limits) -> Fetched:
    """Turn the last hop's answer into a Fetched. ``url`` is the subscribed address: validators are kept for it."""
    content_type = response.headers.get("Content-Type", "")
    if response.status == 304 and known is not None:
        return Fetched(str(response.url), 304, b"", content_type, known, moved)
    if response.status != 200:
        raise FetchError(_refusal(response.status, response.headers.get("Retry-After", "")))
    wire = await read_capped(response.content.iter_any(), limits.max_bytes)
    body = decoded(wire, response.headers.get("Content-Encoding", ""), limits.max_expanded)
    fresh = Validators(url, sendable(response.headers.get("ETag")), sendable(response.headers.get("Last-Modified")))
    return Fetched(str(response.url), 200, body, content_type, fresh, moved)


def _refusal(status: int, retry_after: str) -> str:
    """Say what a status other than 200 means for the editor."""
    meaning = {
        404: "見つかりません。アドレスを確かめてください / not found, check the address",
        410: "配信が終わりました。publications.toml から外してください / gone for good, remove the feed",
        429: "しばらくおいてください / asked to come back later",
        503: "しばらくおいてください / unavailable, come back later",
    }.get(status, "取り込めない返事です / unusable answer")
    later = f" (Retry-After: {retry_after[:40]})" if retry_after.isascii() and retry_after.isprintable() and retry_after else ""
    return f"HTTP {status}: {meaning}{later}"
