"""From an address that somebody sent us to a feed and what it holds: the first half of ``todoke feeds add``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from yarl import URL

from .address import AddressRules
from .body import Space
from .client import Client, Limits, Manners, open_client
from .errors import FetchError
from .fetch import Failure, Fetched, fetch
from .parse import Source, feed_links, looks_like_html, parse
from .raw import ParsedFeed
from .readers import Readers, ReadLimits, open_readers

_HOSTERS = frozenset("www blog blogs note ameblo hatenablog hatenadiary blogspot wordpress livedoor fc2 jugem seesaa exblog goo".split())
_ENDINGS = frozenset("com net org jp ne co or go ed ac lg info example".split())


@dataclass(frozen=True)
class Found:
    """A feed: the address to subscribe to, and what it says now."""

    url: str
    feed: ParsedFeed

    @property
    def site(self) -> str:
        """The blog's home page."""
        return self.feed.site or str(URL(self.url).origin()) + "/"


async def find(address: str, contact: str, rules: AddressRules, limits: Limits, proxy: str | None) -> Found:
    """Fetch ``address``, a feed or a page that names one. Raises FetchError, ParseError, RefusedAddressError."""
    async with open_client(Manners(contact, proxy=proxy), rules, limits) as client, open_readers(ReadLimits()) as readers:
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


async def _found(answer: Fetched, asked: str, readers: Readers) -> Found:
    """Parse a feed; a permanent move is followed at once."""
    url = answer.moved_to or asked
    return Found(url, await parse(answer.body, Source(answer.url, answer.content_type, answer.url), readers))


async def _get(client: Client, url: str, rules: AddressRules, limits: Limits) -> Fetched:
    async with Space(client.large) as space:
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
