"""Entries that were taken down on request: ``content/partners/takedown.txt``, one name of an entry on a line. They never come back.

A name is an address or an id, now or earlier; or it begins with ``feed:KEY:`` and holds within one feed only. A name that several entries share takes
down none of them. The list is beside the entries, in Git, so that the reason for a removal is in its history.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from plugins.files import WriteRefused, write_into
from plugins.inputs import InputFolder, UnreadableInput
from plugins.partners.entries.entry import Entry, content_id, identity
from plugins.partners.entries.files import find_entries, read_front, remove
from plugins.partners.entries.names import Names, is_uri, names_of, names_of_file
from plugins.partners.entries.versions import digest
from plugins.partners.model.config import FeedConfig
from plugins.partners.model.errors import EntryNotFoundError, SharedNameError, TakedownError

_HEADER = """# 書き手の求めで取り下げた記事。一行に一つ、元の記事のアドレス（original）か entry_id。消しません。
# Taken down on request, one original address or entry_id on a line. todoke feeds update removes them and never imports them again.
"""

_MARK = re.compile(r"^#= ([0-9a-f]{12}) \[(.{0,16})\] (//\S+)$", re.MULTILINE)
"""A comment behind an address: title and date of the entry that was taken down by it."""

Front = Mapping[str, object]


@dataclass(frozen=True)
class Takedown:
    """The list. ``names`` are in comparable form (``entry.identity``): the spelling of an address makes no difference.

    ``marks``: title (digest) and date of the entries that were taken down by an address. Some blogs give one address to each new entry.
    """

    names: frozenset[str] = frozenset()
    marks: Mapping[str, frozenset[tuple[str, str]]] = field(default_factory=dict)

    def covers(self, label: str, names: Names) -> bool:
        """Tell whether a label on the list means the entry with ``names``: by an address it does unless title and date are others than those marked."""
        marks = self.marks.get(label[label.find("//") :] if label.startswith(("//", "feed:")) else "")
        return label in self.names and (
            marks is None or any(digest(names.title) == title or date == names.date != "" for title, date in marks)
        )

    def split(self, entries: Sequence[Entry], feed: FeedConfig) -> tuple[list[Entry], list[Entry], tuple[str, ...]]:
        """Return the entries of one feed that may be imported, those that were taken down, and the names that barred one although they name no feed.

        An entry at the address of one that was taken down, with another title and another date, may be imported after an editor has seen it.
        """
        if not self.names:
            return list(entries), [], ()
        labels = [labels_of(names_of(entry, feed), feed.key, entry.entry_id) for entry in entries]
        owners: dict[str, set[str]] = defaultdict(set)
        for entry, own in zip(entries, labels, strict=True):
            for label in own:
                owners[label].add(f"{entry.entry_id} {entry.original} {entry.fingerprint} {entry.published}")
        allowed: list[Entry] = []
        refused: list[Entry] = []
        without_feed: set[str] = set()
        for entry, own in zip(entries, labels, strict=True):
            listed = {label for label in own & self.names if len(owners[label]) == 1}
            barring = {label for label in listed if self.covers(label, names_of(entry, feed))}
            if barring:
                refused.append(entry)
            else:
                allowed.append(replace(entry, needs_review=True) if listed else entry)
            without_feed |= barring if all(map(_is_without_feed, barring)) else set()
        return allowed, refused, tuple(sorted(without_feed))


@dataclass(frozen=True)
class Removal:
    """What the list did: the files that were removed, and the names on it that several entries share."""

    files: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()


def labels_of(names: Names, feed_key: str, entry_id: str) -> frozenset[str]:
    """Return every name by which the list may hold an entry."""
    everywhere = names.all | ({entry_id} if entry_id.startswith("sha256:") else frozenset())
    return everywhere | {f"feed:{feed_key}:{name}" for name in everywhere | set(_full_names(names, names.date))}


def _full_names(names: Names, *dates: str) -> list[str]:
    """Return names made of all names together, for an entry of which no single name is its own: with the text, and with title and date."""
    return [" ".join([names.id, names.link, last]) for last in (content_id(names.digest), *(f"{date} {names.title}" for date in dates))]


def _is_without_feed(name: str) -> bool:
    """Tell whether a name is unique in its feed only (``7``) and does not say in which. Earlier versions of Todoke listed such names.

    It bars entries of every feed, since a text that a writer had taken down must not come back; the report says how to write the line.
    """
    return not (name.startswith("//") or is_uri(name))


_LIST = "partners/takedown.txt"


def list_path(content: Path) -> Path:
    return content / _LIST


def read_takedown(content: Path) -> Takedown:
    """Read the list. Without the file, nothing was taken down. Raises TakedownError if it cannot be read: then nothing may be imported."""
    text = _read_list(content)
    return Takedown() if text is None else Takedown(frozenset(identity(line) for line in _lines(text)), _marks(text))


def _read_list(content: Path) -> str | None:
    """Return the text of the list; None if there is none. Raises TakedownError."""
    path = list_path(content)
    try:
        return InputFolder(content).read(_LIST).decode("utf-8") if os.path.lexists(path) else None
    except (UnreadableInput, UnicodeDecodeError) as error:
        raise TakedownError(path, str(error)) from error


def _write_list(content: Path, text: str) -> None:
    """Replace the list. Raises TakedownError if a link would lead the new one out of ``content``, and OSError."""
    try:
        write_into(content, _LIST, text.encode(), replace=True)
    except WriteRefused as error:
        raise TakedownError(list_path(content), str(error)) from error


def _marks(text: str) -> dict[str, frozenset[tuple[str, str]]]:
    marks: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for title, date, label in _MARK.findall(text):
        marks[label].add((title, date))
    return {label: frozenset(values) for label, values in marks.items()}


def _mark(names: Names, label: str) -> str:
    return f"#= {digest(names.title)} [{names.date}] {label}"


def _lines(text: str) -> list[str]:
    """Return the lines that name an entry. ``#`` begins a comment only at the start of a line, since addresses may hold one."""
    stripped = (line.strip() for line in text.removeprefix("\ufeff").splitlines())
    return [line for line in stripped if line and not line.startswith("#")]


def note(content: Path, names: Iterable[str]) -> None:
    """Add names and marks to the list, each once."""
    text = _read_list(content) or _HEADER
    listed = {line.strip() for line in text.splitlines()}
    missing = [name for name in dict.fromkeys(names) if name not in listed]
    if missing:
        lines = "".join(f"{name}\n" for name in missing)
        _write_list(content, f"{text.rstrip()}\n{lines}")


_SHARED = "# いくつもの記事に共通なので使いません / shared by several entries: "


def _prefix_lines(content: Path, prefixes: Mapping[str, str]) -> None:
    """Write a prefix before the lines of some names (in comparable form)."""
    lines = [prefixes.get(identity(line.strip()), "") + line for line in (_read_list(content) or "").splitlines()]
    _write_list(content, "\n".join(lines) + "\n")


def apply(content: Path, *, dry_run: bool = False) -> Removal:
    """Remove every entry that the list names, with its pictures.

    The other names of each removed entry are added to the list, so that a blog that changes its ids or its address brings nothing back. A name that
    several entries share is made a comment: else it would take down the last of them as soon as the others are gone.
    """
    takedown = read_takedown(content)
    if not takedown.names:
        return Removal()
    library = _Library.read(content)
    files: dict[Path, Front] = {}
    shared: list[str] = []
    prefixes: dict[str, str] = {}
    for name in sorted(takedown.names & library.labels()):
        front_matters = {path: front for path, front in library.with_label(name).items() if takedown.covers(name, names_of_file(front))}
        if front_matters and not _is_one_entry(front_matters.values()):
            shared.append(name)
            prefixes[name] = _SHARED
            continue
        files |= front_matters
        if len(front_matters) == 1 and _is_without_feed(name):
            (front,) = front_matters.values()
            prefixes[name] = f"feed:{front.get('feed', '')}:"
    if prefixes and not dry_run:
        _prefix_lines(content, prefixes)
    return Removal(_take_down(content, library, files, dry_run), tuple(shared))


def take_down(content: Path, name: str, *, dry_run: bool = False) -> tuple[str, ...]:
    """Take down the entry with this address or id, now or earlier, and return the files that were removed.

    Raises EntryNotFoundError if no file has it, SharedNameError if several entries have it, TakedownError, EntryFileError.
    """
    read_takedown(content)
    library = _Library.read(content)
    front_matters = library.with_label(identity(name))
    if not front_matters:
        raise EntryNotFoundError(name)
    if not _is_one_entry(front_matters.values()):
        raise SharedNameError(name, tuple(path.as_posix() for path in front_matters))
    if not (dry_run or _is_without_feed(identity(name))):
        note(content, [name])
    return _take_down(content, library, front_matters, dry_run)


def take_down_file(content: Path, path: Path, *, dry_run: bool = False) -> tuple[str, ...]:
    """Take down one file. Another feed's entry with the same address stays. Raises TakedownError, EntryFileError."""
    read_takedown(content)
    library = _Library.read(content)
    return _take_down(content, library, {path: library.front_matters[path]}, dry_run, within_feed=True)


def _take_down(content: Path, library: _Library, files: Mapping[Path, Front], dry_run: bool, within_feed: bool = False) -> tuple[str, ...]:
    """Remove files with their new versions that wait, and add all names that identify them to the list."""
    removed = [*files, *(edit for path in files for edit in library.edits_of(path))]
    if files and not dry_run:
        note(content, (line for path in files for line in library.lines_for(path, within_feed)))
        for path in removed:
            remove(path)
    return tuple(path.as_posix() for path in removed)


def _is_one_entry(front_matters: Collection[Front]) -> bool:
    """Tell whether files are of one entry: equal in each feed, and in all feeds with one title or one id (two feeds may have one entry)."""
    different = {tuple(str(front.get(key)) for key in ("feed", "entry_id", "original", "hash", "date")) for front in front_matters}
    feeds = {feed_key for feed_key, *_ in different}
    same_title = len({str(front.get("title")) for front in front_matters}) == 1
    return len(different) == len(feeds) and (same_title or len({identity(str(front.get("entry_id"))) for front in front_matters}) == 1)


@dataclass(frozen=True)
class _Library:
    """The front matter of all entries of all feeds."""

    front_matters: Mapping[Path, Front]
    root: Path

    @classmethod
    def read(cls, content: Path) -> _Library:
        """Read all files. Raises EntryFileError."""
        root = content / "partners"
        return cls({path: read_front(path) for path in find_entries(root)}, root)

    def entries(self) -> Iterator[tuple[Path, Front]]:
        """Yield the entries, without the new versions that wait."""
        return ((path, front) for path, front in self.front_matters.items() if not front.get("edit_of"))

    def labels(self) -> frozenset[str]:
        return frozenset().union(*(self.labels_of(front) for _, front in self.entries()))

    def with_label(self, label: str) -> dict[Path, Front]:
        return {path: front for path, front in self.entries() if label in self.labels_of(front)}

    def labels_of(self, front: Front) -> frozenset[str]:
        return labels_of(names_of_file(front), str(front.get("feed", "")), str(front.get("entry_id", "")))

    def edits_of(self, path: Path) -> list[Path]:
        """Return the new versions of an entry that wait."""
        folder = self.root / path.relative_to(self.root).parts[0]
        name = path.relative_to(folder).as_posix()
        return [edit for edit, front in self.front_matters.items() if front.get("edit_of") == name and edit.is_relative_to(folder)]

    def lines_for(self, path: Path, within_feed: bool) -> list[str]:
        """Return the lines to list for a file: the names that no other entry has, with the marks of addresses; title and date if there is no better name."""
        front = self.front_matters[path]
        names, feed_key = names_of_file(front), str(front.get("feed", ""))
        own = sorted(name for name in names.all if self._identifies(name, front))
        if not own:
            source = front.get("source")
            knows_date = isinstance(source, Mapping) and "date" in source  # else the feed gave the date, or it did not
            full_names = _full_names(names, names.date, *([] if knows_date else [""]))
            own = [name for name in full_names if self._identifies(f"feed:{feed_key}:{name}", front)]
        marks = [_mark(names, name) for name in own if name.startswith("//")]
        return [*(self._line(name, front, within_feed) for name in own), *marks]

    def _identifies(self, label: str, front: Front) -> bool:
        return _is_one_entry([front, *self.with_label(label).values()])

    def _line(self, name: str, front: Front, within_feed: bool) -> str:
        """Return the line for a name: an address as it was written, and a name that is unique in its feed only with the feed's key."""
        written = [str(front.get("original", "")), str(front.get("entry_id", "")), *map(str, _list(front.get("also_known_as")))]
        if not within_feed and (name.startswith("//") or is_uri(name)):
            return next((each for each in written if identity(each) == name), name)
        return f"feed:{front.get('feed', '')}:{name}"


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []
