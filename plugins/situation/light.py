"""Light pages: one file without a script, a style sheet or any other request, in at most 14 kB, for one bar of signal and for old browsers."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from plugins.frontmatter.model.registry import Site
from plugins.situation.current import Entry
from plugins.typography.filters import FILTERS

LIGHTEST = 14_000
"""Bytes: what a server sends before the first answer of the reader (ten segments, RFC 6928), one round trip."""


_MOST = 200
"""Entries: more of them have no room, whatever they say."""


@dataclass(frozen=True)
class LightSection:
    """The entries of one kind or municipality; ``url`` is the page that has all of them."""

    title: str
    url: str
    entries: tuple[Entry, ...]


class LightRenderer:
    """Renders with the template ``light.html`` in the folder ``situation`` of the theme. ``base`` is the site's address without a slash at the end."""

    def __init__(self, templates: Path, site: Site, base: str) -> None:
        environment = Environment(
            loader=FileSystemLoader(templates), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
        )
        environment.filters.update(FILTERS)
        environment.globals.update(site=site, base=base)
        self._template = environment.get_template("light.html")

    def page(self, title: str, url: str, sections: Sequence[LightSection], links: Sequence[tuple[str, str]] = ()) -> bytes:
        """Return the light page of the page at ``url``. ``links`` are names and addresses of other light pages.

        Where not everything has room, the same number of entries of each section is shown, the usable ones first, with a link to all of them.
        """
        most = min(_MOST, max((len(section.entries) for section in sections), default=0))
        whole = self._render(title, url, sections, links, most)
        if len(whole) <= LIGHTEST:  # nearly every page: one rendering instead of a search
            return whole
        left_out = range(1, most + 1)
        fewer = bisect_left(left_out, True, key=lambda number: len(self._render(title, url, sections, links, most - number)) <= LIGHTEST)
        return self._render(title, url, sections, links, max(0, most - 1 - fewer))

    def _render(self, title: str, url: str, sections: Sequence[LightSection], links: Sequence[tuple[str, str]], most: int) -> bytes:
        return self._template.render(title=title, url=url, sections=sections, links=links, shown=most).encode()
