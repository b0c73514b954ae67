"""A release: everything that is public at one moment, by path and content."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

WELL_KNOWN = ".well-known/todoke/"
"""Where a mirror holds what proves a release (RFC 8615). No file of the site may lie there."""


def is_safe_path(path: str) -> bool:
    """Tell whether ``path`` stays below the folder that it is joined to: a mirror's own manifest and record are read, and whoever altered them may not aim elsewhere."""
    framed = f"/{path}/"
    return path.isprintable() and not ("//" in framed or "/./" in framed or "/../" in framed)


@dataclass(frozen=True, order=True)
class ReleasedFile:
    """One file. ``path`` is relative, with ``/``. ``sha256`` is in hex, ``length`` in bytes; ``cache_control`` is the header's value (RFC 9111)."""

    path: str
    sha256: str
    length: int
    media_type: str
    cache_control: str


@dataclass(frozen=True)
class BuildParameters:
    """With what the site was built from the commit: ``moment`` is what the build took for now.

    ``options`` by name: ``folder``, ``content``, ``publications`` and ``settings`` are paths in the repository with ``/`` (``folder`` is where the build
    ran), ``site-url`` an address. One that lay outside of the repository is missing: then nobody can repeat the build.
    """

    moment: dt.datetime
    options: Mapping[str, str]


@dataclass(frozen=True)
class Release:
    """``number`` counts from 1 and is never used twice. ``files`` are sorted by path.

    ``commit`` is the checkout's, or empty outside of one. ``tools`` are the versions that built it. ``held_back`` names what is not public and why.
    ``audit_anchor`` is the newest hash of the audit log, or empty. ``restores`` is the number of the release whose files a rollback brought back, or 0.
    ``build`` is None if the build left no record of its parameters.
    """

    number: int
    moment: dt.datetime
    files: tuple[ReleasedFile, ...]
    commit: str = ""
    tools: Mapping[str, str] = field(default_factory=dict)
    held_back: tuple[str, ...] = ()
    audit_anchor: str = ""
    restores: int = 0
    build: BuildParameters | None = None

    @cached_property
    def by_path(self) -> Mapping[str, ReleasedFile]:
        """The files by path."""
        return {file.path: file for file in self.files}


@dataclass(frozen=True)
class Changes:
    """What has to happen to a tree that holds one release so that it holds another. ``removed`` are paths; all are sorted."""

    added: tuple[ReleasedFile, ...]
    changed: tuple[ReleasedFile, ...]
    removed: tuple[str, ...]

    @property
    def written(self) -> tuple[ReleasedFile, ...]:
        """Everything that has to be written, in the order of `publishing_order`."""
        return tuple(sorted((*self.added, *self.changed), key=publishing_order))

    @property
    def length(self) -> int:
        """Bytes of what is written."""
        return sum(file.length for file in self.written)


def changes(old: Release | None, new: Release) -> Changes:
    """Compare two releases by content. Without an old one everything is added."""
    before = old.by_path if old else {}
    after = new.by_path
    added = [file for file in new.files if file.path not in before]
    changed = [file for file in new.files if file.path in before and before[file.path].sha256 != file.sha256]
    return Changes(tuple(added), tuple(changed), tuple(sorted(before.keys() - after.keys())))


def publishing_order(file: ReleasedFile) -> tuple[int, int, str]:
    """Return the key by which files are written where a tree cannot be exchanged as a whole.

    What others link to comes first: files that pages use, then pages from the deepest to the front page, then lists of addresses (feeds, sitemap), which
    send programs to the pages.
    """
    if file.path.endswith((".xml", ".json", ".ics")):
        return (2, -file.path.count("/"), file.path)
    return (1 if file.path.endswith(".html") else 0, -file.path.count("/"), file.path)
