"""Write ``[feeds.*]`` of ``publications.toml``. Remarks, order and blank lines of the file stay as they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
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
from plugins.partners.model.errors import ConfigError, FetchError
from plugins.partners.model.parsed import ParsedFeed
from plugins.partners.sandbox.feed import Source, feed_links, looks_like_html, parse
from plugins.partners.sandbox.pool import Sandbox, SandboxLimits, open_sandbox

_HOSTERS = frozenset("www blog blogs note ameblo hatenablog hatenadiary blogspot wordpress livedoor fc2 jugem seesaa exblog goo".split())


_ENDINGS = frozenset("com net org jp ne co or go ed ac lg info example".split())


@dataclass(frozen=True)
class DiscoveredFeed:
    """A feed: the address to subscribe to, and what it says now."""

    url: str
    feed: ParsedFeed

    @property
    def site(self) -> str:
        """The blog's home page."""
        return self.feed.site or str(URL(self.url).origin()) + "/"


async def find_feed(address: str, contact: str, rules: AddressRules, limits: Limits, proxy: str | None) -> DiscoveredFeed:
    """Fetch ``address``, a feed or a page that names one. Raises FetchError, ParseError, RefusedAddressError."""
    async with open_client(RequestOptions(contact, proxy=proxy), rules, limits) as client, open_sandbox(SandboxLimits()) as readers:
        asked = rules.knowing(address)
        first = await _get(client, address, asked, limits)
        if not looks_like_html(first.body):
            return await _found(first, address, readers)
        links = await feed_links(first.body, Source(first.url, first.content_type, first.url), readers)
        if not links:
            raise FetchError(
                "このページにはフィードへの案内がありません。フィードのアドレスを書いてください / the page names no feed: give the feed's own address"
            )
        return await _found(await _get(client, links[0], asked, limits), links[0], readers)


async def _found(answer: Fetched, asked: str, readers: Sandbox) -> DiscoveredFeed:
    """Parse a feed; a permanent move is followed at once."""
    url = answer.moved_to or asked
    return DiscoveredFeed(url, await parse(answer.body, Source(answer.url, answer.content_type, answer.url), readers))


async def _get(client: HttpClient, url: str, rules: AddressRules, limits: Limits) -> Fetched:
    async with MemoryBudget(client.large) as space:
        answer = await fetch(client, url, None, rules, limits, space)
    if isinstance(answer, Failure):
        raise FetchError(f"{url}: {answer.reason}")
    return answer


def suggest_key(url: str, taken: Iterable[str]) -> str:
    """Return a short name for the feed at ``url`` that nobody has: the telling part of the host, or of the path."""
    address = URL(url)
    words = [*(address.host or "").split("."), *address.path.split("/")]
    clean = (re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-") for word in words)
    telling = [word[:40].strip("-") for word in clean if word and word not in _HOSTERS | _ENDINGS]
    base = telling[0] if telling else "feed"
    names = [base, *(f"{base}-{number}" for number in range(2, 1000))]
    return next(name for name in names if name not in set(taken))


KEYS = ("title", "url", "site", "author", "licence", "mode")


def add(path: Path, feed: FeedConfig) -> None:
    """Write a new feed after the others. Raises ConfigError when the file would no longer hold; then it is not written."""

    def change(document: TOMLDocument) -> None:
        table = tomlkit.table()
        for key in KEYS:
            table.add(key, getattr(feed, key))
        feeds = document.setdefault("feeds", tomlkit.table(is_super_table=True))
        table.add(tomlkit.nl())
        feeds[feed.key] = table

    _rewrite(path, change)


def drop(path: Path, key: str) -> None:
    """Remove a feed. Raises ConfigError."""

    def change(document: TOMLDocument) -> None:
        feeds = document["feeds"]
        if isinstance(feeds, Mapping) and len(feeds) > 1:
            feeds.pop(key)  # type: ignore[attr-defined]
        else:
            document.pop("feeds")

    _rewrite(path, change)


def _rewrite(path: Path, change: Callable[[TOMLDocument], None]) -> None:
    """Change the file, and put it in place only if it can still be read."""
    try:
        document = tomlkit.parse(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise ConfigError(path, (f"書き直せません / cannot be rewritten: {error}",)) from error
    change(document)
    data = tomlkit.dumps(document).encode()
    with TemporaryDirectory() as place:
        trial = Path(place, path.name)
        trial.write_bytes(data)
        read_settings(trial)
    write_atomically(path, data)
