"""Puts the banner into every page that is there already, in several processes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from plugins.emergency.fast_path.slots import URGENT, fill
from plugins.files import rewrite
from plugins.processes import map_batches

_ENOUGH = 2000
"""Pages for which another process pays."""


@dataclass(frozen=True)
class Spliced:
    """Names of pages: those that are different now, and those that could not be written, each with the reason."""

    changed: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Banner:
    """The slot of each page: ``own`` by name, or else ``copied`` for a copy with readings and ``usual`` for all others."""

    site: Path
    usual: bytes
    copied: bytes
    own: Mapping[str, bytes]

    def splice(self, done: frozenset[str]) -> Spliced:
        """Change every HTML file of the site but those of ``done`` and their copies. A file that cannot be written stops no other."""
        names = sorted(name for name in html_files(self.site) if name.removeprefix("furigana/") not in done)
        results = [result for _, result in map_batches(self._splice, names, enough=_ENOUGH)]
        changed, failed = (name for each in results for name in each.changed), (one for each in results for one in each.failed)
        return Spliced(tuple(sorted(changed)), tuple(sorted(failed)))

    def _splice(self, names: Sequence[str]) -> Spliced:
        changed, failed, temporary = list[str](), list[tuple[str, str]](), self._temporary()
        for name in names:
            slot = self.own.get(name) or (self.copied if name.startswith("furigana/") else self.usual)
            try:
                if rewrite(f"{self.site}/{name}", lambda page, slot=slot: fill(page, URGENT, slot), temporary):  # type: ignore[misc]  # bound for this name
                    changed.append(name)
            except OSError as error:
                failed.append((name, error.strerror or str(error)))
        return Spliced(tuple(changed), tuple(failed))

    def _temporary(self) -> str | None:
        """Return a path for this process beside the site: a release scans the site meanwhile, and must not take a half page for a file. None on another disk."""
        beside = self.site.parent
        return f"{beside}/banner.{os.getpid()}.part" if beside.stat().st_dev == self.site.stat().st_dev else None


def html_files(site: Path) -> Iterator[str]:
    """Yield the HTML files below ``site``, relative to it, with slashes. No link is followed."""
    folders = [""]
    while folders:
        below = folders.pop()
        with os.scandir(f"{site}/{below}") as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(f"{below}{entry.name}/")
                elif entry.name.endswith(".html") and entry.is_file(follow_symlinks=False):
                    yield f"{below}{entry.name}"
