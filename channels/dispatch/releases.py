"""Which pages are public: what ``todoke publish`` writes down with each release (docs/reference/announcements.md)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from channels.settings import Settings

MOST_PAGES = 500
"""Pages that one file lists. One with so many may have left some out: then everything that is older than its release counts as public."""


@dataclass(slots=True)
class Releases:
    """The files are read once each: they never change."""

    folder: Path
    _paths: set[str] = field(default_factory=set)
    _whole: list[datetime] = field(default_factory=list)
    _read: set[str] = field(default_factory=set)

    def has(self, address: str, moment: datetime) -> bool:
        """Whether the page at an address is public, of a document with this moment."""
        self._read_new()
        return urlsplit(address).path in self._paths or any(moment <= whole for whole in self._whole)

    def _read_new(self) -> None:
        for file in sorted(self.folder.glob("*.json")):
            if file.name not in self._read and self._take(file):
                self._read.add(file.name)

    def _take(self, file: Path) -> bool:
        """Read one file. False: it cannot be read now."""
        try:
            record = json.loads(file.read_bytes())
            pages = [*record["new"], *record["changed"]]
            self._paths |= {f"/{str(page['path']).removesuffix('index.html')}" for page in pages}
            if record["first"] or max(len(record["new"]), len(record["changed"])) >= MOST_PAGES:
                self._whole.append(datetime.fromisoformat(record["moment"]))
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return True


def releases_of(settings: Settings) -> Releases | None:
    """The releases of the settings; None where a page is public when it is built."""
    return Releases(settings.releases) if settings.releases is not None else None
