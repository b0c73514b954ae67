"""How entries and files are recognised: ids, addresses, title with date. Pure.

Feeds repeat ids, give all entries the home page as their link, change their ids, move to another host. So no single name decides. A name identifies an
entry only if no other entry has it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from plugins.partners.entries.entry import Entry, content_id, identity
from plugins.partners.model.config import FeedConfig
from plugins.partners.model.dates import day_minute
from plugins.partners.model.urls import absolute, canonical, is_web, path_of

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S")
"""An absolute URI (RFC 3986, section 4.3), such as ``tag:``. Another id (``7``) is unique in its feed only."""


@dataclass(frozen=True)
class Names:
    """The names of one entry or file, in comparable form; '' for a name that it does not have.

    ``id``: the feed's id, or the link in its place. ``link``: the address. ``date``: to the minute. ``digest``: SHA-256 of the text. ``former``: ids and
    addresses that the entry had before.
    """

    id: str
    link: str
    title: str
    date: str
    digest: str
    former: frozenset[str] = frozenset()

    @property
    def path(self) -> str:
        """The part of the address that stays when the blog moves to another host."""
        return path_of(f"https:{self.link}") if self.link else ""

    @property
    def all(self) -> frozenset[str]:
        """Every id and address."""
        return frozenset({self.id, self.link, *self.former} - {""})


def is_uri(name: str) -> bool:
    """Tell whether an id is unique in all feeds."""
    return _URI.match(name) is not None


def names_of(entry: Entry, feed: FeedConfig) -> Names:
    """Return the names of an entry of ``feed``.

    ``former`` is the address that earlier versions of Todoke invented for an id that is none: they resolved it against the feed's address.
    """
    invented = "" if is_uri(entry.entry_id) else canonical(absolute(feed.url, entry.entry_id) or "")
    return Names(
        _id(entry.entry_id, entry.fingerprint, feed.site),
        _link(entry.original, feed.site),
        entry.title,
        day_minute(entry.published) if entry.dated else "",
        entry.fingerprint,
        frozenset({invented} - {""}),
    )


def names_of_file(front: Mapping[str, object], site: str = "") -> Names:
    """Return the names in the front matter of a file. Its ``date`` is the first sight if the feed gave none, or an editor's: ``source`` has the feed's."""
    source = front.get("source")
    date = source.get("date") if isinstance(source, Mapping) else None
    digest = str(front.get("hash", ""))
    former = front.get("also_known_as")
    return Names(
        _id(str(front.get("entry_id", "")), digest, site),
        _link(str(front.get("original", "")), site),
        str(front.get("title", "")),
        str(front.get("date", ""))[:16] if date is None else str(date),
        digest,
        frozenset(identity(str(name)) for name in former) if isinstance(former, list | tuple) else frozenset(),
    )


def _id(entry_id: str, digest: str, site: str) -> str:
    """Return an id for comparison. The SHA-256 of the content is no id of the feed's, and an address of a home page names no entry."""
    if entry_id == content_id(digest):
        return ""
    return _link(entry_id, site) if is_web(entry_id) else entry_id


def _link(address: str, site: str) -> str:
    """Return an address for comparison, '' for a home page."""
    return canonical(address) if path_of(address) and canonical(address) != canonical(site) else ""


def is_same_entry(first: Names, second: Names) -> bool:
    """Tell whether two entries of one feed are one entry that the feed has twice: same id and link, and the same text, title or date.

    Entries without id and link are one only if the text is the same, or both title and date.
    """
    if (first.id, first.link) != (second.id, second.link):
        return False
    same_title, same_date = first.title == second.title, bool(first.date) and first.date == second.date
    identified = bool(first.id or first.link)
    return first.digest == second.digest or ((same_title or same_date) if identified else (same_title and same_date))


Key = tuple[str, ...]

Likeness = Callable[[int, int], float]
"""How much the text of an entry (its index) is that of a file (its index): from 0 to 1."""

RELATED = 0.5
"""Likeness of two versions of one text, at least."""


@dataclass(frozen=True)
class _Pass:
    """One way to find the file of an entry. ``of_entry`` and ``of_file`` return the keys to compare; an empty set means that there is none.

    ``files_are_unique``: a key that several files share identifies none of them. Otherwise the first of them is taken: old faults left files that
    are equal in all names, and a third one must not join them at every run. ``by_address``: the key is an address alone (``_may_be_one``).
    """

    of_entry: Callable[[Names], frozenset[Key]]
    of_file: Callable[[Names], frozenset[Key]]
    files_are_unique: bool = True
    by_address: bool = False


def _same(key: Callable[[Names], Key], *, files_are_unique: bool = True, by_address: bool = False) -> _Pass:
    """Return a pass for one key that entries and files both have. A key of which the last part is empty identifies nothing."""

    def keys(names: Names) -> frozenset[Key]:
        value = key(names)
        return frozenset({value}) if value[-1] else frozenset()

    return _Pass(keys, keys, files_are_unique, by_address)


def _key_if_identified(names: Names, last: str) -> Key:
    """Return id and link with ``last``; a key that identifies nothing if the entry has neither."""
    return (names.id, names.link, last if names.id or names.link else "")


_PASSES = (
    _same(lambda names: (names.id, names.link, names.digest), files_are_unique=False),
    _same(lambda names: (names.id, names.link, names.title, names.date), files_are_unique=False),
    _same(lambda names: _key_if_identified(names, names.title), files_are_unique=False),
    _same(lambda names: _key_if_identified(names, names.date), files_are_unique=False),
    _same(lambda names: (names.link, names.id) if names.link else ("", ""), by_address=True),
    _same(lambda names: ("id", names.id), by_address=True),
    _same(lambda names: ("link", names.link), by_address=True),
    _Pass(lambda names: _keys(names.all), lambda names: _keys(names.all), by_address=True),
    _same(lambda names: (names.path, names.date) if names.path else ("", "")),
    _same(lambda names: (names.path, names.title) if names.path else ("", "")),
    _same(lambda names: ("path", names.path), by_address=True),
)
"""From the strongest to the weakest: equal in all names; id and link; either of them; an earlier one; the path at another host with date, title or text."""


def _keys(values: Iterable[str]) -> frozenset[Key]:
    return frozenset((value,) for value in values if value)


def match(entries: Sequence[Names], files: Sequence[Names], likeness: Likeness) -> list[int | None]:
    """Return for each entry the index of its file, or None. No two entries get one file.

    A key that several entries of the feed share identifies none of them. Counted are all entries and files, not only those without a match yet:
    of two entries with one id, the one whose file is not found must not get a file that has this id by another entry.
    """

    def may_be_one(number: int, index: int) -> bool:
        entry, file = entries[number], files[index]
        if _shares_title_or_date(entry, file):
            return True
        if _has_own_id(entry) and _has_own_id(file):  # posts after a pattern (the measurements of each day) are alike: their ids are not
            return entry.id == file.id
        return likeness(number, index) >= RELATED

    if not files:
        return [None] * len(entries)
    matches: dict[int, int] = {}
    for one_pass in _PASSES:
        files_by_key = _files_by_key(one_pass, files)
        taken = set(matches.values())
        for number, key in _identifying_keys(one_pass, entries):
            free = [index for index in files_by_key.get(key, ()) if index not in taken]
            if free and number not in matches and (not one_pass.by_address or may_be_one(number, free[0])):
                matches[number] = free[0]
                taken.add(free[0])
    return [matches.get(number) for number in range(len(entries))]


def _has_own_id(names: Names) -> bool:
    """Tell whether the id is no address in its place: a feed makes such an id for one entry (RFC 4287, section 4.2.6)."""
    return bool(names.id) and names.id != names.link


def _shares_title_or_date(entry: Names, file: Names) -> bool:
    """Tell whether title or date are the same.

    Blogs give their newest entry one ever-same address (``/news.html``): if title, date and text are all new at it, that is another entry.
    """
    return entry.title == file.title or (bool(entry.date) and entry.date == file.date)


def _files_by_key(one_pass: _Pass, files: Sequence[Names]) -> dict[Key, list[int]]:
    """Return the files of each key that identifies."""
    by_key: dict[Key, list[int]] = {}
    for index, names in enumerate(files):
        for key in one_pass.of_file(names):
            by_key.setdefault(key, []).append(index)
    return {key: indexes for key, indexes in by_key.items() if len(indexes) == 1 or not one_pass.files_are_unique}


def _identifying_keys(one_pass: _Pass, entries: Sequence[Names]) -> list[tuple[int, Key]]:
    """Return number and key of the entries, without the keys that several entries share."""
    pairs = [(number, key) for number, names in enumerate(entries) for key in sorted(one_pass.of_entry(names))]
    counts = Counter(key for _, key in pairs)
    return [(number, key) for number, key in pairs if counts[key] == 1]


def without_duplicates(entries: Iterable[Entry], feed: FeedConfig) -> list[Entry]:
    """Keep the first of several entries that are one (``is_same_entry``): feeds put the newest first."""
    kept: dict[tuple[str, str], list[Names]] = {}
    result = []
    for entry in entries:
        names = names_of(entry, feed)
        same_key = kept.setdefault((names.id, names.link), [])
        if not any(is_same_entry(names, other) for other in same_key):
            same_key.append(names)
            result.append(entry)
    return result
