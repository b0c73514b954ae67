"""Which entry is which file, and what has to be written. Pure: it decides and writes nothing.

Files are matched by their front matter, never by the state file, so that a lost state cannot make duplicates.
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
from plugins.partners.model.urls import path_of

FrontMatter = Mapping[str, object]

OUR_KEYS = ("title", "date", "original", "author", "licence", "feed", "entry_id", "first_seen", "updated", "hash")
"""The front matter that the importer writes, in order. Other keys are the editor's and are not changed."""

PICTURE_RETRY_PERIOD = timedelta(days=3)
"""For so long after the first sight of an entry its missing pictures are asked for."""


@dataclass(frozen=True)
class StoredEntry:
    """An existing file: its path relative to the feed's folder, its front matter, and how many pictures it shows."""

    path: PurePath
    front: FrontMatter
    pictures: int = 0

    @property
    def identity(self) -> str:
        """The identity of the entry that the file was made from."""
        return identity(str(self.front.get("entry_id", "")))


@dataclass(frozen=True)
class EntryChange:
    """A file to write, relative to the feed's folder. "pictures": the text is the same, but some pictures could not be had the last time."""

    kind: Literal["new", "changed", "pictures"]
    path: PurePath
    front: FrontMatter
    body: str


@dataclass(frozen=True)
class ImportPlan:
    """The files to write, and how many entries need no new text."""

    changes: tuple[EntryChange, ...]
    unchanged: int


def plan(entries: Iterable[Entry], stored: Iterable[StoredEntry], feed: FeedConfig, now: datetime) -> ImportPlan:
    """Decide what to write for ``entries``, in their order. A file whose entry left the feed is not changed: feeds show only the newest entries."""
    files = sorted(stored, key=lambda file: file.path.as_posix())
    taken = {file.path.as_posix() for file in files}
    changes: list[EntryChange] = []
    pairs = match_entries(_without_duplicates(entries), files)
    for entry, file in pairs:
        if file is None:
            changes.append(_new(entry, feed, taken, now))
        elif file.front.get("hash") != entry.fingerprint:
            changes.append(_changed(entry, file, feed, now))
        elif lacks_pictures(entry, file, now):
            changes.append(EntryChange("pictures", file.path, file.front, entry.body))
    return ImportPlan(tuple(changes), len(pairs) - sum(change.kind != "pictures" for change in changes))


def lacks_pictures(entry: Entry, file: StoredEntry, now: datetime) -> bool:
    """Tell whether missing pictures are worth another try: during the first days only."""
    try:
        first_seen = read_moment(str(file.front.get("first_seen", "")))
    except ValueError:
        return False
    return file.pictures < entry.body.count("<img ") and now - first_seen < PICTURE_RETRY_PERIOD


def _without_duplicates(entries: Iterable[Entry]) -> list[Entry]:
    """Keep the first of several entries with one identity: feeds put the newest first."""
    return list({entry.identity: entry for entry in reversed(list(entries))}.values())[::-1]


def match_entries(entries: list[Entry], stored: list[StoredEntry]) -> list[tuple[Entry, StoredEntry | None]]:
    """Find each entry's file: by identity, else by path and date, for blogs whose host or ids changed."""
    file_by_identity = {file.identity: file for file in reversed(stored)}
    by_identity = {entry.identity: file_by_identity.get(entry.identity) for entry in entries}
    claimed = {file.path for file in by_identity.values() if file}
    moved = _by_place([file for file in stored if file.path not in claimed])
    places = Counter(_entry_place(entry) for entry in entries)
    return [(entry, by_identity[entry.identity] or _moved(entry, moved, places)) for entry in entries]


def _moved(entry: Entry, files: Mapping[str, StoredEntry], places: Mapping[str, int]) -> StoredEntry | None:
    """Return the unclaimed file at the entry's place, unless another entry of the feed is at the same place."""
    entry_place = _entry_place(entry)
    return files.get(entry_place) if entry_place and places[entry_place] == 1 else None


def _by_place(stored: list[StoredEntry]) -> dict[str, StoredEntry]:
    """Index files by place. A place of two files identifies none of them and is left out."""
    pairs = [(stored_place, file) for file in stored for stored_place in _stored_places(file)]
    counts = Counter(stored_place for stored_place, _ in pairs)
    return {stored_place: file for stored_place, file in pairs if counts[stored_place] == 1}


def _entry_place(entry: Entry) -> str:
    """Return path and date (title, if the feed gives no date); '' if the link is only the home page."""
    path = path_of(entry.original)
    return f"{path} {day_minute(entry.published) if entry.dated else entry.title}" if path else ""


def _stored_places(file: StoredEntry) -> tuple[str, ...]:
    path = path_of(str(file.front.get("original", "")))
    return (f"{path} {str(file.front.get('date', ''))[:16]}", f"{path} {file.front.get('title', '')}") if path else ()


def _new(entry: Entry, feed: FeedConfig, taken: set[str], now: datetime) -> EntryChange:
    """Make the first version of a file, and add its path to ``taken``."""
    path = _free_path(entry, feed.key, taken)
    taken.add(path.as_posix())
    front: dict[str, object] = {**_front(entry, feed), "date": day_minute(entry.published), "first_seen": iso(now)}
    if entry.topics:
        front["topics"] = list(entry.topics)
    if feed.mode == "review":
        front["draft"] = True
    return EntryChange("new", path, ordered(front), entry.body)


def _changed(entry: Entry, file: StoredEntry, feed: FeedConfig, now: datetime) -> EntryChange:
    """Make the next version. The address on our site (path, date), the first sight and the editor's keys stay."""
    front = {"date": day_minute(entry.published), "first_seen": iso(now), **file.front, **_front(entry, feed), "updated": iso(now)}
    return EntryChange("changed", file.path, ordered(front), entry.body)


def _front(entry: Entry, feed: FeedConfig) -> dict[str, object]:
    """Return the keys that always come from the feed: title, credit, identity."""
    return {
        "title": entry.title,
        "original": entry.original,
        "author": feed.author,
        "licence": feed.licence,
        "feed": feed.key,
        "entry_id": entry.entry_id,
        "hash": entry.fingerprint,
    }


def ordered(front: FrontMatter) -> dict[str, object]:
    """Return ``front`` with OUR_KEYS first, in their order, then the editor's in theirs."""
    ours = {key: front[key] for key in OUR_KEYS if key in front}
    return {**ours, **{key: value for key, value in front.items() if key not in ours}}


def _free_path(entry: Entry, feed_key: str, taken: set[str]) -> PurePath:
    """Return ``<yyyy>/<slug>.md``. Two identities whose hashes begin alike get longer names, never one file."""
    year = f"{entry.published:%Y}"
    paths = (PurePath(year, f"{slug(entry, feed_key, digits)}.md") for digits in (8, 16, 64))
    return next(path for path in paths if path.as_posix() not in taken)
