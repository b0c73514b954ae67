"""Ask a host's robots.txt before anything else (RFC 9309). What it says holds for a day; nothing of it is kept but "allowed then"."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import aiohttp
from yarl import URL

from .address import AddressRules
from .body import Space, read_body
from .client import PRODUCT, Client, Limits
from .errors import FetchError, PartnersError
from .fetch import followed
from .robotstxt import Rule, allows, rules_for

LARGEST = 512 * 1024
"""Bytes that are read (RFC 9309, 2.5 asks for at least 500 kibibytes)."""

Rules = tuple[Rule, ...]

REFUSED = "robots.txt が取り込みを断っています。書き手に確かめてください / robots.txt refuses us: ask the writer"


@dataclass
class Robots:
    """The robots.txt of every host of one run, each read once."""

    client: Client
    rules: AddressRules
    limits: Limits
    _read: dict[str, asyncio.Task[Rules | str]] = field(default_factory=dict)

    async def refusal(self, url: str) -> str | None:
        """Return why ``url`` may not be fetched, or None when it may."""
        origin = str(URL(url).origin())
        if origin not in self._read:
            self._read[origin] = asyncio.create_task(self._ask(f"{origin}/robots.txt", self.rules.knowing(url)))
        said = await self._read[origin]
        if isinstance(said, str):
            return said
        return None if allows(said, url) else REFUSED

    async def _ask(self, address: str, rules: AddressRules) -> Rules | str:
        """Read one robots.txt: its rules, or why we must stay away."""
        limits = replace(self.limits, max_bytes=LARGEST, max_expanded=LARGEST)
        try:
            async with followed(self.client, address, {}, rules, limits) as arrival, Space(self.client.large) as space:
                return await _rules(arrival.response, limits, space)
        except PartnersError as error:
            return f"{error}（robots.txt）"
        except TimeoutError:
            return "時間内に返事がありません / timed out（robots.txt）"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return f"つながりません / cannot be fetched: {type(error).__name__}: {str(error)[:200]}（robots.txt）"


async def _rules(response: aiohttp.ClientResponse, limits: Limits, space: Space) -> Rules | str:
    """Read an answer: no such file allows all (2.3.1.3), a failing server forbids all (2.3.1.4), an oversized file counts as none."""
    if response.status >= 500 or response.status == 429:
        return f"HTTP {response.status}: robots.txt が読めないので控えます / robots.txt unavailable, so we stay away"
    if response.status != 200:
        return ()
    encoding = response.headers.get("Content-Encoding", "")
    try:
        body = await read_body(response.content.iter_any(), encoding, limits.max_bytes, limits.max_expanded, space)
    except FetchError:
        return ()
    return rules_for(body.decode("utf-8", "replace"), PRODUCT)
