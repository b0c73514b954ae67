"""Makes the copy of one page, through a cache by content. It needs no Pelican: the fast path of an emergency copies its pages too."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from plugins.files import write_atomically
from plugins.furigana.page import LINK, PREFIX, add_ruby, add_ruby_to_part, stay_in_edition
from plugins.readings.analyser import read_text
from plugins.readings.known import KnownReadings
from plugins.readings.ruby import cuts, weave

VERSION = "3"
"""Part of every cache key. Raise it when the same page would give another copy."""


class PageCopier:
    """Adds readings to pages, with one table and one version of the analyser (``tools``). The folder ``cache`` may be deleted at any time."""

    def __init__(self, cache: Path, readings: KnownReadings, tools: str) -> None:
        self.cache, self.readings, self.tools = cache, readings, tools
        # Most blocks of text (header, navigation, footer) are on every page, so each is analysed once.
        self._weave = lru_cache(maxsize=20_000)(lambda text, tags: weave(text, tags, read_text(text, readings, cuts(tags))))

    def copy_of_page(self, html: str) -> str | None:
        """Return the copy of a whole page, with links that stay in the edition; None for a page that links to no copy."""
        return stay_in_edition(self.copy(html)) if LINK.search(html) else None

    def copy_of_part(self, html: str) -> str:
        """Return the copy of a part of a page that begins and ends between blocks."""
        return stay_in_edition(add_ruby_to_part(html, self._weave))

    def copy(self, html: str) -> str:
        """Return ``html`` with readings, from the cache if this page was copied before."""
        key = hashlib.sha256("\0".join((VERSION, self.tools, repr(self.readings), html)).encode()).hexdigest()[:24]
        cached = self.cache / f"{key}.html"
        if not cached.is_file():
            write_atomically(cached, add_ruby(html, self._weave).encode())
        return cached.read_text(encoding="utf-8")


def copy_name(name: str) -> str:
    """Return the file of the copy of the page ``name``, both relative to the site."""
    return f"{PREFIX.lstrip('/')}/{name}"
