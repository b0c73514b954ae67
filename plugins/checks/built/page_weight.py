"""How heavy a page may be. A build over a budget fails, and the last good output stays.

`weigh_page` finds what one built page asks for, `budgets` says how much is too much. ``plugins.builder.run`` calls `pages_over_budget` when all pages are written.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from plugins.processes import map_batches

_SHEET = re.compile(rb'<link rel="stylesheet" href="(/[^"]+)"')


_SCRIPT = re.compile(rb'<script(?![^>]*\btype="application/ld\+json")(?:[^>]*\bsrc="(/[^"]+)")?[^>]*>(.*?)</script>', re.DOTALL)


_PICTURE = re.compile(r"<picture>.*?</picture>|<img(?:[^>\"]|\"[^\"]*\")*>", re.DOTALL)


_FILE = re.compile(r'(?:src="|srcset="|, )(/[^" ]+)')


_KIND = re.compile(rb'<meta property="og:type" content="([a-z]+)"')


@dataclass(frozen=True)
class PageWeight:
    """Bytes of one page. ``text`` is HTML, stylesheets and scripts as they are, ``packed`` the same as gzip sends them.

    ``pictures`` is told of the portal alone: only there do they count.
    """

    url: str
    is_article: bool
    text: int
    packed: int
    script: int
    pictures: int


@dataclass
class SiteFiles:
    """The files of a site, each read and packed once. ``find`` knows where they lie, if not all do in ``site``."""

    site: Path
    find: Callable[[str], Path | None] | None = None
    _sizes: dict[str, int] = field(default_factory=dict)
    _packed: dict[str, int] = field(default_factory=dict)

    def size(self, url: str) -> int:
        """Return the bytes of a file, 0 if there is none: a missing file is for the link checker to tell."""
        if url not in self._sizes:
            path = self.path(url)
            self._sizes[url] = path.stat().st_size if path.is_file() else 0
        return self._sizes[url]

    def packed(self, url: str) -> int:
        """Return the bytes of a file after gzip (RFC 1952)."""
        if url not in self._packed:
            path = self.path(url)
            self._packed[url] = pack(path.read_bytes()) if path.is_file() else 0
        return self._packed[url]

    def path(self, url: str) -> Path:
        """Return where a file lies, or would lie."""
        name = url.lstrip("/").split("?")[0]
        return (self.find(name) if self.find else None) or self.site / name


def pack(data: bytes) -> int:
    """Return the length of ``data`` after gzip."""
    return len(gzip.compress(data, 6, mtime=0))


def weigh_page(name: str, files: SiteFiles, *, enough: int = 0) -> PageWeight:
    """Weigh the built page ``name``, relative to the site. HTML of less than ``enough`` bytes is not packed: it counts as it is, which is more."""
    data = files.path(name).read_bytes()
    scripts = _SCRIPT.findall(data)
    parts = [address.decode() for address in (*_SHEET.findall(data), *(address for address, _ in scripts)) if address]
    kind = _KIND.search(data)
    return PageWeight(
        url="/" + name.removesuffix("index.html"),
        is_article=bool(kind and kind[1] == b"article"),
        text=len(data) + sum(files.size(part) for part in parts),
        packed=(pack(data) if len(data) >= enough else len(data)) + sum(files.packed(part) for part in parts),
        script=sum(files.size(address.decode()) if address else len(inline) for address, inline in scripts),
        pictures=sum(_heaviest(found, files) for found in _PICTURE.findall(data.decode())) if name == "index.html" else 0,
    )


def _heaviest(markup: str, files: SiteFiles) -> int:
    return max((files.size(address) for address in _FILE.findall(markup)), default=0)


ARTICLE = 60_000
"""Bytes of an article without its pictures, as gzip sends it."""


PORTAL = 200_000
"""Bytes of the portal with every picture, the heaviest candidate of each."""


SCRIPT = 10_000
"""Bytes of JavaScript on one page, unpacked."""


SHEET = 30_000
"""Bytes of all stylesheets of the theme, unpacked."""


ENOUGH = ARTICLE // 2
"""Bytes of HTML below which it does not matter how far gzip gets: the rest of a page may take as much again."""


def budget_diagnostics(weight: PageWeight) -> list[str]:
    """Return what is wrong with one page."""
    rows = [("JavaScript", "JavaScript", weight.script, SCRIPT)]
    if weight.is_article:
        rows.append(("本文", "the article without pictures", weight.packed, ARTICLE))
    if weight.url == "/":
        rows.append(("絵も合わせたページ", "the portal with its pictures", weight.packed + weight.pictures, PORTAL))
    return [_say(weight.url, *row) for row in rows if row[2] > row[3]]


def stylesheet_diagnostics(files: SiteFiles) -> list[str]:
    """Return what is wrong with the stylesheets."""
    size = sum(path.stat().st_size for path in (files.site / "theme").rglob("*.css"))
    return [_say("/theme/", "スタイルシート", "the stylesheets", size, SHEET)] if size > SHEET else []


def _say(url: str, ja: str, en: str, bytes_: int, limit: int) -> str:
    return (
        f"{url}: {ja}が{bytes_ / 1000:.1f}kBあります。{limit // 1000}kBまでです / {en}: {bytes_ / 1000:.1f} kB, at most {limit // 1000} kB"
    )


__all__ = ["pages_over_budget"]


def pages_over_budget(site: Path, pages: Iterable[str] | None = None, find: Callable[[str], Path | None] | None = None) -> list[str]:
    """Return what is too heavy in the built ``site``, one line each, in Japanese and English; an empty list is a pass.

    ``pages`` are the HTML files to weigh, relative to the site; all, if it is None. ``find`` finds a file of the site by its name where not all of
    them lie in ``site`` yet.
    """
    files = SiteFiles(site, find)
    names = sorted(pages if pages is not None else (path.relative_to(site).as_posix() for path in site.rglob("*.html")))

    def look(names: Sequence[str]) -> list[str]:
        return [line for name in names for line in budget_diagnostics(weigh_page(name, files, enough=ENOUGH))]

    return stylesheet_diagnostics(files) + sorted(line for _, lines in map_batches(look, names) for line in lines)
