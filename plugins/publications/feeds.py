"""Atom (RFC 4287) and JSON Feed 1.1 of a list of documents, and sitemaps (sitemaps.org, protocol 0.9). Pure."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any
from urllib.parse import urljoin
from xml.sax.saxutils import escape

from feedgenerator import Atom1Feed

from plugins.frontmatter.document_identity import feed_identity
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.registry import Site
from plugins.media_types import picture_type

_NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def shard(base: str, documents: Iterable[Document], undated: Iterable[str] = ()) -> str:
    """Return one ``urlset``. ``undated`` are addresses of pages without a date. Partner entries belong to their own site and are left out."""
    rows = [f"<url><loc>{escape(base + url)}</loc></url>" for url in undated]
    rows += [
        f"<url><loc>{escape(base + d.url)}</loc><lastmod>{(d.meta.updated or d.date).isoformat()}</lastmod></url>"
        for d in documents
        if d.content_type != "partner"
    ]
    return _document("urlset", rows)


def index(base: str, shards: Iterable[str]) -> str:
    """Return the index of the shards, which lie at the given paths."""
    return _document("sitemapindex", [f"<sitemap><loc>{escape(base + path)}</loc></sitemap>" for path in shards])


def _document(root: str, rows: list[str]) -> str:
    body = "".join(f"{row}\n" for row in rows)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} {_NAMESPACE}>\n{body}</{root}>\n'


NEWEST = 30
"""Entries in a feed. Feed readers fetch often enough to see each; the archives hold the rest."""

FEWEST_OTHERS = 10
"""Entries of the portal's feed that are no notices, however many notices there are."""


@dataclass(frozen=True)
class Channel:
    """Title, description and addresses of a feed. ``base`` is the site's public address with a trailing slash, ``url`` a path below it, ``identity`` its id."""

    title: str
    description: str
    base: str
    url: str
    author: str
    identity: str

    def absolute(self, path: str) -> str:
        """Return the public address of ``path``."""
        return urljoin(self.base, path.lstrip("/"))


def channel_of(site: Site, base: str, url: str, title: str, description: str) -> Channel:
    """Return the channel of the feeds at ``url``; that of the portal has the name of the site alone."""
    return Channel(
        title if url == "/" else f"{title} - {site.title}", description, f"{base}/", url, site.organisation, feed_identity(site, url)
    )


@dataclass(frozen=True)
class FeedEntry:
    """What a feed says of one document. ``html`` is its body with root-relative addresses, ``author`` its department, or empty."""

    title: str
    url: str
    identity: str
    summary: str
    html: str
    date: dt.datetime
    updated: dt.datetime | None
    author: str
    topics: tuple[str, ...]
    picture: str


def entry_of(document: Document) -> FeedEntry:
    """Return the entry of a document."""
    return FeedEntry(
        title=document.meta.title,
        url=document.url,
        identity=document.identity,
        summary=document.summary,
        html=document.html,
        date=document.date,
        updated=document.meta.updated,
        author=document.publication.department if document.publication else "",
        topics=tuple(topic.name for topic in document.meta.topics),
        picture=document.picture.url if document.picture else "",
    )


def portal_entries(in_force: Sequence[FeedEntry], notices: Sequence[FeedEntry], latest: Sequence[FeedEntry]) -> list[FeedEntry]:
    """Return the entries of the portal's feed: every public notice, those in force first, and of ``latest`` as many as find room.

    A notice that a newer one has replaced is among them: whoever polls once an hour would never see it otherwise.
    """
    urgent = list({entry.url: entry for entry in (*in_force, *notices)}.values())
    return [*urgent, *latest[: max(NEWEST - len(urgent), FEWEST_OTHERS)]]


def feed_files(channel: Channel, entries: Sequence[FeedEntry], empty_since: dt.datetime | None) -> list[tuple[str, str]]:
    """Return address and text of the feeds of a channel, with all ``entries``."""
    return [(f"{channel.url}feed.xml", atom(channel, entries, empty_since)), (f"{channel.url}feed.json", json_feed(channel, entries))]


def atom(channel: Channel, entries: Sequence[FeedEntry], empty_since: dt.datetime | None) -> str:
    """Return an Atom feed of the entries. A feed without any has not changed since ``empty_since``, which only such a feed needs."""
    feed = _Atom(
        title=channel.title,
        link=channel.absolute(channel.url),
        feed_url=channel.absolute(f"{channel.url}feed.xml"),
        feed_guid=channel.identity,
        description=channel.description,
        author_name=channel.author,
        language="ja",
    )
    feed.empty_since = empty_since
    for entry in entries:
        feed.add_item(
            title=entry.title,
            link=channel.absolute(entry.url),
            unique_id=entry.identity,
            description=entry.summary,
            content=_portable(entry, channel),
            pubdate=entry.date,
            updateddate=entry.updated or entry.date,
            author_name=entry.author or channel.author,
            categories=list(entry.topics),
            picture=channel.absolute(entry.picture) if entry.picture else None,
        )
    text = StringIO()
    feed.write(text, "utf-8")
    return text.getvalue()


class _Atom(Atom1Feed):  # type: ignore[misc]
    empty_since: dt.datetime | None

    def latest_post_date(self) -> dt.datetime | None:
        """Without items, feedgenerator would take the time of the clock, and the same input would give other bytes."""
        return max((item["updateddate"] for item in self.items), default=self.empty_since)

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        """Write the summary as the plain text that it is (RFC 4287 section 3.1.1.1; feedgenerator says HTML), and the picture as an enclosure (4.2.7.2)."""
        super().add_item_elements(handler, {**item, "description": None})
        handler.addQuickElement("summary", item["description"], {"type": "text"})
        if item["picture"]:
            kind = picture_type(item["picture"])
            handler.addQuickElement("link", "", {"rel": "enclosure", "href": item["picture"]} | ({"type": kind} if kind else {}))


def json_feed(channel: Channel, entries: Sequence[FeedEntry]) -> str:
    """Return a JSON Feed 1.1 of the entries."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.title,
        "description": channel.description,
        "home_page_url": channel.absolute(channel.url),
        "feed_url": channel.absolute(f"{channel.url}feed.json"),
        "language": "ja",
        "authors": [{"name": channel.author}],
        "items": [_item(channel, entry) for entry in entries],
    }
    return json.dumps(feed, ensure_ascii=False, indent=2) + "\n"


def _item(channel: Channel, entry: FeedEntry) -> dict[str, object]:
    item: dict[str, object] = {
        "id": entry.identity,
        "url": channel.absolute(entry.url),
        "title": entry.title,
        "summary": entry.summary,
        "content_html": _portable(entry, channel),
        "date_published": entry.date.isoformat(),
        "tags": list(entry.topics),
    }
    if entry.updated:
        item["date_modified"] = entry.updated.isoformat()
    if entry.picture:
        item["image"] = channel.absolute(entry.picture)
    return item


def _portable(entry: FeedEntry, channel: Channel) -> str:
    """Return the body with absolute addresses: a feed reader resolves relative ones against its own page, or not at all. A footnote leads to the page."""
    html = entry.html.replace('href="/', f'href="{channel.base}').replace('src="/', f'src="{channel.base}')
    return html.replace('href="#', f'href="{channel.absolute(entry.url)}#')
