"""Writes down what became public with a release, for whoever announces it elsewhere. Format: docs/reference/announcements.md.

One file for each release that the first mirror showed. Each says what changed since the one before, so that nothing is lost if a publish is killed in
between, and nothing is there twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import lxml.html

from public_page import address_of
from publisher.model.release import Release, ReleasedFile, changes
from publisher.release.files import write_atomically
from publisher.release.store import ReleaseStore

FORMAT = 1
MOST_PAGES = 500
"""Pages that one file describes. More than that is a new theme, not news."""


def announce(folder: Path, store: ReleaseStore, release: Release, mirror: str) -> Path | None:
    """Write the file for ``release``; None if it is there already. ``mirror`` is the first one's public address, or empty.

    Raises `OSError`.
    """
    file = folder / f"{release.number:06}.json"
    before = last_announced(folder)
    if before is not None and before >= release.number:
        return None
    older = store.load(before).release if before in store.numbers() else None
    record = {
        "format": FORMAT,
        "release": release.number,
        "since": before,
        "moment": release.moment.isoformat(),
        "commit": release.commit,
        "site": mirror,
        **_pages(store, older, release, mirror),
    }
    write_atomically(file, json.dumps(record, ensure_ascii=False, indent=1).encode())
    return file


def last_announced(folder: Path) -> int | None:
    """Return the number of the last release that has a file, or None."""
    return max((int(file.stem) for file in folder.glob("*.json") if file.stem.isdecimal()), default=None)


def _pages(store: ReleaseStore, older: Release | None, release: Release, mirror: str) -> dict[str, Any]:
    """Return what is ``new``, ``changed`` and ``gone``. Of the first release nothing is listed: all of it is new."""
    if older is None:
        return {"first": True, "new": [], "changed": [], "gone": []}
    difference = changes(older, release)
    new = [file for file in difference.added if _is_page(file.path)]
    changed = [file for file in difference.changed if _is_page(file.path)]
    gone = [path for path in difference.removed if _is_page(path)]
    return {
        "first": False,
        "new": [_describe(store, file, mirror) for file in new[:MOST_PAGES]],
        "changed": [_describe(store, file, mirror) for file in changed[:MOST_PAGES]],
        "gone": [{"path": path, "address": address_of(mirror, path)} for path in gone[:MOST_PAGES]],
    }


def _is_page(path: str) -> bool:
    return path.endswith(".html") and not path.startswith("furigana/")  # the same page once more, with readings


def _describe(store: ReleaseStore, file: ReleasedFile, mirror: str) -> Mapping[str, str]:
    """Return a page's path, address, and what its head says: ``title``, ``type`` (``article`` for a document) and ``description``."""
    return {"path": file.path, "address": address_of(mirror, file.path), **dict(_head_elements(store.object(file.sha256)))}


def _head_elements(page: Path) -> Iterator[tuple[str, str]]:
    head = lxml.html.fromstring(page.read_bytes() or b"<html></html>", parser=lxml.html.HTMLParser(encoding="utf-8"))
    for name in ("title", "type", "description"):
        text = head.xpath("string(//meta[@property=$name]/@content)", name=f"og:{name}")
        yield name, " ".join(str(text).split())
