"""What the last build made, and from what: one entry per output, kept beside the output it speaks of.

Losing it costs one full build, nothing else. It is written with Python's own `marshal`: ten megabytes that every build reads and writes, and JSON
takes five times as long. Like Python's ``.pyc`` files it is written and read by this program alone, and never comes from outside.
"""

from __future__ import annotations

import marshal
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from plugins.clock import ALWAYS, ValidityInterval, parse_interval
from plugins.files import write_atomically
from plugins.incremental.dependency_recorder import Read

FORMAT = 4

_SLACK = 1.3
"""A table may be so many times as long as it has to be."""

_EVERY = 3
"""Values of a read in the table: its name, its digest, its place."""

Told = tuple[str, str, str]
"""A read (owner and name), and the digest of what it gave."""


class PageEntry(NamedTuple):
    """One page: its template and the digest of all that belongs to it. A tuple, so that thousands are read from the file as they are.

    ``places`` are those of its reads in the manifest's table, as bytes, and ``own`` digests of what was passed to this page alone; ``moments`` are
    the `ValidityInterval` for which it holds, as they are spoken, or nothing for always; ``also`` are the files that were written while it was rendered.
    """

    template: str
    closure: str
    places: bytes
    own: Mapping[str, str]
    moments: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    @property
    def reads(self) -> array[int]:
        """The places of its reads."""
        return array("I", self.places)

    @property
    def bounds(self) -> ValidityInterval:
        """The moments for which it holds."""
        return parse_interval(*self.moments) if self.moments else ALWAYS


def format_interval(bounds: ValidityInterval) -> tuple[str, ...]:
    """Return ``bounds`` as an entry keeps them."""
    return () if bounds == ALWAYS else bounds.as_text()


class ReadTable:
    """Every read once, however many pages share it, by its owner. What is never asked for stays as it lay in the file."""

    def __init__(self, rows: Mapping[str, Sequence[Any]] | None = None, length: int = 0) -> None:
        self._closed = dict(rows or {})
        self._open: dict[str, dict[tuple[str, str], int]] = {}
        self.length = length

    def __contains__(self, owner: str) -> bool:
        """Tell whether anything was read from ``owner``."""
        return owner in self._closed or owner in self._open

    def owners(self) -> set[str]:
        """Return all from whom something was read."""
        return self._closed.keys() | self._open.keys()

    def of(self, owner: str) -> Iterator[tuple[str, str, int]]:
        """Yield name, digest and place of every read from ``owner``."""
        row = self._closed.get(owner)
        if row is None:
            yield from ((name, told, place) for (name, told), place in self._open.get(owner, {}).items())
        else:
            yield from zip(row[::_EVERY], row[1::_EVERY], row[2::_EVERY], strict=True)

    def place(self, told: Told) -> int:
        """Return the place of one read, which stands in the table afterwards."""
        owner, name, digest = told
        rows = self._open.get(owner)
        if rows is None:
            rows = self._open[owner] = {(name, then): place for name, then, place in self.of(owner)}
            self._closed.pop(owner, None)
        place = rows.setdefault((name, digest), self.length)
        self.length += place == self.length
        return place

    def rows(self) -> dict[str, Sequence[Any]]:
        """Return everything as the file holds it."""
        opened = {owner: [value for row in self.of(owner) for value in row] for owner in self._open}
        return self._closed | opened

    def copy(self) -> ReadTable:
        """Return a table in which all has the same place, and which can go on by itself."""
        found = ReadTable(self._closed, self.length)
        found._open = {owner: dict(rows) for owner, rows in self._open.items()}
        return found

    def only(self, used: Sequence[int]) -> ReadTable:
        """Return a table with the reads at ``used`` alone, in that order."""
        number = {place: at for at, place in enumerate(used)}
        kept = {
            owner: [value for name, told, place in self.of(owner) if place in number for value in (name, told, number[place])]
            for owner in self.owners()
        }
        return ReadTable({owner: row for owner, row in kept.items() if row}, len(used))


@dataclass
class Manifest:
    """Entries by the output's path relative to the site; ``settings`` is the digest of everything that all pages depend on.

    A new manifest begins with the ``table`` of the last; ``used`` is how many places of it pages had when that was counted.
    """

    settings: str
    pages: dict[str, PageEntry] = field(default_factory=dict)
    table: ReadTable = field(default_factory=ReadTable)
    templates: dict[str, list[str | None]] = field(default_factory=dict)
    """By the digest of a template's source, the templates that it names; None for one named by a variable."""
    wholes: dict[str, str] = field(default_factory=dict)
    """By the key of a record, the digest of all that could be read from it, where it brings one."""
    used: int = 0

    def following(self) -> Manifest:
        """Return an empty manifest in whose table the places of this one hold."""
        return Manifest(self.settings, {}, self.table.copy(), {}, dict(self.wholes), self.used)

    def places(self, reads: Mapping[Read, str]) -> bytes:
        """Return the places of ``reads`` in the table, in which they stand afterwards."""
        return array("I", [self.table.place((owner, name, told)) for (owner, name), told in reads.items()]).tobytes()

    def save(self, path: Path) -> None:
        """Write it. When many reads are such that no page shares them any more, they go."""
        if self.table.length > _SLACK * self.used:
            self._compact()
        data = (FORMAT, self.settings, self.table.rows(), self.table.length, self.used, self.templates, self.wholes)
        write_atomically(path, marshal.dumps((*data, {name: tuple(entry) for name, entry in self.pages.items()})))

    def _compact(self) -> None:
        used = list(dict.fromkeys(place for entry in self.pages.values() for place in entry.reads))
        self.used = len(used)
        if self.table.length > _SLACK * self.used:
            number = {place: at for at, place in enumerate(used)}
            self.table = self.table.only(used)
            self.wholes = {key: whole for key, whole in self.wholes.items() if key in self.table}
            self.pages = {name: renumbered(entry, number) for name, entry in self.pages.items()}


def renumbered(entry: PageEntry, number: Mapping[int, int] | Sequence[int]) -> PageEntry:
    """Return ``entry`` for a table in which its reads stand at other places."""
    return entry._replace(places=array("I", [number[place] for place in entry.reads]).tobytes())


def load_manifest(path: Path, settings: str) -> Manifest:
    """Return the last build's manifest, or an empty one if there is none, it cannot be read, or ``settings`` have changed."""
    try:
        form, known, rows, length, used, templates, wholes, pages = _read(path)
        if (form, known) != (FORMAT, settings):
            return Manifest(settings)
        entries = {name: PageEntry(*entry) for name, entry in pages.items()}
        return Manifest(settings, entries, ReadTable(rows, length), templates, wholes, used)
    except (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError):
        return Manifest(settings)


def templates_of(path: Path) -> dict[str, str]:
    """Return the name of each page's template, by the page's path, from the manifest at ``path``."""
    return {name: entry[0] for name, entry in _read(path)[-1].items()}


def _read(path: Path) -> Sequence[Any]:
    found: Sequence[Any] = marshal.loads(path.read_bytes())  # noqa: S302 - our own bytes, see above
    return found
