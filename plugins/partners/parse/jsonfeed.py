"""JSON Feed 1.0 and 1.1 (jsonfeed.org) → the shape in which feedparser gives RSS and Atom."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_VERSION = "https://jsonfeed.org/version/"
_NOTHING: Mapping[str, Any] = {"version": "", "feed": {}, "entries": []}


def is_json(text: str) -> bool:
    """Tell whether ``text`` begins as a JSON object; no XML does."""
    return text.lstrip().startswith("{")


def read_json_feed(text: str) -> Mapping[str, Any]:
    """Return version, feed and entries; nothing at all for JSON that is no feed. Raises RecursionError for a bomb of brackets."""
    try:
        read = json.loads(text)
    except ValueError:
        return _NOTHING
    version = read.get("version")
    if not isinstance(version, str) or _VERSION not in version.replace("http://", "https://"):
        return _NOTHING
    items = [item for item in _list(read.get("items")) if isinstance(item, dict)]
    about = {"title": read.get("title"), "link": read.get("home_page_url"), "author": _author(read)}
    return {"version": f"json{version.rpartition('/')[2]}"[:20], "feed": about, "entries": [_entry(item) for item in items]}


def _author(read: Mapping[str, Any]) -> str:
    """Return the first author's name; 1.0 has ``author``, 1.1 ``authors``."""
    people = [*_list(read.get("authors")), read.get("author")]
    names = [person.get("name") for person in people if isinstance(person, dict)]
    return next((name for name in names if isinstance(name, str)), "")


def _entry(item: Mapping[str, Any]) -> dict[str, Any]:
    """Rename one item's keys. An id may be a number (1.0 allows what can be read as text)."""
    given = item.get("id")
    texts = [("text/html", item.get("content_html")), ("text/plain", item.get("content_text") or item.get("summary"))]
    return {
        "id": str(given) if isinstance(given, (str, int, float)) else "",
        "link": item.get("url") or item.get("external_url"),
        "title": item.get("title"),
        "content": [{"type": kind, "value": value} for kind, value in texts if isinstance(value, str) and value][:1],
        "tags": [{"term": tag} for tag in _list(item.get("tags"))],
        **_date("published", item.get("date_published")),
        **_date("updated", item.get("date_modified")),
    }


def _date(name: str, value: object) -> dict[str, Any]:
    """Return a date in feedparser's two forms: its text, and its parts in UTC."""
    if not isinstance(value, str):
        return {}
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        return {}
    parts = (read.astimezone(UTC) if read.tzinfo else read).timetuple()
    return {name: value, f"{name}_parsed": parts}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
