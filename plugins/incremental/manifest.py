"""What the last build rendered, and from which reads: one entry for each page, in a file beside the output.

If the file is lost, the next build renders every page; nothing else is lost. The format is MessagePack: every build reads and writes ten megabytes, and
JSON takes five times as long. The file may come from anywhere (a cache of a CI, another account): it holds no code, each value is checked for its type
(`msgspec`) and each position for its range, and a file that does not fit counts as lost.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec

from plugins.clock import ALWAYS, ValidityInterval, parse_interval
from plugins.files import write_atomically
from plugins.incremental.dependency_recorder import Read

FORMAT = 6

_SLACK = 1.3
"""A table that is longer than the reads in use by this factor is written anew without the others."""

POSITION_SIZE = array("I").itemsize
"""Bytes."""

TableRow = tuple[str, str, str]
"""Owner and name of a read, and the digest of its value."""


Position = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
"""The place of a read in the table; an `array` of unsigned numbers holds it."""

OwnerReads = tuple[list[str], list[str], list[Position]]
"""The reads from one owner as the file holds them: names, digests and positions. Three lists load in half the time that a tuple for each read takes."""


class PageEntry(NamedTuple):
    """One page. A tuple of simple values, of which thousands are read and written.

    ``template_digest`` covers the template and all that it uses. ``positions`` are those of the page's reads in the manifest's table, as bytes.
    ``own_digests`` are of the variables that this page alone gets. ``interval`` is the `ValidityInterval` as text, empty for always. ``side_files``
    were written while the page was rendered.
    """

    template: str
    template_digest: str
    positions: bytes
    own_digests: dict[str, str]
    interval: tuple[str, ...] = ()
    side_files: tuple[str, ...] = ()

    @property
    def reads(self) -> array[int]:
        """The positions of its reads, as numbers."""
        return array("I", self.positions)

    @property
    def validity(self) -> ValidityInterval:
        """The moments for which the page is right."""
        return parse_interval(*self.interval) if self.interval else ALWAYS


def format_interval(validity: ValidityInterval) -> tuple[str, ...]:
    """Return ``validity`` as an entry keeps it."""
    return () if validity == ALWAYS else validity.as_text()


class ReadTable:
    """Every read once, however many pages share it, grouped by owner. Owners that nobody asks for stay as the file held them."""

    def __init__(self, rows: Mapping[str, OwnerReads] | None = None, length: int = 0) -> None:
        self._loaded = dict(rows or {})
        self._unpacked: dict[str, dict[tuple[str, str], int]] = {}
        self.length = length
        self._owner_at: list[str] | None = None

    def __contains__(self, owner: str) -> bool:
        return owner in self._loaded or owner in self._unpacked

    def owners(self) -> set[str]:
        """Return the owners of all reads."""
        return self._loaded.keys() | self._unpacked.keys()

    def reads_from(self, owner: str) -> Iterator[tuple[str, str, int]]:
        """Yield name, digest and position of every read from ``owner``."""
        row = self._loaded.get(owner)
        if row is None:
            yield from ((name, digest, position) for (name, digest), position in self._unpacked.get(owner, {}).items())
        else:
            yield from zip(*row, strict=True)

    def position(self, row: TableRow) -> int:
        """Return the position of one read. A new read is added at the end."""
        owner, name, digest = row
        positions = self._unpacked.get(owner)
        if positions is None:
            positions = self._unpacked[owner] = {
                (known_name, known_digest): position for known_name, known_digest, position in self.reads_from(owner)
            }
            self._loaded.pop(owner, None)
        position = positions.setdefault((name, digest), self.length)
        if position == self.length:
            self.length += 1
            if self._owner_at is not None:
                self._owner_at.append(owner)
        return position

    @property
    def owner_at(self) -> Sequence[str]:
        """The owner of each read by its position; of a position that no read has, an empty text. Made when first asked for, and kept up from then on."""
        if self._owner_at is None:
            self._owner_at = [""] * self.length
            for owner in self.owners():
                for _, _, position in self.reads_from(owner):
                    self._owner_at[position] = owner
        return self._owner_at

    def rows(self) -> dict[str, OwnerReads]:
        """Return everything as the file holds it."""
        return self._loaded | {owner: _columns(self.reads_from(owner)) for owner in self._unpacked}

    def copy(self) -> ReadTable:
        """Return a table with the same positions; what is added to it is not added to this one."""
        table = ReadTable(self._loaded, self.length)
        table._unpacked = {owner: dict(positions) for owner, positions in self._unpacked.items()}
        return table

    def compacted(self, used: Sequence[int]) -> ReadTable:
        """Return a table of only the reads at the positions ``used``, in that order."""
        new_position = {position: number for number, position in enumerate(used)}
        rows = {
            owner: _columns(
                (name, digest, new_position[position]) for name, digest, position in self.reads_from(owner) if position in new_position
            )
            for owner in self.owners()
        }
        return ReadTable({owner: row for owner, row in rows.items() if row[0]}, len(used))


def _columns(reads: Iterable[tuple[str, str, int]]) -> OwnerReads:
    """Return ``reads`` as the file holds those of one owner."""
    names, digests, positions = zip(*reads, strict=True) if (reads := list(reads)) else ((), (), ())
    return list(names), list(digests), list(positions)


@dataclass
class Manifest:
    """Entries of pages by their files relative to the site.

    ``fingerprint`` is the digest of everything that all pages depend on. A new manifest begins with the ``table`` of the last one; ``used`` is how
    many of its positions some page had when that was counted.
    """

    fingerprint: str
    pages: dict[str, PageEntry] = field(default_factory=dict)
    table: ReadTable = field(default_factory=ReadTable)
    templates: dict[str, list[str | None]] = field(default_factory=dict)
    """`plugins.incremental.template_digests.References`."""
    record_digests: dict[str, str] = field(default_factory=dict)
    """By the key of a record, the digest of all that can be read from it, if the record brings one."""
    used: int = 0

    def successor(self) -> Manifest:
        """Return a manifest without pages, in whose table the positions of this one hold."""
        return Manifest(self.fingerprint, {}, self.table.copy(), {}, dict(self.record_digests), self.used)

    def add_reads(self, reads: Mapping[Read, str]) -> bytes:
        """Add ``reads`` to the table, and return their positions as an entry keeps them."""
        return array("I", [self.table.position((owner, name, digest)) for (owner, name), digest in reads.items()]).tobytes()

    def save(self, path: Path) -> None:
        """Write the manifest, without unused reads if there are many of them."""
        if self.table.length > _SLACK * self.used:
            self._compact()
        table = self.table
        stored = _Stored(FORMAT, self.fingerprint, table.rows(), table.length, self.used, self.templates, self.record_digests, self.pages)
        write_atomically(path, msgspec.msgpack.encode(stored))

    def _compact(self) -> None:
        used = list(dict.fromkeys(position for entry in self.pages.values() for position in entry.reads))
        self.used = len(used)
        if self.table.length > _SLACK * self.used:
            new_position = {position: number for number, position in enumerate(used)}
            self.table = self.table.compacted(used)
            self.record_digests = {key: digest for key, digest in self.record_digests.items() if key in self.table}
            self.pages = {name: renumbered(entry, new_position) for name, entry in self.pages.items()}


def renumbered(entry: PageEntry, new_position: Mapping[int, int] | Sequence[int]) -> PageEntry:
    """Return ``entry`` for a table in which its reads have the positions that ``new_position`` gives for the old ones."""
    return entry._replace(positions=array("I", [new_position[position] for position in entry.reads]).tobytes())


def load_manifest(path: Path, fingerprint: str) -> Manifest:
    """Return the last build's manifest; an empty one if it is absent or unreadable, or if its fingerprint is another."""
    try:
        stored = _load(path)
    except (OSError, Unreadable):
        return Manifest(fingerprint)
    if stored.fingerprint != fingerprint:
        return Manifest(fingerprint)
    return Manifest(fingerprint, stored.pages, ReadTable(stored.rows, stored.length), stored.templates, stored.record_digests, stored.used)


def templates_of(path: Path) -> dict[str, str]:
    """Return the name of each page's template, by the page's file, from the manifest at ``path``. Raises `OSError`, `Unreadable`."""
    return {name: entry.template for name, entry in _load(path).pages.items()}


class Unreadable(Exception):
    """A manifest that this program did not write."""


class _Stored(msgspec.Struct, array_like=True):
    """The manifest as the file holds it. The format comes first: `_load` refuses another."""

    format: int
    fingerprint: str
    rows: dict[str, OwnerReads]
    length: Position
    used: int
    templates: dict[str, list[str | None]]
    record_digests: dict[str, str]
    pages: dict[str, PageEntry]


def _load(path: Path) -> _Stored:
    try:
        stored = msgspec.msgpack.decode(path.read_bytes(), type=_Stored)
        if stored.format == FORMAT and _is_consistent(stored):
            return stored
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError) as error:
        raise Unreadable(str(error)) from error
    raise Unreadable(f"format {stored.format}")


def _is_consistent(stored: _Stored) -> bool:
    """Tell whether the reads are whole, the intervals can be read, and the files lie in the site. Raises `ValueError`.

    A position without a read does no harm: its page does not depend on it.
    """
    if any(not len(names) == len(digests) == len(positions) for names, digests, positions in stored.rows.values()):
        return False
    pages = stored.pages.values()
    if any(len(entry.positions) % POSITION_SIZE for entry in pages):
        return False
    intervals = {entry.interval for entry in pages if entry.interval}
    names = {name for entry in pages if entry.side_files for name in entry.side_files}
    return all(map(_is_interval, intervals)) and all(map(_is_inside, names))


def _is_interval(interval: tuple[str, ...]) -> bool:
    if len(interval) != 2:
        return False
    validity = parse_interval(*interval)
    return validity.since.tzinfo is not None and validity.until.tzinfo is not None


def _is_inside(name: str) -> bool:
    """Tell whether ``name`` is a file below the site: it is linked from the last site into the next."""
    return not name.startswith("/") and not {"", ".", ".."} & set(name.split("/")) and not set(name) & {"\\", ":", "\0"}
