"""Fetch an entry's pictures, have them drawn anew, and lay them beside the entry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from plugins.files import write_atomically
from plugins.partners.entries.reconcile import EntryChange, Front
from plugins.partners.http.addresses import UrlOverride
from plugins.partners.http.body import MEGABYTE, MemoryBudget
from plugins.partners.http.client import HttpClient, Limits
from plugins.partners.http.fetch import Fetched, fetch
from plugins.partners.http.robots import Robots
from plugins.partners.images.naming import ImageToFetch, images_to_fetch, show_downloaded
from plugins.partners.model.errors import ParseError
from plugins.partners.sandbox.pool import Sandbox

LARGEST_PICTURE = 8 * MEGABYTE
SECONDS_A_PICTURE = 20.0
MOST_AT_A_TIME = 200
"""Pictures asked for in one run of one feed; the rest come with the next runs."""

MOST_FAILURES = 6
"""After so many pictures that did not come, a feed's others are not asked for in this run."""


@dataclass
class ImageDownloads:
    """The pictures of one feed in one run. ``folder`` is the feed's."""

    client: HttpClient
    readers: Sandbox
    robots: Robots
    route: UrlOverride
    limits: Limits
    folder: Path
    asked: int = 0
    came: int = 0
    failed: int = 0

    async def download(self, change: EntryChange) -> EntryChange:
        """Return ``change`` with its final body: pictures that could be copied are shown, the others are links."""
        names = self.kept(change)
        for picture in images_to_fetch(change.body):
            if picture.src not in names and self.asked < MOST_AT_A_TIME and self.failed < MOST_FAILURES:
                await self._copy(picture, change, names)
        return replace(change, body=self.body(change, names), front=_with_face(change, names))

    def kept(self, change: EntryChange) -> dict[str, str | None]:
        """Return the pictures that earlier runs have copied: address → file."""
        found = {picture.src: self._there(picture, change) for picture in images_to_fetch(change.body)}
        return {src: name for src, name in found.items() if name}

    def body(self, change: EntryChange, names: dict[str, str | None]) -> str:
        """Return the body as it is written, with the pictures of ``names``."""
        return show_downloaded(change.body, names, str(change.front["title"]), str(change.front["original"]))

    def _there(self, picture: ImageToFetch, change: EntryChange) -> str | None:
        """Return the name of the file that an earlier run made of ``picture``."""
        beside = (self.folder / change.path).parent
        return next((name for name in picture.names(change.path.stem) if (beside / name).is_file()), None)

    async def _copy(self, picture: ImageToFetch, change: EntryChange, names: dict[str, str | None]) -> None:
        """Copy one picture if it can be had, and note its name; None for one that only counts readers."""
        self.asked += 1
        for address in picture.tries:
            data = await self._fetched(address)
            if data is None:
                continue
            try:
                head, drawn = await self.readers.ask("picture", {}, data)
            except ParseError as error:
                if "ImageRejected" in str(error):
                    names[picture.src] = None
                    return
                continue
            name = picture.name(change.path.stem, str(head["suffix"]))
            write_atomically((self.folder / change.path).parent / name, drawn)
            names[picture.src] = name
            self.came += 1
            return
        self.failed += 1

    async def _fetched(self, address: str) -> bytes | None:
        """Fetch a picture with the guards of a feed, or return None."""
        place = self.route.place_of(address)
        if place is None or await self.robots.refusal(place):
            return None
        caps = replace(
            self.limits,
            max_bytes=min(LARGEST_PICTURE, self.limits.max_bytes),
            max_expanded=min(LARGEST_PICTURE, self.limits.max_expanded),
            total=min(SECONDS_A_PICTURE, self.limits.total),
        )
        async with MemoryBudget(self.client.large) as space:
            answer = await fetch(self.client, place, None, self.route.rules, caps, space)
        return answer.body if isinstance(answer, Fetched) else None


def _with_face(change: EntryChange, names: dict[str, str | None]) -> Front:
    """Return the front matter; a new entry is shown in lists by the first picture that its writer described."""
    if change.kind != "new":
        return change.front
    described = (picture for picture in images_to_fetch(change.body) if picture.words and names.get(picture.src))
    face = next(described, None)
    return {**change.front, "image": names[face.src], "image_alt": face.words} if face else change.front
