"""Atom (RFC 4287) and JSON Feed 1.1 of a list of documents, and sitemaps (sitemaps.org, protocol 0.9). Pure."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from urllib.parse import urljoin
from xml.sax.saxutils import escape

from feedgenerator import Atom1Feed

from plugins.frontmatter.model.document import Document

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


@dataclass(frozen=True)
class Channel:
    """Title, description and addresses of a feed. ``base`` is the site's public address with a trailing slash, ``url`` a path below it."""

    title: str
    description: str
    base: str
    url: str
    author: str

    def absolute(self, path: str) -> str:
        """Return the public address of ``path``."""
        return urljoin(self.base, path.lstrip("/"))


def atom(channel: Channel, documents: Sequence[Document], as_of: dt.datetime) -> str:
    """Return an Atom feed of the newest documents (given newest first). An empty feed is as old as the site, which is as of ``as_of``."""
    feed = _Atom(
        title=channel.title,
        link=channel.absolute(channel.url),
        feed_url=channel.absolute(f"{channel.url}feed.xml"),
        description=channel.description,
        author_name=channel.author,
        language="ja",
    )
    feed.empty_since = as_of
    for document in documents[:NEWEST]:
        feed.add_item(
            title=document.meta.title,
            link=channel.absolute(document.url),
            unique_id=channel.absolute(document.url),
            description=escape(document.summary),  # feedgenerator writes type="html"
            content=_portable(document, channel),
            pubdate=document.date,
            updateddate=document.meta.updated or document.date,
            author_name=document.publication.department if document.publication else channel.author,
            categories=[topic.name for topic in document.meta.topics],
        )
    text = StringIO()
    feed.write(text, "utf-8")
    return text.getvalue()


class _Atom(Atom1Feed):  # type: ignore[misc]
    empty_since: dt.datetime

    def latest_post_date(self) -> dt.datetime:
        """Without items, feedgenerator would take the time of the clock, and the same input would give other bytes."""
        return max((item["updateddate"] for item in self.items), default=self.empty_since)


def json_feed(channel: Channel, documents: Sequence[Document]) -> str:
    """Return a JSON Feed 1.1 of the newest documents (given newest first)."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.title,
        "description": channel.description,
        "home_page_url": channel.absolute(channel.url),
        "feed_url": channel.absolute(f"{channel.url}feed.json"),
        "language": "ja",
        "authors": [{"name": channel.author}],
        "items": [_item(channel, document) for document in documents[:NEWEST]],
    }
    return json.dumps(feed, ensure_ascii=False, indent=2) + "\n"


def _item(channel: Channel, document: Document) -> dict[str, object]:
    item: dict[str, object] = {
        "id": channel.absolute(document.url),
        "url": channel.absolute(document.url),
        "title": document.meta.title,
        "summary": document.summary,
        "content_html": _portable(document, channel),
        "date_published": document.date.isoformat(),
        "tags": [topic.name for topic in document.meta.topics],
    }
    if document.meta.updated:
        item["date_modified"] = document.meta.updated.isoformat()
    if document.picture:
        item["image"] = channel.absolute(document.picture.url)
    return item


def _portable(document: Document, channel: Channel) -> str:
    """Return the body with absolute addresses: a feed reader resolves relative ones against its own page, or not at all."""
    return document.html.replace('href="/', f'href="{channel.base}').replace('src="/', f'src="{channel.base}')
