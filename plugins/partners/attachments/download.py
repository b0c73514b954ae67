"""Fetch an entry's sound and PDF files, have them checked in the sandbox, and write them beside the entry, so that they survive the blog."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from plugins.files import write_atomically
from plugins.partners.entries.file_copies import copy_name, copy_names, link_to_copies, wanted_files
from plugins.partners.entries.reconcile import EntryChange
from plugins.partners.entries.versions import with_written
from plugins.partners.http.assets import AssetFetcher
from plugins.partners.http.body import MEGABYTE
from plugins.partners.model.errors import ParseError
from plugins.partners.sandbox.pool import Sandbox

LARGEST_FILE = 15 * MEGABYTE
"""An hour of speech. The copy is kept in Git with the entry."""

SECONDS_PER_FILE = 60.0

MOST_REQUESTS = 50
"""Files asked for in one run of one feed; the rest come with the next runs."""


@dataclass
class FileDownloads:
    """The files of one feed in one run. ``folder`` is the feed's."""

    fetcher: AssetFetcher
    sandbox: Sandbox
    folder: Path
    downloaded: int = 0

    async def download(self, change: EntryChange) -> EntryChange:
        """Return ``change`` with links to the copies that exist or could be had."""
        if change.body is None or change.files is None:
            return change
        copies: dict[str, tuple[str, int]] = {}
        for address in wanted_files(change.body, change.files, str(change.front["original"])):
            if name := self._existing(change, address) or await self._download(change, address):
                copies[address] = (name, (self._beside(change) / name).stat().st_size)
        if not copies:
            return change
        body = link_to_copies(change.body, copies)
        return replace(change, body=body, front=with_written(change.front, body))

    def _beside(self, change: EntryChange) -> Path:
        return (self.folder / change.path).parent

    def _existing(self, change: EntryChange, address: str) -> str | None:
        return next((name for name in copy_names(change.path.stem, address) if (self._beside(change) / name).is_file()), None)

    async def _download(self, change: EntryChange, address: str) -> str | None:
        """Copy one file and return the name of the copy, or None."""
        if self.fetcher.requested >= MOST_REQUESTS:
            return None
        data = await self.fetcher.fetch(address, LARGEST_FILE, SECONDS_PER_FILE)
        if data is None:
            return None
        try:
            head, checked = await self.sandbox.run("attachment", {}, data)
        except ParseError:
            return None
        name = copy_name(change.path.stem, address, str(head["suffix"]))
        write_atomically(self._beside(change) / name, checked)
        self.downloaded += 1
        return name
