"""One request to a network, and what its answer means. The only door of the adapters to the outside.

An adapter must know one thing above all: whether the request has left. So every request opens a connection of its own (one that is kept may be closed
by the other side at the moment of use, and then nobody knows), and aiohttp tells when the first byte is written. Before that moment a failure is
`Deferred`: nothing was done. After it, it is `Uncertain`, unless a status came.

No redirect is followed: it would take the secret to another host. Of an answer no more is read than `Limits.size`, and nothing is decompressed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver
from multidict import CIMultiDict, CIMultiDictProxy

from channels.model import Deferred, Refused, Uncertain

Clock = Callable[[], datetime]
Body = bytes | aiohttp.FormData | Mapping[str, str] | None
NOT_NOW = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
"""The request was not worked on and may be repeated (RFC 9110 section 15.5.9, RFC 8470 section 5.2, RFC 6585 section 4)."""
LONGEST_WAIT = timedelta(days=1)
"""A wait that a server asks for is cut at this: a mistaken year must not end a channel. The networks' longest windows are a day (X, Bluesky)."""
LONGEST_WORDS, LONGEST_TEXT = 200, 500
_BLOCK = 16_384
_PLACES = ("message", "error_description", "detail", "error", "title", "reason")


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds to connect and for the whole request, and bytes of an answer that are read."""

    connect: float = 5.0
    whole: float = 20.0
    size: int = 262_144


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer. ``is_whole``: the body came to its end, within the limit."""

    status: int
    headers: CIMultiDictProxy[str] = field(default_factory=lambda: CIMultiDictProxy(CIMultiDict()))
    body: bytes = b""
    is_whole: bool = True

    @property
    def is_good(self) -> bool:
        """Whether the status is 2xx (RFC 9110 section 15.3)."""
        return 200 <= self.status < 300

    def json(self) -> dict[str, Any]:
        """Return the body's JSON object; empty if it is cut, or anything else."""
        try:
            value = json.loads(self.body) if self.is_whole else None
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    def text(self, name: str) -> str:
        """Return a short text of the JSON object (`short_text`)."""
        return short_text(self.json().get(name))

    def address(self, name: str) -> str:
        """Return an address of the JSON object that a person may open; empty where there is none."""
        text = self.text(name)
        return text if text.startswith(("https://", "http://")) else ""


Sent = Reply | Deferred | Refused | Uncertain


@dataclass(frozen=True, slots=True)
class StatusRules:
    """How a network answers. ``has_keys``: it recognises a repeated request, so after a 5xx the request may be repeated. ``broken``: the statuses that say
    that the channel's key is no longer valid. ``reset``: a header field that tells when its limit ends, in seconds since 1970 or as ISO 8601.
    """

    has_keys: bool
    broken: frozenset[int] = frozenset({HTTPStatus.UNAUTHORIZED})
    reset: str = ""


@dataclass(repr=False)
class Http:
    """The requests of one channel.

    :param name: the channel's, for reasons.
    :param secrets: texts that no reason may hold.
    :param resolver: looks up names; the system's unless given.
    :param keep: whether connections are used again. Only where a repeat does no harm.
    """

    name: str
    statuses: StatusRules
    clock: Clock
    limits: Limits = Limits()
    secrets: tuple[str, ...] = ()
    resolver: AbstractResolver | None = None
    at_once: int = 8
    keep: bool = False
    _session: aiohttp.ClientSession | None = None

    async def ask(self, method: str, address: str, headers: Mapping[str, str] | None = None, body: Body = None) -> Sent:
        """Send one request. A `Reply` is whatever came with a status; otherwise it says whether the request had left."""
        progress = SimpleNamespace(has_left=False)
        try:
            async with self._open().request(
                method, address, headers=headers, data=body, allow_redirects=False, trace_request_ctx=progress
            ) as response:
                text, is_whole = await _read(response, self.limits.size)
                return Reply(response.status, response.headers, text, is_whole)
        except aiohttp.InvalidURL:
            return Refused(f"{self.name}: the address is none / アドレスが正しくありません")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return self._lost(error, has_left=progress.has_left)

    async def send_json(self, method: str, address: str, headers: Mapping[str, str] | None, value: object) -> Sent:
        """Send a JSON body."""
        return await self.ask(method, address, {**(headers or {}), "Content-Type": "application/json"}, json_bytes(value))

    def judge(self, reply: Reply) -> Deferred | Refused | Uncertain:
        """Say what an answer means that is not the one hoped for."""
        reason = f"{self.name}: HTTP {reply.status}{self._words(reply)}"
        if reply.status in self.statuses.broken:
            return Refused(f"{reason} / 鍵が使えません", is_channel_broken=True)
        if reply.status in NOT_NOW:
            return Deferred(f"{reason} / 今は受け付けません", self.wait(reply))
        if reply.status >= 500 and self.statuses.has_keys:
            return Deferred(f"{reason} / 相手の不具合です", self.wait(reply))
        if 300 <= reply.status < 500:
            where = urlsplit(reply.headers.get("Location", "")[:2000]).hostname if reply.status < 400 else None
            return Refused(f"{reason}{f', leads to {where}' if where else ''} / 断られました")
        if reply.status >= 500:
            return Uncertain(f"{reason} / 投稿されたか分かりません")
        return Uncertain(f"{self.name}: HTTP {reply.status}, but the answer cannot be read / 返事が読めません")

    def wait(self, reply: Reply) -> timedelta | None:
        """Return how long the network asks us to wait: ``Retry-After`` (RFC 9110 section 10.2.3), or its own field."""
        now = self.clock()
        wait = _retry_after(reply.headers.get("Retry-After", "").strip(), now)
        if wait is None and self.statuses.reset:
            moment = _moment(reply.headers.get(self.statuses.reset, "").strip())
            wait = None if moment is None else moment - now
        return None if wait is None else min(max(wait, timedelta(0)), LONGEST_WAIT)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            trace = aiohttp.TraceConfig()
            trace.on_request_headers_sent.append(_note_departure)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=self.resolver, limit=self.at_once, force_close=not self.keep, use_dns_cache=self.resolver is None
                ),
                timeout=aiohttp.ClientTimeout(total=self.limits.whole, sock_connect=self.limits.connect),
                headers={"User-Agent": "Todoke", "Accept-Encoding": "identity"},
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                trace_configs=[trace],
            )
        return self._session

    def _lost(self, error: Exception, *, has_left: bool) -> Deferred | Uncertain:
        """The library's own words have addresses in them, and an address may be a secret (Slack): only kind and error number are told."""
        number = getattr(error, "os_error", error)
        kind = getattr(number, "strerror", None) or type(error).__name__
        if has_left:
            return Uncertain(f"{self.name}: no answer to what was sent ({kind}) / 送った後、返事がありません")
        return Deferred(f"{self.name}: cannot be reached ({kind}) / つながりません")

    def _words(self, reply: Reply) -> str:
        """What the network says itself, without our secrets, which some repeat."""
        said = _first_text(reply.json())
        for secret in sorted(filter(None, self.secrets), key=len, reverse=True):
            said = said.replace(secret, "(secret)")
        said = " ".join("".join(sign if sign.isprintable() else " " for sign in said).split())
        return f": {said[:LONGEST_WORDS]}" if said else ""


def short_text(value: object) -> str:
    """Return what may be an identifier or an address: a printable text of at most 500 characters, or a number as one; empty for anything else."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if len(text) <= LONGEST_TEXT and text.isprintable() else ""


def quoted(remote: str) -> str:
    """Return a network's identifier as one segment of a path: it comes from outside, and may have slashes in it."""
    return quote(remote, safe="")


def unsent(answer: Deferred | Refused | Uncertain) -> Deferred | Refused:
    """What a request that only prepares a post means for the post: it has not left, so nothing about it is uncertain."""
    return Deferred(answer.reason) if isinstance(answer, Uncertain) else answer


def json_bytes(value: object) -> bytes:
    """Return JSON as UTF-8, the same bytes for the same value."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def bearer(secret: str) -> dict[str, str]:
    """Return the header field of RFC 6750 section 2.1."""
    return {"Authorization": f"Bearer {secret}"}


async def _note_departure(_session: object, context: SimpleNamespace, _headers: object) -> None:
    context.trace_request_ctx.has_left = True


async def _read(response: aiohttp.ClientResponse, most: int) -> tuple[bytes, bool]:
    body = b""
    try:
        async for block in response.content.iter_chunked(_BLOCK):
            body += block
            if len(body) > most:
                return body[:most], False
    except (aiohttp.ClientError, OSError):  # TimeoutError is an OSError
        return body, False
    return body, True


def _first_text(value: Mapping[str, Any]) -> str:
    places: Iterable[Any] = (value.get(each) for each in _PLACES)
    return next((each[:1000] for each in places if isinstance(each, str) and each), "")


def _retry_after(value: str, now: datetime) -> timedelta | None:
    if value.isascii() and value.isdigit():
        return timedelta(seconds=int(value)) if len(value) < 10 else LONGEST_WAIT
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now


def _moment(value: str) -> datetime | None:
    try:
        if value.isascii() and value.isdigit():
            return datetime.fromtimestamp(int(value), UTC)
        moment = datetime.fromisoformat(value)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
