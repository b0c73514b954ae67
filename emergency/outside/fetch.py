"""Fetches one file from a mirror's public address, as a reader does, and compares it with the file that should be there."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import quote

import aiohttp

AT_ONCE = 8
"""Requests to one mirror at the same time."""

_HEADERS = {"Cache-Control": "no-cache", "Pragma": "no-cache", "User-Agent": "todoke-emergency"}
_INDEX = "index.html"


@dataclass(frozen=True)
class Seen:
    """What a mirror answered. ``failure`` is empty if it was the right file; ``modified`` is what the mirror says of its age (RFC 9110, 8.8.2)."""

    path: str
    failure: str = ""
    modified: dt.datetime | None = None


async def fetch_all(mirror: str, expected: Sequence[tuple[str, bytes]], seconds: float) -> list[Seen]:
    """Fetch files from the address ``mirror``, ``seconds`` for each at most. ``expected`` are paths and the bytes that readers should get."""
    timeout = aiohttp.ClientTimeout(total=seconds)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE), timeout=timeout, headers=_HEADERS) as session:
        return list(await asyncio.gather(*(_fetch(session, mirror, path, data, seconds) for path, data in expected)))


async def _fetch(session: aiohttp.ClientSession, mirror: str, path: str, expected: bytes, seconds: float) -> Seen:
    try:
        # A redirect may lead to another machine: that would say nothing of this one.
        async with session.get(address_of(mirror, path), allow_redirects=False) as answer:
            if answer.status != HTTPStatus.OK:
                return Seen(path, f"status {answer.status} / ページが出ません")
            digest = await _digest(answer, len(expected))
            modified = _moment(answer.headers.get("Last-Modified", ""))
    except TimeoutError:
        return Seen(path, f"no answer in {seconds:g} s / 返事がありません")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Seen(path, f"{' '.join(str(error).split()) or type(error).__name__} / つながりません")
    if digest != hashlib.sha256(expected).hexdigest():
        return Seen(path, "another file than here: an older one, or altered / 手元のものと違います", modified)
    return Seen(path, modified=modified)


async def _digest(answer: aiohttp.ClientResponse, most: int) -> str:
    """Return the SHA-256 of the body. One byte more than ``most`` is enough to know that it is another one: a mirror may send without an end."""
    digest, left = hashlib.sha256(), most + 1
    async for block in answer.content.iter_chunked(65_536):
        digest.update(block[:left])
        left -= len(block)
        if left <= 0:
            break
    return digest.hexdigest()


def address_of(mirror: str, path: str) -> str:
    """Return the address of a file; a folder's page has that of the folder, as readers open it."""
    shown = path.removesuffix(_INDEX) if path == _INDEX or path.endswith(f"/{_INDEX}") else path
    return f"{mirror.rstrip('/')}/{quote(shown)}"


def _moment(header: str) -> dt.datetime | None:
    try:
        return parsedate_to_datetime(header)
    except ValueError:
        return None
