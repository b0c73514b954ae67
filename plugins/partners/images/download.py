"""Fetch an entry's pictures, have them re-encoded in the sandbox, and write them beside the entry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from plugins.files import write_atomically
from plugins.partners.entries.reconcile import EntryChange
from plugins.partners.entries.versions import FrontMatter, with_written
from plugins.partners.http.assets import AssetFetcher
from plugins.partners.http.body import MEGABYTE
from plugins.partners.images.naming import ImageToFetch, images_to_fetch, show_downloaded
from plugins.partners.model.errors import ParseError
from plugins.partners.sandbox.pool import Sandbox

LARGEST_PICTURE = 8 * MEGABYTE
SECONDS_PER_PICTURE = 20.0

MOST_REQUESTS = 200
"""Pictures asked for in one run of one feed; the rest come with the next runs."""


@dataclass
class ImageDownloads:
    """The pictures of one feed in one run. ``folder`` is the feed's."""

    fetcher: AssetFetcher
    sandbox: Sandbox
    folder: Path
    downloaded: int = 0

    async def download(self, change: EntryChange) -> EntryChange:
        """Return ``change`` with its final body: pictures that could be had are shown, the others are links."""
        if change.body is None:
            return change
        names = self.existing(change)
        for image in images_to_fetch(change.body):
            if image.src not in names and self.fetcher.requested < MOST_REQUESTS:
                await self._download(image, change, names)
        body = self.body(change, names)
        return replace(change, body=body, front=with_written(_with_lead_image(change, names), body))

    def existing(self, change: EntryChange) -> dict[str, str | None]:
        """Return the pictures that earlier runs have downloaded: address → file."""
        names = {image.src: self._existing_name(image, change) for image in images_to_fetch(change.body or "")}
        return {src: name for src, name in names.items() if name}

    def body(self, change: EntryChange, names: dict[str, str | None]) -> str:
        """Return the body as it is written, with the pictures of ``names``."""
        return show_downloaded(change.body or "", names, str(change.front["title"]), str(change.front["original"]))

    def _existing_name(self, image: ImageToFetch, change: EntryChange) -> str | None:
        folder = (self.folder / change.path).parent
        return next((name for name in image.names(change.path.stem) if (folder / name).is_file()), None)

    async def _download(self, image: ImageToFetch, change: EntryChange, names: dict[str, str | None]) -> None:
        """Download one picture and record its name; None for one that only counts readers."""
        for address in image.candidates:
            data = await self.fetcher.fetch(address, LARGEST_PICTURE, SECONDS_PER_PICTURE)
            if data is None:
                continue
            try:
                head, encoded = await self.sandbox.run("picture", {}, data)
            except ParseError as error:
                if "ImageRejected" in str(error):
                    names[image.src] = None
                    return
                continue
            name = image.name(change.path.stem, str(head["suffix"]))
            write_atomically((self.folder / change.path).parent / name, encoded)
            names[image.src] = name
            self.downloaded += 1
            return


def _with_lead_image(change: EntryChange, names: dict[str, str | None]) -> FrontMatter:
    """Return the front matter. Lists and mails show a new entry with the first picture that its writer described; mail clients show no drawing (SVG)."""
    if change.kind != "new":
        return change.front
    described = (
        image
        for image in images_to_fetch(change.body or "")
        if image.description and (names.get(image.src) or ".svg").rpartition(".")[2] != "svg"
    )
    lead = next(described, None)
    return {**change.front, "image": names[lead.src], "image_alt": lead.description} if lead else change.front
