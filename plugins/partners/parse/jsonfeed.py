"""JSON Feed 1.0 and 1.1 (jsonfeed.org) → the shape in which feedparser gives RSS and Atom."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_VERSION = "https://jsonfeed.org/version/"
_NO_FEED: Mapping[str, Any] = {"version": "", "feed": {}, "entries": []}


def is_json(text: str) -> bool:
    """Tell whether ``text`` begins as a JSON object (RFC 8259, section 4). No XML does."""
    return text.lstrip().startswith("{")


def read_json_feed(text: str) -> Mapping[str, Any]:
    """Return version, feed and entries; an empty version for JSON that is no feed. Raises RecursionError for thousands of nested brackets."""
    try:
        document = json.loads(text)
    except ValueError:
        return _NO_FEED
    version = document.get("version")
    if not isinstance(version, str) or _VERSION not in version.replace("http://", "https://"):
        return _NO_FEED
    items = [item for item in _list(document.get("items")) if isinstance(item, dict)]
    about = {"title": document.get("title"), "link": document.get("home_page_url"), "author": _author(document), "links": _hubs(document)}
    return {"version": f"json{version.rpartition('/')[2]}"[:20], "feed": about, "entries": [_entry(item) for item in items]}


def _hubs(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return hub and own address of the feed under feedparser's keys (JSON Feed 1.1, ``hubs`` and ``feed_url``)."""
    hubs = [hub.get("url") for hub in _list(document.get("hubs")) if isinstance(hub, dict) and str(hub.get("type")).lower() == "websub"]
    return [*({"rel": "hub", "href": hub} for hub in hubs), {"rel": "self", "href": document.get("feed_url")}]


def _author(document: Mapping[str, Any]) -> str:
    """Return the name of the first author. JSON Feed 1.0 has ``author``, 1.1 ``authors``."""
    people = [*_list(document.get("authors")), document.get("author")]
    names = [person.get("name") for person in people if isinstance(person, dict)]
    return next((name for name in names if isinstance(name, str)), "")


def _entry(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return one item under feedparser's keys. An id may be a number: "coerce to a string" (JSON Feed 1.1, items)."""
    identifier = item.get("id")
    texts = [("text/html", item.get("content_html")), ("text/plain", item.get("content_text") or item.get("summary"))]
    return {
        "id": str(identifier) if isinstance(identifier, (str, int, float)) else "",
        "link": item.get("url") or item.get("external_url"),
        "title": item.get("title"),
        "author": _author(item),
        "links": _attachments(item),
        "content": [{"type": kind, "value": value} for kind, value in texts if isinstance(value, str) and value][:1],
        "tags": [{"term": tag} for tag in _list(item.get("tags"))],
        "published": item.get("date_published"),
        "updated": item.get("date_modified"),
    }


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _attachments(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the attachments and the main picture of an item under feedparser's keys."""
    files = [file for file in _list(item.get("attachments")) if isinstance(file, dict)]
    picture = item.get("image")
    named = [{"rel": "enclosure", "href": picture, "type": "image/*"}] if isinstance(picture, str) else []
    return [
        *named,
        *({"rel": "enclosure", "href": file.get("url"), "type": file.get("mime_type"), "title": file.get("title")} for file in files),
    ]
