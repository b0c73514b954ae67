"""The sitemap (sitemaps.org protocol 0.9), in shards by publication, so that a new article touches one shard and the index."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

from plugins.frontmatter.document import Document

_NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def shard(base: str, documents: Iterable[Document], fronts: Iterable[str] = ()) -> str:
    """Return one ``urlset``. ``fronts`` are pages without a date. Partner entries belong to their own site and stay out."""
    rows = [f"<url><loc>{escape(base + url)}</loc></url>" for url in fronts]
    rows += [
        f"<url><loc>{escape(base + d.url)}</loc><lastmod>{(d.meta.updated or d.date).isoformat()}</lastmod></url>"
        for d in documents
        if d.kind != "partner"
    ]
    return _document("urlset", rows)


def index(base: str, shards: Iterable[str]) -> str:
    """Return the index of the shards, which lie at the given paths."""
    return _document("sitemapindex", [f"<sitemap><loc>{escape(base + path)}</loc></sitemap>" for path in shards])


def _document(root: str, rows: list[str]) -> str:
    body = "".join(f"{row}\n" for row in rows)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} {_NAMESPACE}>\n{body}</{root}>\n'
