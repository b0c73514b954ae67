"""The values that cross the pipe from the child process: written as JSON there, read into types here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from plugins.partners.model.dates import FeedDate


@dataclass(frozen=True)
class ParsedEntry:
    """One entry as its feed has it, except that ``body`` is already sanitized. Missing texts are empty. ``files``: addresses of its enclosures."""

    id: str
    link: str
    title: str
    body: str
    published: FeedDate | None
    updated: FeedDate | None
    categories: tuple[str, ...] = ()
    author: str = ""
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class ParsedFeed:
    """A feed: its format (``atom10``, ``rss20``, ``json1.1`` …), its entries in order, how many went past a cap, and its own title, author and home page.

    ``is_complete`` is False for a document that was cut off. ``broken`` counts entries that could not be read.
    ``hub``, ``topic``: where WebSub can be had, and the address by which the hub knows the feed (WebSub, section 4).
    """

    version: str
    entries: tuple[ParsedEntry, ...]
    left_out: int = 0
    title: str = ""
    author: str = ""
    site: str = ""
    is_complete: bool = True
    broken: int = 0
    hub: str = ""
    topic: str = ""


def to_json(feed: ParsedFeed) -> dict[str, Any]:
    """Return ``feed`` as JSON values."""
    return asdict(feed)


def from_json(value: Mapping[str, Any]) -> ParsedFeed:
    """Return the feed that ``to_json`` wrote. Raises KeyError or TypeError on anything else."""
    return ParsedFeed(**{**value, "entries": tuple(_entry(entry) for entry in value["entries"])})


def _entry(value: Mapping[str, Any]) -> ParsedEntry:
    dates = {name: FeedDate(**value[name]) if value[name] else None for name in ("published", "updated")}
    return ParsedEntry(**{**value, **dates, "categories": tuple(value["categories"]), "files": tuple(value["files"])})
