"""Bytes of a feed → ParsedFeed, inside the child process: feedparser for RSS and Atom, ``jsonfeed`` for JSON Feed."""

from __future__ import annotations

import calendar
import io
from collections.abc import Iterable, Mapping
from typing import Any

import feedparser
import lxml.html

from plugins.partners.model.dates import FeedDate
from plugins.partners.model.parsed import ParsedEntry, ParsedFeed
from plugins.partners.model.urls import absolute
from plugins.partners.parse.charset import decode
from plugins.partners.parse.jsonfeed import is_json, read_json_feed
from plugins.partners.sanitize.sanitizer import html_from_text, sanitize

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


LONGEST_FIELD = 5_000
"""Characters of an id, a link, a title, a category."""


MOST_CATEGORIES = 50


LARGEST_IN_ALL = 16_000_000
"""Characters of all bodies together; entries after that are left out, the newest come first."""


def read_feed(body: bytes, options: Mapping[str, Any]) -> ParsedFeed:
    """Parse ``body`` and clean its entries. ``options``: url, site, content_type, max_entries."""
    text = decode(body, options["content_type"])
    read = read_json_feed(text) if is_json(text) else _parsed(text, options["url"])
    about, found = read["feed"], read["entries"]
    entries = _within(parsed_entry(dict(entry), options["url"], options["site"]) for entry in found[: options["max_entries"]])
    return ParsedFeed(
        version=read.get("version") or "",
        entries=entries,
        left_out=len(found) - len(entries),
        title=_text(about.get("title")),
        author=_text((about.get("author_detail") or {}).get("name") or about.get("author")),
        site=absolute(options["url"], _text(about.get("link"))) or "",
    )


def _parsed(text: str, url: str) -> Mapping[str, Any]:
    """Have feedparser read a feed. It cleans nothing: ``sanitize`` does, with a parser that works like a browser's."""
    # Bytes in a stream: a string would be taken for an address or a file name and opened.
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": url}
    stream = io.BytesIO(text.encode("utf-8", "replace"))
    # Links inside an entry are relative to the entry, not to the feed, so they are left for ``sanitize``.
    read: Mapping[str, Any] = feedparser.parse(stream, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    return read


def _within(entries: Iterable[ParsedEntry]) -> tuple[ParsedEntry, ...]:
    """Take entries until their bodies are more than anybody reads."""
    kept: list[ParsedEntry] = []
    size = 0
    for entry in entries:
        size += len(entry.body)
        if size > LARGEST_IN_ALL:
            break
        kept.append(entry)
    return tuple(kept)


def parsed_entry(entry: dict[str, Any], url: str, site: str) -> ParsedEntry:
    """Turn one entry, as feedparser or ``jsonfeed`` gives it, into a RawEntry."""
    link = _link(entry, url)
    return ParsedEntry(
        id=_text(entry.get("id")),
        link=link,
        title=_text(entry.get("title")),
        body=_body(entry, link or site, url),
        published=_stamp(entry, "published") or _stamp(entry, "created") or _stamp(entry, "updated"),
        updated=_stamp(entry, "updated"),
        categories=tuple(_text(tag.get("term")) for tag in entry.get("tags", [])[:MOST_CATEGORIES]),
    )


def _text(value: object) -> str:
    return value[:LONGEST_FIELD] if isinstance(value, str) else ""


def _link(entry: dict[str, Any], url: str) -> str:
    """Return where the entry can be read: its link, or an id that is an address, or ''."""
    for written in (entry.get("link"), entry.get("id")):
        address = absolute(url, written) if isinstance(written, str) and written.strip() else None
        if address is not None and address.startswith("http"):
            return address
    return ""


def _body(entry: dict[str, Any], link: str, url: str) -> str:
    """Return the entry's longest text, cleaned: full content rather than a summary. An explicit xml:base is obeyed."""
    texts = [*entry.get("content", []), entry.get("summary_detail") or {}]
    best = max(texts, key=lambda text: len(text.get("value") or ""))
    source = best.get("value") or ""
    declared = best.get("base") or url
    return sanitize(html_from_text(source) if best.get("type") == "text/plain" else source, link if declared == url else declared, link)


def _stamp(entry: dict[str, Any], name: str) -> FeedDate | None:
    """Return a date that could be read, with its text."""
    parsed = entry.get(f"{name}_parsed")
    return FeedDate(calendar.timegm(parsed), _text(entry.get(name))[:100]) if parsed else None
