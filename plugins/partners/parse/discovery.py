"""Bytes of a web page → the feeds that it names; bytes of an OPML file → the feeds in it."""

from __future__ import annotations

import re
from typing import Any

import lxml.etree
import lxml.html

from plugins.partners.model.urls import absolute, without_feed_scheme
from plugins.partners.parse.charset import decode

MOST_LINKS = 10
"""Feeds of one page: themes list one feed a category."""

MOST_OUTLINES = 1_000

LARGEST_PAGE = 1_000_000
"""Bytes of a page that are looked at; links to feeds stand in its head."""

_FEED_TYPES = frozenset(
    "application/rss+xml application/atom+xml application/feed+json application/rdf+xml application/x-rss+xml application/x.atom+xml".split()
)
_UNCERTAIN_TYPES = frozenset({"application/xml", "text/xml", "application/json"})
"""Types that old blog software gives to feeds, and others to anything."""

_FEED_PATH = re.compile(
    r"(?:/(?:feed|rss|atom)(?:/|\.xml)?$|/(?:index|rss|atom|feed)\.(?:rdf|xml|json)$|\.rdf$|/rss2?0?(?:\.xml)?$|[?&](?:feed=|xml$))",
    re.IGNORECASE,
)


def feed_links(body: bytes, url: str, content_type: str) -> list[str]:
    """Return the addresses of the feeds of a page, the likeliest first.

    Links with rel="alternate" and the type of a feed (WHATWG HTML, section 4.6.7.1) or rel="feed" come first, those in the head before those in the body,
    which a comment may hold; then links of uncertain type; then plain links that end like a feed. A feed of comments is last.
    """
    tree = lxml.html.document_fromstring(decode(body[:LARGEST_PAGE], content_type) or "<p></p>")
    base = absolute(url, next((element.get("href", "") for element in tree.iter("base")), "")) or url
    ranked: dict[str, tuple[int, ...]] = {}
    for link in tree.iter("link", "a"):
        rank = _rank(link)
        address = absolute(base, without_feed_scheme(link.get("href", ""))) if rank is not None else None
        if address and address.startswith("http") and rank is not None:
            ranked.setdefault(address, ("comment" in address.lower(), *rank))
    return sorted(ranked, key=lambda address: ranked[address])[:MOST_LINKS]


def _rank(link: Any) -> tuple[int, ...] | None:
    """Return how likely a link leads to a feed, 0 first; None for one that does not."""
    rel, media_type = link.get("rel", "").lower().split(), link.get("type", "").partition(";")[0].strip().lower()
    in_body = next(link.iterancestors("head"), None) is None
    if link.tag == "link" and ("feed" in rel or ("alternate" in rel and media_type in _FEED_TYPES)):
        return (0, in_body)
    if link.tag == "link" and "alternate" in rel and media_type in _UNCERTAIN_TYPES:
        return (1, in_body)
    is_named = "feed" in rel or media_type in _FEED_TYPES or link.get("href", "").startswith("feed:")
    return (2, in_body) if link.tag == "a" and (is_named or _FEED_PATH.search(link.get("href", ""))) else None


def opml_feeds(body: bytes) -> list[tuple[str, str]]:
    """Return address and title of the feeds in an OPML file (OPML 2.0, subscription lists), each address once. Raises ValueError for anything else."""
    parser = lxml.etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False)
    root = lxml.etree.fromstring(decode(body, "").encode(), parser)
    if root is None or root.tag != "opml":
        raise ValueError("no OPML")
    feeds: dict[str, str] = {}
    for outline in root.iter("outline"):
        names = {str(name).lower(): str(value) for name, value in outline.attrib.items()}
        address = absolute("", without_feed_scheme(names.get("xmlurl", "")))
        if address and address.startswith("http"):
            feeds.setdefault(address, names.get("title") or names.get("text") or "")
    return list(feeds.items())[:MOST_OUTLINES]
