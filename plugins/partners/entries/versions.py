"""The versions of one entry: what the feed has now, what it had when the file was written, and what the file says. A three-way comparison. Pure.

The front matter keeps digests of the partner's last version (``source``) and of the body as it was written. With them an editor's change is told from
the partner's: neither is ever lost.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from plugins.partners.entries.entry import Entry, fingerprint, identity
from plugins.partners.entries.names import RELATED, names_of, names_of_file
from plugins.partners.entries.texts import is_much_less, is_summary, likeness
from plugins.partners.model.config import FeedConfig
from plugins.partners.model.dates import day_minute, iso
from plugins.partners.model.urls import canonical

FrontMatter = Mapping[str, object]

OUR_KEYS = (
    *("title", "date", "original", "author", "licence", "feed", "entry_id", "also_known_as"),
    *("first_seen", "updated", "hash", "source", "edit_of"),
)
"""The front matter that the importer writes, in order. Other keys are the editor's and are not changed."""


@dataclass(frozen=True)
class StoredEntry:
    """An existing file: its path relative to the feed's folder, its front matter and its body."""

    path: PurePath
    front: FrontMatter
    body: str = ""

    @property
    def edit_of(self) -> str:
        """The path of the entry of which this file is a new version that waits for an editor; '' for an entry."""
        return str(self.front.get("edit_of", ""))

    @property
    def source(self) -> Mapping[str, str]:
        """The digests of the partner's last version; empty in a file that was written before there were any."""
        source = self.front.get("source")
        return {str(key): str(value) for key, value in source.items()} if isinstance(source, Mapping) else {}

    @property
    def has_edited_title(self) -> bool:
        """True if an editor changed the title."""
        return bool(self.source) and self.source.get("title") != digest(str(self.front.get("title", "")))

    @property
    def has_edited_body(self) -> bool:
        """True if an editor changed the body.

        In a file without digests the SHA-256 of the whole text decides. It says nothing of a body with pictures, since they have other addresses there.
        """
        if self.source:
            return self.source.get("written") != digest(self.body)
        if not self.body or "<img " in self.body:
            return False
        return self.front.get("hash") != fingerprint(str(self.front.get("title", "")), self.body)

    @property
    def is_edited(self) -> bool:
        """True if an editor changed the title or the body."""
        return self.has_edited_title or self.has_edited_body


@dataclass(frozen=True)
class Difference:
    """What is new in the feed against the partner's last version.

    ``is_cut``: the new body is empty or a summary of the body that is kept, so the body counts as unchanged. ``waits``: an editor has to decide.
    """

    in_title: bool
    in_body: bool
    is_cut: bool
    waits: bool

    @property
    def in_text(self) -> bool:
        """True if title or body are new."""
        return self.in_title or self.in_body


def digest(text: str) -> str:
    """Return 48 bits of a SHA-256: it tells two versions of one entry apart, nothing more."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def compare(entry: Entry, file: StoredEntry, feed: FeedConfig) -> Difference:
    """Compare the feed's version with the partner's last one, and with the file."""
    in_title = digest(entry.title) != file.source.get("title", digest(str(file.front.get("title", ""))))
    in_body = _has_new_body(entry, file, in_title)
    is_cut = in_body and is_summary(entry.body, file.body)
    in_body = in_body and not is_cut
    conflict = (in_title and file.has_edited_title) or (in_body and file.has_edited_body)
    published = file.front.get("draft") is not True
    in_review = feed.mode == "review" and published and (in_title or in_body or _has_new_address(entry, file, feed))
    is_less = in_body and (is_much_less(entry.body, file.body) or (in_title and _is_another(entry, file)))
    return Difference(in_title, in_body, is_cut, conflict or in_review or is_less)


def _is_another(entry: Entry, file: StoredEntry) -> bool:
    """Tell whether date and text, too, have nothing of the file's: its feed gave the id of an old entry to a new one, and the old text would be lost."""
    date = names_of_file(file.front).date
    return entry.dated and date not in ("", day_minute(entry.published)) and likeness(entry.body, file.body) < RELATED


def _has_new_body(entry: Entry, file: StoredEntry, in_title: bool) -> bool:
    """Tell whether the partner changed the body. A file without digests has only the SHA-256 of title and body together."""
    if "body" in file.source:
        return file.source["body"] != digest(entry.body)
    return file.front.get("hash") != entry.fingerprint and not (in_title and entry.body == file.body)


def _has_new_address(entry: Entry, file: StoredEntry, feed: FeedConfig) -> bool:
    link = names_of(entry, feed).link
    return bool(link) and digest(link) != file.source.get("original", digest(canonical(str(file.front.get("original", "")))))


def first_version(entry: Entry, feed: FeedConfig, now: datetime) -> dict[str, object]:
    """Return the front matter of a new file. In a feed in review, and for an entry in doubt, it is a draft."""
    front: dict[str, object] = {**_from_feed(entry, feed), "date": day_minute(entry.published), "first_seen": iso(now)}
    if entry.topics:
        front["topics"] = list(entry.topics)
    if feed.mode == "review" or entry.needs_review:
        front["draft"] = True
    return ordered({**front, "source": source_of(entry, feed)})


def next_version(entry: Entry, file: StoredEntry, feed: FeedConfig, now: datetime) -> dict[str, object]:
    """Return the front matter of the next version. The address on our site (path, date), the first sight and an editor's changes stay."""
    difference = compare(entry, file, feed)
    front = {"date": day_minute(entry.published), "first_seen": iso(now), **file.front, **_from_feed(entry, feed), "updated": iso(now)}
    source = source_of(entry, feed)
    for key, last in file.source.items():
        value = str(file.front.get(key, ""))
        if key in ("title", "author", "original") and last != digest(canonical(value) if key == "original" else value):
            front[key] = value
    if not difference.in_body:
        source["written"] = file.source.get("written", digest(file.body))
    if difference.is_cut:
        source["body"] = file.source.get("body", digest(file.body))
        front["hash"] = file.front.get("hash", entry.fingerprint)
        if not names_of(entry, feed).id:  # the id of an entry without one is the SHA-256 of its text
            front["entry_id"] = file.front.get("entry_id", entry.entry_id)
    return ordered({**front, "source": source, **_earlier_names(file.front, front, feed.site)})


def renamed_version(entry: Entry, file: StoredEntry, feed: FeedConfig) -> FrontMatter:
    """Return the front matter with the entry's new id and address; the same front matter if it has them.

    No id or address of an entry is replaced by none: not by the SHA-256 of a text, not by a home page.
    """
    names, known = names_of(entry, feed), names_of_file(file.front, feed.site)
    front = dict(file.front)
    if names.id and names.id != known.id:
        front["entry_id"] = entry.entry_id
    if names.link and _has_new_address(entry, file, feed):
        edited = file.source and file.source.get("original") != digest(canonical(str(front.get("original", ""))))
        front["original"] = front["original"] if edited else entry.original
        if file.source:
            front["source"] = {**file.source, "original": digest(names.link)}
    if not names.link and known.link in names.former:
        front["original"] = entry.original  # an invented address leads nowhere: the home page does
    return file.front if front == file.front else ordered({**front, **_earlier_names(file.front, front, feed.site)})


def remembered_version(entry: Entry, file: StoredEntry, feed: FeedConfig) -> FrontMatter:
    """Return the front matter with the entry's new id and address among the other names; the page goes on to show the old ones."""
    names = names_of(entry, feed)
    missing = {names.id, names.link} - {""} - names_of_file(file.front, feed.site).all
    new = [name for name in (entry.entry_id, entry.original) if identity(name) in missing]
    return ordered({**file.front, "also_known_as": [*_also_known_as(file.front), *dict.fromkeys(new)]}) if new else file.front


def waiting_version(entry: Entry, file: StoredEntry, feed: FeedConfig, now: datetime) -> dict[str, object]:
    """Return the front matter of a new version that waits for an editor. ``first_seen`` is when this version was seen."""
    return ordered(
        {
            **_from_feed(entry, feed),
            "date": file.front.get("date", day_minute(entry.published)),
            "first_seen": iso(now),
            "source": source_of(entry, feed),
            "edit_of": file.path.as_posix(),
            "draft": True,
        }
    )


def accepted_version(front: FrontMatter, edit: FrontMatter) -> dict[str, object]:
    """Return the front matter of an entry after an editor published its new version ``edit``."""
    taken = {key: edit[key] for key in ("title", "original", "author", "licence", "entry_id", "hash", "source") if key in edit}
    accepted = {**front, **taken, "updated": edit.get("first_seen", "")}
    return ordered({**accepted, **_earlier_names(front, accepted, "")})


def refused_version(front: FrontMatter, edit: FrontMatter) -> dict[str, object]:
    """Return the front matter of an entry after an editor refused its new version ``edit``: the same version is not offered again.

    Title and body of the file now differ from the partner's, so they count as the editor's own.
    """
    source = edit.get("source")
    refused = {**source, "written": ""} if isinstance(source, Mapping) else {}
    return ordered({**front, "hash": edit.get("hash", ""), "source": refused})


def source_of(entry: Entry, feed: FeedConfig) -> dict[str, str]:
    """Return the digests of the partner's version, and the date if the feed gave one.

    ``written`` is the body in the file; it changes when pictures get their names.
    """
    return {
        "date": day_minute(entry.published) if entry.dated else "",
        "title": digest(entry.title),
        "author": digest(entry.author or feed.author),
        "original": digest(canonical(entry.original)),
        "body": digest(entry.body),
        "written": digest(entry.body),
    }


def with_written(front: FrontMatter, body: str) -> dict[str, object]:
    """Return ``front`` with the digest of the body as it is written."""
    source = front.get("source")
    return {**front, "source": {**source, "written": digest(body)}} if isinstance(source, Mapping) else dict(front)


def _from_feed(entry: Entry, feed: FeedConfig) -> dict[str, object]:
    """Return the keys that come from the feed: title, credit, identity."""
    return {
        "title": entry.title,
        "original": entry.original,
        "author": entry.author or feed.author,
        "licence": feed.licence,
        "feed": feed.key,
        "entry_id": entry.entry_id,
        "hash": entry.fingerprint,
    }


def _earlier_names(before: FrontMatter, after: FrontMatter, site: str) -> dict[str, object]:
    """Return the key for earlier ids and addresses, if there are any: a takedown must reach the entry by each of them."""
    current = names_of_file({**after, "also_known_as": []}, site)
    earlier = [*_also_known_as(before), str(before.get("entry_id", "")), str(before.get("original", ""))]
    names: dict[str, str] = {}
    for name in earlier:
        comparable = names_of_file({"entry_id": name, "hash": before.get("hash", "")}, site).id
        if comparable and comparable not in (current.id, current.link):
            names.setdefault(comparable, name)
    return {"also_known_as": list(names.values())} if names or "also_known_as" in after else {}


def _also_known_as(front: FrontMatter) -> list[str]:
    names = front.get("also_known_as")
    return [str(name) for name in names] if isinstance(names, list | tuple) else []


def ordered(front: FrontMatter) -> dict[str, object]:
    """Return ``front`` with OUR_KEYS first, in their order, then the editor's in theirs."""
    ours = {key: front[key] for key in OUR_KEYS if key in front}
    return {**ours, **{key: value for key, value in front.items() if key not in ours}}
