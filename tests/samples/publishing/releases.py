"""A small site, keys, and releases of it, for the tests of the publisher."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from publisher.release.keys import new_key
from publisher.release.make import draft, make
from publisher.release.store import ReleaseStore, SignedRelease
from publisher.release.tuf_metadata import ROOT, SigningKeys, new_root

NOW = dt.datetime(2026, 11, 28, 9, 0, tzinfo=dt.UTC)
PAGES = {
    "index.html": "<h1>知らせ</h1>",
    "press/index.html": "<a href='/press/2026/bridge/'>橋</a>",
    "press/2026/bridge/index.html": "<p>橋が通れます</p>",
    "theme/style.css": "body{}",
    "feed.xml": "<feed/>",
    "pictures/0123456789abcdef/480.webp": "picture",
}


class Publishing:
    """A publishing machine in a folder: a built site, a store with keys, a clock that moves by an hour with each release."""

    def __init__(self, root: Path) -> None:
        self.output = root / "output"
        self.store = ReleaseStore(root / "store")
        self.keys = SigningKeys(new_key(root / "keys" / "release.pem"), new_key(root / "keys" / "timestamp.pem"))
        self.root_keys = [new_key(root / "keys" / f"root-{number}.pem") for number in (1, 2)]
        self.store.keep_metadata({ROOT: new_root(self.root_keys, 2, self.keys, NOW)})
        self.now = NOW
        for path, text in PAGES.items():
            self.write(path, text)

    def write(self, path: str, text: str) -> None:
        """Write a page, as a build does: a new file in the place of the old one."""
        file = self.output / "site" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.write_text(text, encoding="utf-8")

    def remove(self, path: str) -> None:
        """Remove a page."""
        (self.output / "site" / path).unlink()

    def release(self) -> SignedRelease:
        """Make a release of what is there."""
        self.now += dt.timedelta(hours=1)
        with self.store.locked():
            return make(self.store, self.output, draft(self.store, self.output, self.now), self.keys)
