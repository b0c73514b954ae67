"""What the last build made, and from what: one entry per output, kept beside the output it speaks of.

Losing it costs one full build, nothing else.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .present import ALWAYS, Bounds, read_bounds
from .reads import Read

FORMAT = 3

_SLACK = 1.3
"""A table may be so many times as long as it has to be."""

Told = tuple[str, str, str]
"""A read, and the digest of what it gave."""


@dataclass(frozen=True)
class Entry:
    """One page: its template and the digest of all that belongs to it; size in bytes and modification time in ns of its file.

    ``reads`` are places in the manifest's table, ``own`` digests of what was passed to this page alone; ``bounds`` are the moments for which it
    holds; ``also`` are the files that were written while it was rendered.
    """

    template: str
    closure: str
    reads: tuple[int, ...]
    own: Mapping[str, str]
    bounds: Bounds
    size: int
    mtime: int
    also: tuple[str, ...] = ()

    def describes(self, file: str) -> bool:
        """Tell whether ``file`` is there as it was written."""
        try:
            stat = os.stat(file)  # noqa: PTH116 - thousands of files: no object for each
        except OSError:
            return False
        return (stat.st_size, stat.st_mtime_ns) == (self.size, self.mtime)


@dataclass
class Manifest:
    """Entries by the output's path relative to the site; ``settings`` is the digest of everything that all pages depend on.

    ``table`` holds every read once, however many pages share it; a new manifest begins with the table of the last.
    """

    settings: str
    pages: dict[str, Entry] = field(default_factory=dict)
    table: list[Told] = field(default_factory=list)
    templates: dict[str, list[str | None]] = field(default_factory=dict)
    """By the digest of a template's source, the templates that it names; None for one named by a variable."""
    wholes: dict[str, str] = field(default_factory=dict)
    """By the key of a record, the digest of all that could be read from it, where it brings one."""
    _places: dict[Told, int] = field(default_factory=dict)

    def following(self) -> Manifest:
        """Return an empty manifest in whose table the places of this one hold."""
        return Manifest(self.settings, {}, list(self.table), {}, dict(self.wholes), {told: place for place, told in enumerate(self.table)})

    def places(self, reads: Mapping[Read, str]) -> tuple[int, ...]:
        """Return the places of ``reads`` in the table, in which they stand afterwards."""
        return tuple(self.place((*read, told)) for read, told in reads.items())

    def place(self, told: Told) -> int:
        """Return the place of one read."""
        place = self._places.setdefault(told, len(self.table))
        if place == len(self.table):
            self.table.append(told)
        return place

    def save(self, path: Path) -> None:
        """Write it. When many reads are such that no page shares them any more, they go."""
        used = dict.fromkeys(place for entry in self.pages.values() for place in entry.reads)
        if len(self.table) > _SLACK * len(used):
            self._compact(list(used))
        data = {"format": FORMAT, "settings": self.settings, "table": self.table, "templates": self.templates, "wholes": self.wholes}
        data["pages"] = {name: _row(entry) for name, entry in self.pages.items()}
        unfinished = path.with_suffix(".part")
        unfinished.write_text(json.dumps(data, separators=(",", ":"), ensure_ascii=False), encoding="utf-8")
        unfinished.replace(path)

    def _compact(self, used: Sequence[int]) -> None:
        number = {place: at for at, place in enumerate(used)}
        self.table = [self.table[place] for place in used]
        self.pages = {name: replace(entry, reads=tuple(number[place] for place in entry.reads)) for name, entry in self.pages.items()}


def _row(entry: Entry) -> list[Any]:
    bounds = entry.bounds.spoken() if entry.bounds is not ALWAYS and entry.bounds != ALWAYS else ()
    return [entry.template, entry.closure, entry.reads, entry.own, bounds, entry.size, entry.mtime, entry.also]


def load_manifest(path: Path, settings: str) -> Manifest:
    """Return the last build's manifest, or an empty one if there is none, it cannot be read, or ``settings`` have changed."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if (data["format"], data["settings"]) != (FORMAT, settings):
            return Manifest(settings)
        table: list[Told] = list(map(tuple, data["table"]))
        return Manifest(settings, dict(_entries(data["pages"])), table, dict(data["templates"]), dict(data["wholes"]))
    except (OSError, ValueError, LookupError, TypeError):
        return Manifest(settings)


def templates_of(path: Path) -> dict[str, str]:
    """Return the name of each page's template, by the page's path, from the manifest at ``path``."""
    return {name: row[0] for name, row in json.loads(path.read_text(encoding="utf-8"))["pages"].items()}


def _entries(pages: Mapping[str, Any]) -> Iterable[tuple[str, Entry]]:
    for name, (template, closure, reads, own, bounds, size, mtime, also) in pages.items():
        known = read_bounds(*bounds) if bounds else ALWAYS
        yield name, Entry(template, closure, tuple(reads), own, known, size, mtime, tuple(also))
