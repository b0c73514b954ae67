"""Bytes of a feed → ParsedFeed: feedparser for RSS and Atom (RFC 4287), ``jsonfeed`` for JSON Feed."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import feedparser
import feedparser.api

from plugins.partners.model.dates import FeedDate, parse_date
from plugins.partners.model.parsed import ParsedEntry, ParsedFeed
from plugins.partners.model.urls import absolute, is_web
from plugins.partners.parse import sax
from plugins.partners.parse.charset import decode
from plugins.partners.parse.jsonfeed import is_json, read_json_feed
from plugins.partners.sanitize.media import Attachment
from plugins.partners.sanitize.sanitizer import html_from_text, html_from_words, sanitize

if sax.__name__ not in feedparser.api.PREFERRED_XML_PARSERS:
    feedparser.api.PREFERRED_XML_PARSERS.insert(0, sax.__name__)

LONGEST_FIELD = 5_000
"""Characters of an id, a link, a title, a category."""

MOST_CATEGORIES = 50
MOST_ATTACHMENTS = 40

LARGEST_IN_ALL = 16_000_000
"""Characters of all bodies together. Entries after that are left out; feeds put the newest first."""


_ROOT = re.compile(r"<((?:[\w.-]+:)?(?:rss|feed|rdf))(?=[\s>])", re.IGNORECASE)


def read_feed(body: bytes, options: Mapping[str, Any]) -> ParsedFeed:
    """Parse ``body`` and sanitize its entries. ``options``: url, site, content_type, max_entries."""
    text = decode(body, options["content_type"])
    document = read_json_feed(text) if is_json(text) else _feedparser_document(text)
    about, items = document["feed"], document["entries"]
    parsed = [_entry_or_none(dict(item), options["url"], options["site"]) for item in items[: options["max_entries"]]]
    usable = [entry for entry in parsed if entry is not None]
    entries = _within_cap(usable)
    return ParsedFeed(
        version=document.get("version") or "",
        entries=entries,
        left_out=len(items) - len(parsed) + len(usable) - len(entries),
        broken=len(parsed) - len(usable),
        title=_text(about.get("title")),
        author=_text((about.get("author_detail") or {}).get("name") or about.get("author")),
        site=absolute(options["url"], _text(about.get("link"))) or "",
        is_complete=is_json(text) or _has_end(text),
        hub=_feed_link(about, "hub", options["url"]),
        topic=_feed_link(about, "self", options["url"]),
    )


def _feed_link(about: Mapping[str, Any], rel: str, url: str) -> str:
    """Return the address of a link of the feed itself (RFC 4287, section 4.2.7); '' if there is none that can be fetched."""
    links = [link.get("href") for link in about.get("links", []) if isinstance(link, Mapping) and link.get("rel") == rel]
    address = next((absolute(url, link) for link in links if isinstance(link, str)), None)
    return address if address and address.startswith("http") else ""


def _has_end(text: str) -> bool:
    """Tell whether the root element is closed. feedparser reads a document that was cut off as if it were whole, with half of its last entry."""
    root = _ROOT.search(text)
    return root is None or re.search(rf"</{re.escape(root.group(1))}\s*>", text[root.end() :]) is not None


def _feedparser_document(text: str) -> Mapping[str, Any]:
    """Have feedparser read a feed. It sanitizes nothing: ``sanitize`` does, with a parser that works like a browser's."""
    # Bytes in a stream: feedparser would take a string for an address or a file name and open it.
    # It gets no address of the document, since it would resolve ids against it, too: ``abc123`` would become an address that never existed.
    headers = {"content-type": "application/xml; charset=utf-8"}
    stream = io.BytesIO(text.encode("utf-8", "replace"))
    # Links inside an entry are relative to the entry, not to the feed, so they are left for ``sanitize``.
    document: Mapping[str, Any] = feedparser.parse(stream, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    return document


def _within_cap(entries: Iterable[ParsedEntry]) -> tuple[ParsedEntry, ...]:
    """Take entries until their bodies reach LARGEST_IN_ALL."""
    kept: list[ParsedEntry] = []
    size = 0
    for entry in entries:
        size += len(entry.body)
        if size > LARGEST_IN_ALL:
            break
        kept.append(entry)
    return tuple(kept)


def _entry_or_none(item: dict[str, Any], url: str, site: str) -> ParsedEntry | None:
    """Turn one entry into a ParsedEntry; None if a library cannot. One entry's nonsense costs that entry and no other."""
    try:
        return parsed_entry(item, url, site)
    except MemoryError:  # the limit of the process: the next entry would meet it, too
        raise
    except Exception:
        return None


def parsed_entry(item: dict[str, Any], url: str, site: str) -> ParsedEntry:
    """Turn one entry, as feedparser or ``jsonfeed`` gives it, into a ParsedEntry."""
    link, attachments = _link(item, url), _attachments(item)
    return ParsedEntry(
        id=_text(item.get("id")),
        link=link,
        title=_text(item.get("title")),
        body=_body(item, link or site, url, attachments),
        published=_date(item, "published") or _date(item, "created") or _date(item, "updated"),
        updated=_date(item, "updated"),
        categories=tuple(_text(tag.get("term")) for tag in item.get("tags", [])[:MOST_CATEGORIES]),
        author=_text((item.get("author_detail") or {}).get("name") or item.get("author")),
        files=tuple(address for attachment in attachments if (address := absolute(link or site, attachment.url))),
    )


def _text(value: object) -> str:
    return value[:LONGEST_FIELD] if isinstance(value, str) else ""


def _link(item: dict[str, Any], url: str) -> str:
    """Return where the entry can be read: its link, or an id that is an address, or ''.

    feedparser gives a guid without ``isPermaLink="false"`` as the link, too. ``abc123`` is no address: relative to the feed's it would be an invented one.
    """
    link, identifier = item.get("link"), item.get("id")
    for value in (link, identifier):
        if not isinstance(value, str) or (value == identifier and not is_web(value.strip())):
            continue
        address = absolute(url, value) if value.strip() else None
        if address is not None and address.startswith("http"):
            return address
    return ""


def _body(item: dict[str, Any], link: str, url: str, attachments: Sequence[Attachment]) -> str:
    """Return the entry's longest text, sanitized: full content rather than a summary. An explicit xml:base is obeyed (RFC 4287, section 2)."""
    texts = [*item.get("content", []), item.get("summary_detail") or {}]
    longest = max(texts, key=lambda text: len(text.get("value") or ""))
    source = longest.get("value") or ""
    base = absolute(url, longest.get("base") or "") or url
    html = html_from_text(source) if longest.get("type") == "text/plain" else html_from_words(source)
    return sanitize(html, link if base == url else base, link, attachments)


def _attachments(item: dict[str, Any]) -> list[Attachment]:
    """Return the files beside an entry: enclosures (RSS 2.0; RFC 4287, section 4.2.7.2), attachments of JSON Feed, content of Media RSS."""
    files = [
        *((file, "href") for file in item.get("links", []) if isinstance(file, Mapping) and file.get("rel") == "enclosure"),
        *((file, "url") for file in item.get("media_content", [])),
    ]
    return [
        Attachment(_text(file.get(key)), _text(file.get("type") or file.get("medium")), _text(file.get("title")))
        for file, key in files[:MOST_ATTACHMENTS]
        if isinstance(file, Mapping) and _text(file.get(key))
    ]


def _date(item: dict[str, Any], name: str) -> FeedDate | None:
    return parse_date(_text(item.get(name)))
