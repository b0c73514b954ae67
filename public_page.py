"""One file of a mirror as readers get it: fetched from the public address, and compared with what should be there. The publisher and the emergency use it.

A redirect is not followed, since it may lead to another machine. Of a body no more is read than tells it from the right one: a server may send without an end.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import quote

import aiohttp

AT_ONCE = 8
"""Requests to one mirror at the same time."""

_BLOCK = 65_536
_INDEX = "index.html"
_LEADS_AWAY = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True)
class Fetched:
    """What was found at an address. ``failure`` is empty if a file came; then ``is_right`` says whether it was the right one.

    ``modified`` is what the server says of its age (RFC 9110 section 8.8.2).
    """

    failure: str = ""
    is_right: bool = False
    modified: dt.datetime | None = None


def address_of(mirror: str, path: str) -> str:
    """Return the public address of a file on a mirror; a folder's page has that of the folder, as readers open it."""
    shown = path.removesuffix(_INDEX) if path == _INDEX or path.endswith(f"/{_INDEX}") else path
    return f"{mirror.rstrip('/')}/{quote(shown)}"


def reader_session(program: str, seconds: float) -> aiohttp.ClientSession:
    """Return a session that asks past every cache, ``seconds`` for each request. Close it."""
    headers = {"Cache-Control": "no-cache", "Pragma": "no-cache", "User-Agent": program}
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=AT_ONCE), timeout=aiohttp.ClientTimeout(total=seconds), headers=headers
    )


async def fetch(session: aiohttp.ClientSession, address: str, sha256: str, length: int) -> Fetched:
    """Return what is at ``address``; the right file has this digest and length. Raises nothing."""
    try:
        async with session.get(address, allow_redirects=False) as answer:
            if answer.status in _LEADS_AWAY:
                where = answer.headers.get("Location", "")[:200]
                return Fetched(f"leads to {where!r}: write the address that readers see into url in publish.toml / 別の場所へ転送されます")
            if answer.status != HTTPStatus.OK:
                return Fetched(f"status {answer.status} instead of 200 / ページが出ません")
            found = await _digest(answer, length)
            return Fetched(is_right=found == sha256, modified=_moment(answer.headers.get("Last-Modified", "")))
    except TimeoutError:
        return Fetched(f"no answer in {session.timeout.total or 0:g} s / 返事がありません")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Fetched(f"{' '.join(str(error).split()) or type(error).__name__} / つながりません")


async def _digest(answer: aiohttp.ClientResponse, most: int) -> str:
    """Return the SHA-256 of the body; one byte more than ``most`` is enough to know that it is another one."""
    found, left = hashlib.sha256(), most + 1
    async for block in answer.content.iter_chunked(_BLOCK):
        found.update(block[:left])
        left -= len(block)
        if left <= 0:
            break
    return found.hexdigest()


def _moment(header: str) -> dt.datetime | None:
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, OverflowError):  # a year of twenty digits overflows
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)  # without a zone it could not be compared
