"""Fetch what an entry shows or carries: pictures and files. The guards are those of a feed; a host that does not answer is left alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from plugins.partners.http.addresses import UrlOverride
from plugins.partners.http.body import MemoryBudget
from plugins.partners.http.client import HttpClient, Limits
from plugins.partners.http.fetch import Failure, Fetched, fetch
from plugins.partners.http.robots import Robots

MOST_FAILURES = 3
"""After so many requests without any response, a host is not asked again in this run: each would take all its seconds. Other hosts are."""


@dataclass
class AssetFetcher:
    """Fetches assets of one feed in one run. ``requested`` counts the requests."""

    client: HttpClient
    robots: Robots
    url_override: UrlOverride
    limits: Limits
    requested: int = 0
    failures: Counter[str] = field(default_factory=Counter)

    async def fetch(self, address: str, max_bytes: int, seconds: float) -> bytes | None:
        """Fetch one asset, or return None. ``max_bytes`` and ``seconds`` can only lower the limits of the run."""
        url = self.url_override.resolve(address)
        host = urlsplit(url or "").netloc
        if url is None or self.failures[host] >= MOST_FAILURES or await self.robots.refusal(url):
            return None
        self.requested += 1
        limits = replace(
            self.limits,
            max_bytes=min(max_bytes, self.limits.max_bytes),
            max_expanded=min(max_bytes, self.limits.max_expanded),
            total=min(seconds, self.limits.total),
        )
        async with MemoryBudget(self.client.large_bodies) as budget:
            result = await fetch(self.client, url, None, self.url_override.rules, limits, budget)
        self.failures[host] += isinstance(result, Failure) and result.status == 0
        return result.body if isinstance(result, Fetched) else None
