"""RawEntry → Entry: who it is, what it is called, when it was published. Pure; the present is passed in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from plugins.partners.model import text
from plugins.partners.model.config import FeedConfig
from plugins.partners.model.dates import JAPAN, clamp, moment
from plugins.partners.model.parsed import ParsedEntry
from plugins.partners.model.urls import canonical, is_web

LONGEST_ID = 500


@dataclass(frozen=True)
class Entry:
    """An entry ready to be kept.

    ``identity`` is what makes two entries the same; ``entry_id`` is what the file keeps of it, as the feed wrote it.
    ``dated`` tells whether the feed gave ``published`` (Japan time, never after now).
    """

    identity: str
    entry_id: str
    original: str
    title: str
    body: str
    published: datetime
    dated: bool
    fingerprint: str
    topics: tuple[str, ...] = ()


def make_entry(raw: ParsedEntry, feed: FeedConfig, topics: frozenset[str], now: datetime) -> Entry:
    """Return the entry that ``raw`` stands for. ``topics`` are the site's own words; other categories are left out."""
    title = text.title(raw.title, raw.body)
    written = moment(raw.published)
    entry_id = stored_id(raw.id, raw.link, fingerprint(title, raw.body))
    return Entry(
        identity=identity(entry_id),
        entry_id=entry_id,
        original=raw.link or feed.site,
        title=title,
        body=raw.body,
        published=clamp(written, now).astimezone(JAPAN),
        dated=written is not None,
        fingerprint=fingerprint(title, raw.body),
        topics=tuple(sorted({text.fold(each) for each in raw.categories} & topics)),
    )


def fingerprint(title: str, body: str) -> str:
    """Return the SHA-256 of what readers see: it changes when, and only when, the entry was edited."""
    return hashlib.sha256(f"{title}\n{body}".encode()).hexdigest()


def stored_id(given: str, link: str, content: str) -> str:
    """Return the id to keep: the feed's own, else the link, else the content's SHA-256."""
    folded = text.fold(given)
    if len(folded) > LONGEST_ID:
        return f"sha256:{hashlib.sha256(folded.encode()).hexdigest()}"
    return folded or text.fold(link) or f"sha256:{content}"


def identity(entry_id: str) -> str:
    """Return the form in which ids are compared: http or https, the host's case and tracking do not matter."""
    return canonical(entry_id) if is_web(entry_id) else entry_id


def slug(entry: Entry, feed_key: str, digits: int = 8) -> str:
    """Return the file's and page's name, ``20120311-3fa9c1d2``: the day in Japan and a piece of a SHA-256.

    The feed is part of what is hashed: all feeds are one publication, and two of them may carry the same entry.
    """
    return f"{entry.published:%Y%m%d}-{hashlib.sha256(f'{feed_key} {entry.identity}'.encode()).hexdigest()[:digits]}"
