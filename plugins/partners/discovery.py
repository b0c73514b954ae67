"""A web page → the feeds it names. Runs in the child process."""

from __future__ import annotations

import lxml.html

from .charset import decode
from .links import absolute

TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"})
MOST = 10


def feed_links(body: bytes, url: str, content_type: str) -> list[str]:
    """Return the addresses of ``<link rel="alternate">`` to feeds, in the page's order (WHATWG HTML, 4.6.7.1); comments come last."""
    tree = lxml.html.document_fromstring(decode(body[:1_000_000], content_type) or "<p></p>")
    named = [link for link in tree.iter("link") if _is_feed(link.get("rel", ""), link.get("type", ""))]
    base = absolute(url, next((each.get("href", "") for each in tree.iter("base")), "")) or url
    found = [absolute(base, link.get("href", "")) for link in named]
    web = [address for address in dict.fromkeys(found) if address and address.startswith("http")]
    return sorted(web, key=lambda address: "comment" in address)[:MOST]


def _is_feed(rel: str, kind: str) -> bool:
    return "alternate" in rel.lower().split() and kind.partition(";")[0].strip().lower() in TYPES
