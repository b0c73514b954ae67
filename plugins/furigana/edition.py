"""Writes the copies, through a cache by content."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pelican import Pelican, signals
from pelican.generators import Generator

from plugins.context import Key, context_of
from plugins.digest import digest
from plugins.files import write_atomically
from plugins.frontmatter.library import LIBRARY
from plugins.furigana.page import LINK, PREFIX, add_ruby, stay_in_edition
from plugins.incremental.plan import PLAN
from plugins.incremental.writer import render_pending
from plugins.processes import map_batches
from plugins.readings.analyser import analyser_version, read_text
from plugins.readings.known import KnownReadings, known_readings
from plugins.readings.ruby import weave
from plugins.readings.table import READINGS

VERSION = "1"
"""Part of every cache key. Raise it when a copy would come out differently."""

_KNOWN = Key[KnownReadings]("known readings", __name__)
_log = logging.getLogger(__name__)


class FuriganaGenerator(Generator):  # type: ignore[misc]
    """Reads the table before any page is written, and tells templates whether there is an edition."""

    def generate_context(self) -> None:
        """Set ``furigana`` in the context. Raises `ContentErrors` for the table, also when nobody reads it today."""
        build = context_of(self.settings)
        known = known_readings(build[READINGS], build[LIBRARY].registry.places.values())
        build.provide(_KNOWN, known)
        tools = analyser_version() if is_enabled(self.settings) else None
        # Whoever links to a copy reads this, and a copy is another when the table or the tools are.
        self.context["furigana"] = tools is not None and digest((known, tools))
        if is_enabled(self.settings) and not self.context["furigana"]:
            _log.warning("No furigana edition: SudachiPy is not installed. Install the extra: pip install todoke[furigana]")


def is_enabled(settings: Mapping[str, Any]) -> bool:
    """Tell whether the site is to have the edition: unless ``FURIGANA`` of the settings says no."""
    return bool(settings.get("FURIGANA", True))


def write_edition(pelican: Pelican) -> None:
    """Write a copy of every page that links to one; sent when everything else is written."""
    tools = analyser_version()
    if tools is None or not is_enabled(pelican.settings):
        return
    build = context_of(pelican.settings)
    site, plan = build.site, build.get(PLAN)
    render_pending(plan)
    desk = PageCopier(build.cache / "furigana", build[_KNOWN], tools)
    press = _EditionWriter(site, desk)
    for _, made in map_batches(press.copy, press.missing(plan.rendered if plan else None)):
        for page, copy in made:
            if plan:
                plan.brings(page, copy)
                plan.on_page()
            signals.content_written.send(str(site / copy), context={})


@dataclass(frozen=True)
class _EditionWriter:
    site: Path
    desk: PageCopier

    def missing(self, pages: Iterable[str] | None) -> list[str]:
        """The pages without a copy, of ``pages`` or of all; a page that is taken over brings its own."""
        names = sorted(pages or (path.relative_to(self.site).as_posix() for path in self.site.rglob("index.html")))
        return [name for name in names if name.endswith("index.html") and not (self.site / _copy_of(name)).exists()]

    def copy(self, names: Sequence[str]) -> list[tuple[str, str]]:
        """Write the copies of those that link to one; return page and copy."""
        return [(name, _copy_of(name)) for name in names if self._copied(name)]

    def _copied(self, name: str) -> bool:
        html = (self.site / name).read_text(encoding="utf-8")
        if not LINK.search(html):
            return False
        target = self.site / _copy_of(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(stay_in_edition(self.desk.copy(html)), encoding="utf-8", newline="\n")
        return True


def _copy_of(name: str) -> str:
    return f"{PREFIX.lstrip('/')}/{name}"


class PageCopier:
    """Makes copies with one table and one analyser; ``cache`` may be thrown away at any time."""

    def __init__(self, cache: Path, readings: KnownReadings, tools: str) -> None:
        self.cache, self.readings, self.tools = cache, readings, tools
        # Most blocks of a page stand on every page: head, navigation, foot.
        self._weave = lru_cache(maxsize=20_000)(lambda text, tags: weave(text, tags, read_text(text, readings)))

    def copy(self, html: str) -> str:
        """Return the page with readings, from the cache if it was made before."""
        key = hashlib.sha256("\0".join((VERSION, self.tools, repr(self.readings), html)).encode()).hexdigest()[:24]
        kept = self.cache / f"{key}.html"
        if not kept.is_file():
            write_atomically(kept, add_ruby(html, self._weave).encode())
        return kept.read_text(encoding="utf-8")
