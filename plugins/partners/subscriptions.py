"""Find a feed, and write ``[feeds.*]`` of ``publications.toml``. Comments, order and blank lines of the file stay as they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import tomlkit
from tomlkit import TOMLDocument
from tomlkit.exceptions import TOMLKitError
from yarl import URL

from plugins.files import write_atomically
from plugins.partners.http.addresses import AddressRules
from plugins.partners.http.body import MemoryBudget
from plugins.partners.http.client import HttpClient, Limits, RequestOptions, open_client
from plugins.partners.http.fetch import Failure, Fetched, fetch
from plugins.partners.model.config import FeedConfig, read_settings
from plugins.partners.model.errors import ConfigError, FetchError, PartnersError
from plugins.partners.model.parsed import ParsedFeed
from plugins.partners.model.urls import without_feed_scheme
from plugins.partners.sandbox.feed import Source, feed_links, looks_like_html, opml_feeds, parse
from plugins.partners.sandbox.pool import Sandbox, SandboxLimits, open_sandbox

_HOSTERS = frozenset("www blog blogs note ameblo hatenablog hatenadiary blogspot wordpress livedoor fc2 jugem seesaa exblog goo".split())
"""Names of blog services, which say nothing of the blog."""

_ENDINGS = frozenset("com net org jp ne co or go ed ac lg info example".split())
"""Top-level and second-level domains."""

KEYS = ("title", "url", "site", "author", "licence", "mode")
"""The keys of ``[feeds.<key>]``, in the order in which they are written."""


@dataclass(frozen=True)
class DiscoveredFeed:
    """A feed: the address to subscribe to, and its present content."""

    url: str
    feed: ParsedFeed

    @property
    def site(self) -> str:
        """The blog's home page."""
        return self.feed.site or str(URL(self.url).origin()) + "/"


async def find_feed(address: str, contact: str, rules: AddressRules, limits: Limits, proxy: str | None) -> DiscoveredFeed:
    """Fetch ``address``, which is a feed or a page that names some: the first that can be read. Raises FetchError, ParseError, RefusedAddressError."""
    url = _web_address(address)
    async with open_client(RequestOptions(contact, proxy=proxy), rules, limits) as client, open_sandbox(SandboxLimits()) as sandbox:
        rules = rules.allowing_port_of(url)
        first = await _fetch(client, url, rules, limits)
        if not looks_like_html(first.body):
            return await _discovered(first, url, sandbox)
        links = await feed_links(first.body, Source(first.url, first.content_type, first.url), sandbox)
        if not links:
            raise FetchError(
                "このページにはフィードへの案内がありません。フィードのアドレスを書いてください / the page names no feed: give the feed's own address"
            )
        return await _first_readable(client, links, rules, limits, sandbox)


async def _first_readable(
    client: HttpClient, links: Sequence[str], rules: AddressRules, limits: Limits, sandbox: Sandbox
) -> DiscoveredFeed:
    """Return the first feed of ``links`` that can be fetched and read: pages go on to name feeds that ended."""
    reasons = []
    for link in links:
        try:
            return await _discovered(await _fetch(client, link, rules, limits), link, sandbox)
        except PartnersError as error:
            reasons.append(f"{link}: {error}")
    raise FetchError("\n".join(reasons))


def _web_address(address: str) -> str:
    """Return what people copy as an address that can be fetched: ``feed:`` goes, and a missing scheme is https."""
    stripped = without_feed_scheme(address)
    return stripped if "://" in stripped else f"https://{stripped}"


async def read_opml(data: bytes) -> tuple[tuple[str, str], ...]:
    """Return address and title of the feeds in an OPML file. Raises ParseError."""
    async with open_sandbox(SandboxLimits()) as sandbox:
        return await opml_feeds(data, sandbox)


async def _discovered(response: Fetched, url: str, sandbox: Sandbox) -> DiscoveredFeed:
    """Parse a feed. A permanent move is followed at once."""
    source = Source(response.url, response.content_type, response.url)
    return DiscoveredFeed(response.moved_to or url, await parse(response.body, source, sandbox))


async def _fetch(client: HttpClient, url: str, rules: AddressRules, limits: Limits) -> Fetched:
    async with MemoryBudget(client.large_bodies) as budget:
        result = await fetch(client, url, None, rules, limits, budget)
    if isinstance(result, Failure):
        raise FetchError(f"{url}: {result.reason}")
    return result


def suggest_key(url: str, taken: Iterable[str]) -> str:
    """Return a short name for the feed at ``url`` that is not in ``taken``: the first part of the host, or else of the path, that names the blog."""
    address = URL(url)
    words = [*(address.host or "").split("."), *address.path.split("/")]
    parts = (re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-") for word in words)
    names_of_blog = [part[:40].strip("-") for part in parts if part and part not in _HOSTERS | _ENDINGS]
    base = names_of_blog[0] if names_of_blog else "feed"
    candidates = [base, *(f"{base}-{number}" for number in range(2, 1000))]
    unavailable = set(taken)
    return next(candidate for candidate in candidates if candidate not in unavailable)


def add(path: Path, feed: FeedConfig) -> None:
    """Write a new feed after the others. Raises ConfigError if the file would be invalid; then it is not written."""

    def change(document: TOMLDocument) -> None:
        table = tomlkit.table()
        for key in KEYS:
            table.add(key, getattr(feed, key))
        feeds = document.setdefault("feeds", tomlkit.table(is_super_table=True))
        table.add(tomlkit.nl())
        feeds[feed.key] = table

    _rewrite(path, change)


def remove(path: Path, key: str) -> None:
    """Remove a feed from the file; its entries stay. Raises ConfigError."""

    def change(document: TOMLDocument) -> None:
        feeds = document["feeds"]
        if isinstance(feeds, Mapping) and len(feeds) > 1:
            feeds.pop(key)  # type: ignore[attr-defined]
        else:
            document.pop("feeds")

    _rewrite(path, change)


def _rewrite(path: Path, change: Callable[[TOMLDocument], None]) -> None:
    """Change the file, and replace it only if the result is valid."""
    try:
        document = tomlkit.parse(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise ConfigError(path, (f"書き直せません / cannot be rewritten: {error}",)) from error
    change(document)
    data = tomlkit.dumps(document).encode()
    with TemporaryDirectory() as folder:
        candidate = Path(folder, path.name)
        candidate.write_bytes(data)
        read_settings(candidate)
    write_atomically(path, data)
