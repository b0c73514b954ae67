"""Fetches files from a mirror's public address, as a reader does, and compares them with those that should be there."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from public_page import address_of, fetch, reader_session


@dataclass(frozen=True)
class Seen:
    """What a mirror answered. ``failure`` is empty if it was the right file; ``modified`` is what the mirror says of its age."""

    path: str
    failure: str = ""
    modified: dt.datetime | None = None


async def fetch_all(mirror: str, expected: Sequence[tuple[str, bytes]], seconds: float) -> list[Seen]:
    """Fetch files from the address ``mirror``, ``seconds`` for each at most. ``expected`` are paths and the bytes that readers should get."""

    async def fetch_one(path: str, data: bytes) -> Seen:
        found = await fetch(session, address_of(mirror, path), hashlib.sha256(data).hexdigest(), len(data))
        other = "" if found.failure or found.is_right else "another file than here: an older one, or altered / 手元のものと違います"
        return Seen(path, found.failure or other, found.modified)

    async with reader_session("todoke-emergency", seconds) as session:
        return list(await asyncio.gather(*(fetch_one(path, data) for path, data in expected)))
