"""Fetches pages from a mirror's public address, as a reader does, and compares them with the manifest."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

import aiohttp

from publisher.model import manifest
from publisher.model.release import Release, ReleasedFile

PAUSES = (0.5, 2.0)
"""Seconds before the second and the third try: a cache in front of a mirror may need a moment."""

_HEADERS = {"Cache-Control": "no-cache", "Pragma": "no-cache", "User-Agent": "todoke-publish"}
_INDEX = "index.html"


@dataclass(frozen=True)
class LivePage:
    """What a mirror showed at ``address``. ``failure`` is empty if it was the file of the release."""

    address: str
    failure: str = ""


def page_of(address: str, release: Release) -> ReleasedFile | None:
    """Return the file of the release that readers see at ``address``; None if the release has none.

    ``address`` is of the site, which may lie below a folder of its host: the longest end of the path that names a file is the page.
    """
    files, parts = release.by_path, unquote(urlsplit(address).path).strip("/").split("/")
    for start in range(len(parts)):
        path = "/".join(parts[start:])
        for name in (f"{path}/{_INDEX}", path):
            if name in files:
                return files[name]
    return None


def address_of(mirror: str, path: str) -> str:
    """Return the public address of a file on a mirror; a folder's page has that of the folder, as readers open it."""
    shown = path.removesuffix(_INDEX) if path == _INDEX or path.endswith(f"/{_INDEX}") else path
    return f"{mirror.rstrip('/')}/{quote(shown)}"


async def check_pages(mirror: str, files: Sequence[ReleasedFile], seconds: float, pauses: Sequence[float] = PAUSES) -> list[LivePage]:
    """Fetch each of ``files`` from the public address ``mirror``. ``seconds`` are for each try."""
    connector = aiohttp.TCPConnector(limit=8)
    async with aiohttp.ClientSession(
        connector=connector, timeout=aiohttp.ClientTimeout(total=seconds), headers=_HEADERS, auto_decompress=True
    ) as session:
        return list(await asyncio.gather(*(_check(session, mirror, file, seconds, pauses) for file in files)))


async def _check(session: aiohttp.ClientSession, mirror: str, file: ReleasedFile, seconds: float, pauses: Sequence[float]) -> LivePage:
    address = address_of(mirror, file.path)
    for pause in (*pauses, None):
        failure = await _fetch(session, address, file, seconds)
        if not failure or pause is None:
            return LivePage(address, failure)
        await asyncio.sleep(pause)
    raise AssertionError("the last try returns")


async def _fetch(session: aiohttp.ClientSession, address: str, file: ReleasedFile, seconds: float) -> str:
    """Return why the page is not there as the release has it; empty if it is."""
    try:
        # A redirect may lead to another machine: that would say nothing of this one.
        async with session.get(address, allow_redirects=False) as answer:
            if answer.status in (301, 302, 303, 307, 308):
                where = answer.headers.get("Location", "")[:200]
                return f"{address} leads to {where!r}: write the address that readers see into url in publish.toml / 別の場所へ転送されます"
            if answer.status != 200:
                return f"{address}: status {answer.status} instead of 200 / ページが出ません"
            digest = await _digest(answer, file.length)
    except TimeoutError:
        return f"{address}: no answer in {seconds:g} s / 返事がありません"
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return f"{address}: {' '.join(str(error).split()) or type(error).__name__} / つながりません"
    if digest != file.sha256:
        return f"{address}: not the page of this release (an older one, or altered) / 公開版のページと違います"
    return ""


async def _digest(answer: aiohttp.ClientResponse, most: int) -> str:
    """Return the SHA-256 of the body; one byte more than ``most`` is enough to know that it is another one."""
    digest, left = hashlib.sha256(), most + 1
    async for block in answer.content.iter_chunked(65_536):
        digest.update(block[:left])
        left -= len(block)
        if left <= 0:
            break
    return digest.hexdigest()


def manifest_file(proof: bytes) -> ReleasedFile:
    """Return the manifest itself as a file of the release: who shows it shows this release."""
    return ReleasedFile(manifest.PATH, hashlib.sha256(proof).hexdigest(), len(proof), "text/plain", "no-cache")
