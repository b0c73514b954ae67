"""Fetches pages from a mirror's public address, as a reader does, and compares them with the manifest."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import aiohttp

from public_page import address_of, fetch, reader_session
from publisher.model import manifest
from publisher.model.release import Release, ReleasedFile

PAUSES = (0.5, 2.0)
"""Seconds before the second and the third try: a cache in front of a mirror may need a moment."""

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


async def check_pages(mirror: str, files: Sequence[ReleasedFile], seconds: float, pauses: Sequence[float] = PAUSES) -> list[LivePage]:
    """Fetch each of ``files`` from the public address ``mirror``. ``seconds`` are for each try."""
    async with reader_session("todoke-publish", seconds) as session:
        return list(await asyncio.gather(*(_check(session, address_of(mirror, file.path), file, pauses) for file in files)))


async def _check(session: aiohttp.ClientSession, address: str, file: ReleasedFile, pauses: Sequence[float]) -> LivePage:
    for pause in (*pauses, None):
        found = await fetch(session, address, file.sha256, file.length)
        if found.is_right:
            return LivePage(address)
        if pause is None:
            other = "not the page of this release (an older one, or altered) / 公開版のページと違います"
            return LivePage(address, f"{address}: {found.failure or other}")
        await asyncio.sleep(pause)
    raise AssertionError("the last try returns")


def manifest_file(proof: bytes) -> ReleasedFile:
    """Return the manifest itself as a file of the release: who shows it shows this release."""
    return ReleasedFile(manifest.PATH, hashlib.sha256(proof).hexdigest(), len(proof), "text/plain", "no-cache")
