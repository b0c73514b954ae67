"""Which entry is which file, and what has to be written. Pure: it decides and writes nothing.

Files are matched by their front matter, never by the state file, so that a lost state cannot make duplicates. An editor decides before the partner's
new version replaces a published text of a feed in review, an editor's own text, or a longer text: such a version waits as a draft beside its entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Literal

from plugins.partners.entries.entry import Entry, slug
from plugins.partners.entries.file_copies import copied_names, wanted_files
from plugins.partners.entries.names import match, names_of, names_of_file, without_duplicates
from plugins.partners.entries.texts import is_summary, likeness
from plugins.partners.entries.versions import (
    Difference,
    FrontMatter,
    StoredEntry,
    compare,
    first_version,
    next_version,
    remembered_version,
    renamed_version,
    source_of,
    waiting_version,
)
from plugins.partners.model.config import FeedConfig
from plugins.partners.model.dates import day_minute, read_moment

RETRY_PERIOD = timedelta(days=3)
"""For so long after the first sight of an entry its missing pictures and files are asked for."""

ChangeKind = Literal["new", "changed", "renamed", "pictures", "edit", "obsolete"]


@dataclass(frozen=True)
class EntryChange:
    """A file to write, relative to the feed's folder. ``body`` is None if the file keeps its body.

    "renamed": the text is the same, its address or id is not. "pictures": some pictures or files could not be had the last time. "edit": a new version that
    waits for an editor, in a file of its own. "obsolete": such a file that is to be removed, since the feed has the published version again. ``files``: addresses of enclosures to copy; None if no file is copied.
    """

    kind: ChangeKind
    path: PurePath
    front: FrontMatter
    body: str | None
    files: tuple[str, ...] | None = None


@dataclass(frozen=True)
class ImportPlan:
    """The files to write; how many entries need no new text; how many new versions wait; how many texts are kept since the new ones are cut."""

    changes: tuple[EntryChange, ...]
    unchanged: int
    waiting: int = 0
    kept: int = 0


def plan(entries: Iterable[Entry], stored: Iterable[StoredEntry], feed: FeedConfig, now: datetime) -> ImportPlan:
    """Decide what to write for ``entries``, in their order. A file whose entry left the feed is not changed: feeds show only the newest entries."""
    files = sorted(stored, key=lambda file: file.path.as_posix())
    edits = {file.edit_of: file for file in files if file.edit_of}
    taken = {file.path.as_posix() for file in files}
    changes: list[EntryChange] = []
    pairs = match_entries(without_duplicates(entries, feed), [file for file in files if not file.edit_of], feed)
    waiting = kept = 0
    for entry, file in pairs:
        if file is None:
            changes.append(_new(entry, feed, taken, now))
            continue
        difference = compare(entry, file, feed)
        kept += difference.is_cut
        waiting += difference.waits
        changes += _changes(difference, entry, file, edits.get(file.path.as_posix()), feed, now)
    written = sum(change.kind in ("new", "changed") for change in changes)
    return ImportPlan(tuple(changes), len(pairs) - written - waiting, waiting, kept)


def match_entries(entries: Sequence[Entry], files: Sequence[StoredEntry], feed: FeedConfig) -> list[tuple[Entry, StoredEntry | None]]:
    """Return each entry with its file, or with None."""
    indexes = match(
        [names_of(entry, feed) for entry in entries],
        [names_of_file(file.front, feed.site) for file in files],
        lambda number, index: likeness(entries[number].body, files[index].body),
    )
    return [(entry, None if index is None else files[index]) for entry, index in zip(entries, indexes, strict=True)]


def _changes(
    difference: Difference, entry: Entry, file: StoredEntry, edit: StoredEntry | None, feed: FeedConfig, now: datetime
) -> list[EntryChange]:
    """Decide what to write for an entry that has a file. ``edit`` is the version of it that waits for an editor, if there is one."""
    if difference.waits:
        return [*_if_new(file, remembered_version(entry, file, feed)), *_waiting(entry, file, edit, feed, now)]
    obsolete = [EntryChange("obsolete", edit.path, edit.front, None)] if edit and not _is_worth_keeping(edit, entry) else []
    if difference.in_text:
        body = entry.body if difference.in_body else None
        return [EntryChange("changed", file.path, next_version(entry, file, feed, now), body, _files(entry, feed)), *obsolete]
    if renamed := _if_new(file, renamed_version(entry, file, feed)):
        return [*renamed, *obsolete]
    if not difference.is_cut and lacks_assets(entry, file, feed, now):
        return [EntryChange("pictures", file.path, file.front, entry.body, _files(entry, feed)), *obsolete]
    return list(obsolete)


def _is_worth_keeping(edit: StoredEntry, entry: Entry) -> bool:
    """Tell whether a version that waits stays: an editor is at work on it, or the feed has only a summary of it now."""
    return edit.is_edited or (entry.body != edit.body and is_summary(entry.body, edit.body))


def _if_new(file: StoredEntry, front: FrontMatter) -> list[EntryChange]:
    return [] if front == file.front else [EntryChange("renamed", file.path, front, None)]


def _waiting(entry: Entry, file: StoredEntry, edit: StoredEntry | None, feed: FeedConfig, now: datetime) -> list[EntryChange]:
    """Write the new version beside its entry, unless it is there, or an editor is at work on the one that is there."""
    if edit and (_is_worth_keeping(edit, entry) or edit.source == {**source_of(entry, feed), "written": edit.source.get("written")}):
        return []
    path = edit.path if edit else file.path.with_name(f"edit-{file.path.name}")
    return [EntryChange("edit", path, waiting_version(entry, file, feed, now), entry.body, _files(entry, feed))]


def _files(entry: Entry, feed: FeedConfig) -> tuple[str, ...] | None:
    """Return the enclosures to copy. None if the licence does not allow it."""
    return entry.files if feed.copy_files else None


def lacks_assets(entry: Entry, file: StoredEntry, feed: FeedConfig, now: datetime) -> bool:
    """Tell whether missing pictures and files are worth another try: during the first days only."""
    try:
        first_seen = read_moment(str(file.front.get("first_seen", "")))
    except ValueError:
        return False
    return now - first_seen < RETRY_PERIOD and (file.body.count("<img ") < entry.body.count("<img ") or _lacks_files(entry, file, feed))


def _lacks_files(entry: Entry, file: StoredEntry, feed: FeedConfig) -> bool:
    if not feed.copy_files:
        return False
    return len(copied_names(file.body, file.path.stem)) < len(wanted_files(entry.body, entry.files, str(file.front.get("original", ""))))


def _new(entry: Entry, feed: FeedConfig, taken: set[str], now: datetime) -> EntryChange:
    """Make the first version of a file, and add its path to ``taken``."""
    path = _free_path(entry, feed.key, taken)
    taken.add(path.as_posix())
    return EntryChange("new", path, first_version(entry, feed, now), entry.body, _files(entry, feed))


def _free_path(entry: Entry, feed_key: str, taken: set[str]) -> PurePath:
    """Return ``<yyyy>/<slug>.md``. Entries whose feed repeats ids, and ids whose hashes begin alike, get other names, never one file."""
    year = f"{entry.published:%Y}"
    more = f" {entry.original} {entry.title} {day_minute(entry.published) if entry.dated else ''}"
    options = ((8, ""), (16, ""), (8, more), (64, more), (64, f"{more} {entry.fingerprint}"))
    paths = (PurePath(year, f"{slug(entry, feed_key, digits, extra)}.md") for digits, extra in options)
    return next(path for path in paths if path.as_posix() not in taken)
