"""ParsedEntry → Entry: identity, title, date of publication. Pure; the present moment is passed in."""

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

LONGEST_AUTHOR = 200
"""Characters: as much as the site takes in a credit."""

_NO_NAMES = frozenset({"", "unknown", "anonymous", "admin", "administrator", "author", "noreply", "webmaster", "user"})


@dataclass(frozen=True)
class Entry:
    """An entry that is ready to be compared with files.

    Two entries with equal ``identity`` are the same. ``entry_id`` is the id as the feed wrote it, which the file keeps. ``published`` is in Japan time
    and never after now; ``dated`` tells whether the feed gave it. ``author`` is the entry's own, '' if the feed names none. ``files``: its enclosures. ``needs_review``: it begins as a draft, whatever the feed's mode.
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
    author: str = ""
    files: tuple[str, ...] = ()
    needs_review: bool = False


def make_entry(parsed: ParsedEntry, feed: FeedConfig, topics: frozenset[str], now: datetime) -> Entry:
    """Return the entry of ``parsed``. ``topics`` are the names of the site's topics; other categories are left out."""
    title = text.title(parsed.title, parsed.body)
    published = moment(parsed.published)
    entry_id = stored_id(parsed.id, parsed.link, fingerprint(title, parsed.body))
    return Entry(
        identity=identity(entry_id),
        entry_id=entry_id,
        original=parsed.link or feed.site,
        title=title,
        body=parsed.body,
        published=clamp(published, now).astimezone(JAPAN),
        dated=published is not None,
        fingerprint=fingerprint(title, parsed.body),
        topics=tuple(sorted({text.fold(category) for category in parsed.categories} & topics)),
        author=_author(parsed.author),
        files=parsed.files,
    )


def _author(name: str) -> str:
    """Return an author's name for the credit; '' for the accounts that blog software puts in the place of a name."""
    own = text.shorten(text.plain_text(name), LONGEST_AUTHOR)
    return "" if "@" in own or own.lower() in _NO_NAMES else own


def fingerprint(title: str, body: str) -> str:
    """Return the SHA-256 of the text that readers see. It changes if, and only if, the entry was edited."""
    return hashlib.sha256(f"{title}\n{body}".encode()).hexdigest()


def stored_id(feed_id: str, link: str, content_hash: str) -> str:
    """Return the id to keep: the feed's own (RFC 4287, section 4.2.6; RSS 2.0, guid), else the link, else the SHA-256 of the content."""
    folded = text.fold(feed_id)
    if len(folded) > LONGEST_ID:
        return f"sha256:{hashlib.sha256(folded.encode()).hexdigest()}"
    return folded or text.fold(link) or content_id(content_hash)


def content_id(content_hash: str) -> str:
    """Return the id to keep of an entry that has neither id nor link."""
    return f"sha256:{content_hash}"


def identity(entry_id: str) -> str:
    """Return the form in which ids are compared: for an id that is an address, one form for all its spellings (``urls.canonical``)."""
    return canonical(entry_id) if is_web(entry_id) else entry_id


def slug(entry: Entry, feed_key: str, digits: int = 8, more: str = "") -> str:
    """Return the name of the file and page, ``20120311-3fa9c1d2``: the day in Japan and ``digits`` of a SHA-256 of feed and identity.

    The feed's key is hashed, too: all feeds are one publication, and two of them may carry the same entry. ``more`` distinguishes entries whose feed
    gives all of them the same id.
    """
    return f"{entry.published:%Y%m%d}-{hashlib.sha256(f'{feed_key} {entry.identity}{more}'.encode()).hexdigest()[:digits]}"
