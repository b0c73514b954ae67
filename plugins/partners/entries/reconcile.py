"""Which entry is which file, and what has to be written. Pure: decides, writes nothing.

Files are matched by their front matter, never by the state file, so that losing the state cannot make duplicates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Literal

from plugins.partners.entries.entry import Entry, identity, slug
from plugins.partners.model.config import FeedConfig
from plugins.partners.model.dates import day_minute, iso, read_moment
from plugins.partners.model.urls import place

Front = Mapping[str, object]
OURS = ("title", "date", "original", "author", "licence", "feed", "entry_id", "first_seen", "updated", "hash")
"""The front matter that the importer writes, in order. Other keys are the editor's and stay as they are."""

STILL_TRIED = timedelta(days=3)
"""After the first sight of an entry, how long its missing pictures are asked for."""


@dataclass(frozen=True)
class StoredEntry:
    """A file that is there: its path relative to the feed's folder, its front matter, and how many pictures it shows."""

    path: PurePath
    front: Front
    pictures: int = 0

    @property
    def identity(self) -> str:
        """The identity of the entry it was made from."""
        return identity(str(self.front.get("entry_id", "")))


@dataclass(frozen=True)
class EntryChange:
    """A file to write, relative to the feed's folder. ``pictures``: the words are the same, but pictures did not come the last time."""

    kind: Literal["new", "changed", "pictures"]
    path: PurePath
    front: Front
    body: str


@dataclass(frozen=True)
class ImportPlan:
    """What one import comes to."""

    changes: tuple[EntryChange, ...]
    unchanged: int


def plan(entries: Iterable[Entry], stored: Iterable[StoredEntry], feed: FeedConfig, now: datetime) -> ImportPlan:
    """Decide what to write for ``entries``, in their order. Files that no entry stands for any more are left alone."""
    known = sorted(stored, key=lambda each: each.path.as_posix())
    taken = {each.path.as_posix() for each in known}
    changes: list[EntryChange] = []
    pairs = match_entries(_once(entries), known)
    for entry, file in pairs:
        if file is None:
            changes.append(_new(entry, feed, taken, now))
        elif file.front.get("hash") != entry.fingerprint:
            changes.append(_changed(entry, file, feed, now))
        elif lacks_pictures(entry, file, now):
            changes.append(EntryChange("pictures", file.path, file.front, entry.body))
    return ImportPlan(tuple(changes), len(pairs) - sum(change.kind != "pictures" for change in changes))


def lacks_pictures(entry: Entry, file: StoredEntry, now: datetime) -> bool:
    """Tell whether pictures that did not come are worth another try: during the first days only."""
    try:
        seen = read_moment(str(file.front.get("first_seen", "")))
    except ValueError:
        return False
    return file.pictures < entry.body.count("<img ") and now - seen < STILL_TRIED


def _once(entries: Iterable[Entry]) -> list[Entry]:
    """Keep the first of several entries with one identity: feeds put the newest first."""
    return list({entry.identity: entry for entry in reversed(list(entries))}.values())[::-1]


def match_entries(entries: list[Entry], stored: list[StoredEntry]) -> list[tuple[Entry, StoredEntry | None]]:
    """Find each entry's file: by identity, else by place and date for blogs whose host or ids changed."""
    by_identity = {each.identity: each for each in reversed(stored)}
    first = {entry.identity: by_identity.get(entry.identity) for entry in entries}
    claimed = {found.path for found in first.values() if found}
    moved = _by_place([each for each in stored if each.path not in claimed])
    places = Counter(_entry_place(entry) for entry in entries)
    return [(entry, first[entry.identity] or _moved(entry, moved, places)) for entry in entries]


def _moved(entry: Entry, files: Mapping[str, StoredEntry], places: Mapping[str, int]) -> StoredEntry | None:
    """Return the unclaimed file at the entry's place, unless another entry could claim it just as well."""
    where = _entry_place(entry)
    return files.get(where) if where and places[where] == 1 else None


def _by_place(stored: list[StoredEntry]) -> dict[str, StoredEntry]:
    """Index files by place; a place of two files tells nothing and is left out."""
    keys = [(key, each) for each in stored for key in _stored_places(each)]
    counts = Counter(key for key, _ in keys)
    return {key: each for key, each in keys if counts[key] == 1}


def _entry_place(entry: Entry) -> str:
    """Return path and date (title, when the feed gives no date); '' when the link is only the home page."""
    path = place(entry.original)
    return f"{path} {day_minute(entry.published) if entry.dated else entry.title}" if path else ""


def _stored_places(file: StoredEntry) -> tuple[str, ...]:
    path = place(str(file.front.get("original", "")))
    return (f"{path} {str(file.front.get('date', ''))[:16]}", f"{path} {file.front.get('title', '')}") if path else ()


def _new(entry: Entry, feed: FeedConfig, taken: set[str], now: datetime) -> EntryChange:
    """Make the first version of a file. ``taken`` learns its path."""
    path = _free_path(entry, feed.key, taken)
    taken.add(path.as_posix())
    front: dict[str, object] = {**_front(entry, feed), "date": day_minute(entry.published), "first_seen": iso(now)}
    if entry.topics:
        front["topics"] = list(entry.topics)
    if feed.mode == "review":
        front["draft"] = True
    return EntryChange("new", path, ordered(front), entry.body)


def _changed(entry: Entry, file: StoredEntry, feed: FeedConfig, now: datetime) -> EntryChange:
    """Make the next version: the address on our site (path, date), first sight and the editor's keys stay."""
    front = {"date": day_minute(entry.published), "first_seen": iso(now), **file.front, **_front(entry, feed), "updated": iso(now)}
    return EntryChange("changed", file.path, ordered(front), entry.body)


def _front(entry: Entry, feed: FeedConfig) -> dict[str, object]:
    """Return what always comes from the feed: words, credit, identity."""
    return {
        "title": entry.title,
        "original": entry.original,
        "author": feed.author,
        "licence": feed.licence,
        "feed": feed.key,
        "entry_id": entry.entry_id,
        "hash": entry.fingerprint,
    }


def ordered(front: Front) -> dict[str, object]:
    """Return ``front`` with our keys first, in their fixed order, then the others in theirs."""
    ours = {key: front[key] for key in OURS if key in front}
    return {**ours, **{key: value for key, value in front.items() if key not in ours}}


def _free_path(entry: Entry, feed_key: str, taken: set[str]) -> PurePath:
    """Return ``<yyyy>/<slug>.md``; two identities that begin alike get longer names, never one file."""
    year = f"{entry.published:%Y}"
    paths = (PurePath(year, f"{slug(entry, feed_key, digits)}.md") for digits in (8, 16, 64))
    return next(path for path in paths if path.as_posix() not in taken)
