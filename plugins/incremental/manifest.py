"""What the last build made, and from what: one entry per output, kept beside the output it speaks of.

Losing it costs one full build, nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .reads import Read

FORMAT = 1


@dataclass(frozen=True)
class Entry:
    """One page: digest of its templates, its reads with their digests, size in bytes and modification time in ns of its file.

    ``also`` are the files that were written while it was rendered.
    """

    templates: str
    reads: dict[Read, str]
    size: int
    mtime: int
    also: tuple[str, ...] = ()

    def describes(self, file: Path) -> bool:
        """Tell whether ``file`` is there as it was written."""
        try:
            stat = file.stat()
        except OSError:
            return False
        return (stat.st_size, stat.st_mtime_ns) == (self.size, self.mtime)


@dataclass
class Manifest:
    """Entries by the output's path relative to the site; ``settings`` is the digest of everything that all pages depend on."""

    settings: str
    pages: dict[str, Entry] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write it; reads that many pages share are written once."""
        table: dict[tuple[str, str, str], int] = {}
        pages = {
            name: [
                entry.templates,
                entry.size,
                entry.mtime,
                entry.also,
                [table.setdefault((*read, told), len(table)) for read, told in entry.reads.items()],
            ]
            for name, entry in self.pages.items()
        }
        path.write_text(json.dumps({"format": FORMAT, "settings": self.settings, "reads": list(table), "pages": pages}), encoding="utf-8")


def load_manifest(path: Path, settings: str) -> Manifest:
    """Return the last build's manifest, or an empty one if there is none, it cannot be read, or ``settings`` have changed."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if (data["format"], data["settings"]) != (FORMAT, settings):
            return Manifest(settings)
        return Manifest(settings, dict(_entries(data)))
    except (OSError, ValueError, LookupError, TypeError):
        return Manifest(settings)


def _entries(data: dict[str, Any]) -> Iterable[tuple[str, Entry]]:
    table = [((owner, name), told) for owner, name, told in data["reads"]]
    for name, (templates, size, mtime, also, numbers) in data["pages"].items():
        yield name, Entry(templates, dict(table[number] for number in numbers), size, mtime, tuple(also))
