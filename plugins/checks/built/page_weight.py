"""Budgets for the weight of a page. A build over a budget fails, and the last good output stays.

1. `measure_page` adds up the bytes of one page and of the files that it loads.
2. `page_messages` and `stylesheet_messages` compare them with the budgets.
3. `plugins.builder.pelican_run` calls `pages_over_budget` for the pages that it has written.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from plugins.processes import map_batches

_STYLESHEET = re.compile(rb'<link rel="stylesheet" href="(/[^"]+)">')  # without media="print": no reader waits for that one
_SCRIPT = re.compile(
    rb'<script(?![^>]*\btype="(?:application/ld\+json|text/html)")(?:[^>]*\bsrc="(/[^"]+)")?[^>]*>(.*?)</script>', re.DOTALL
)
_PICTURE = re.compile(r"<picture>.*?</picture>|<img(?:[^>\"]|\"[^\"]*\")*>", re.DOTALL)
_ADDRESS = re.compile(r'(?:src="|srcset="|, )(/[^" ]+)')
_OG_TYPE = re.compile(rb'<meta property="og:type" content="([a-z]+)"')


@dataclass(frozen=True)
class PageWeight:
    """Bytes of one page. ``text`` is HTML, stylesheets and scripts as they are, ``packed`` the same as gzip sends them.

    ``pictures`` is measured for the portal only, the one page whose budget counts them; elsewhere it is 0.
    """

    url: str
    is_article: bool
    text: int
    packed: int
    script: int
    pictures: int


@dataclass
class SiteFiles:
    """The files of a site, each read and packed once. ``find`` returns the path of a file that is not in ``site`` yet."""

    site: Path
    find: Callable[[str], Path | None] | None = None
    _sizes: dict[str, int] = field(default_factory=dict)
    _packed: dict[str, int] = field(default_factory=dict)

    def size(self, url: str) -> int:
        """Return the bytes of a file, 0 if there is none: the link check reports a missing file."""
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
        """Return the path of a file, whether it exists or not."""
        name = url.lstrip("/").split("?")[0]
        return (self.find(name) if self.find else None) or self.site / name


def pack(data: bytes) -> int:
    """Return the length of ``data`` after gzip."""
    return len(gzip.compress(data, 6, mtime=0))


def measure_page(name: str, files: SiteFiles, *, enough: int = 0) -> PageWeight:
    """Measure the built page ``name``, relative to the site. HTML of less than ``enough`` bytes is not packed: it counts as it is, which is more."""
    data = files.path(name).read_bytes()
    scripts = _SCRIPT.findall(data)
    addresses = [address.decode() for address in (*_STYLESHEET.findall(data), *(address for address, _ in scripts)) if address]
    og_type = _OG_TYPE.search(data)
    return PageWeight(
        url="/" + name.removesuffix("index.html"),
        is_article=bool(og_type and og_type[1] == b"article"),
        text=len(data) + sum(files.size(address) for address in addresses),
        packed=(pack(data) if len(data) >= enough else len(data)) + sum(files.packed(address) for address in addresses),
        script=sum(files.size(address.decode()) if address else len(inline) for address, inline in scripts),
        pictures=sum(_heaviest(markup, files) for markup in _PICTURE.findall(data.decode())) if name == "index.html" else 0,
    )


def _heaviest(markup: str, files: SiteFiles) -> int:
    """Return the bytes of the largest candidate of one image: which of them a browser loads depends on the screen."""
    return max((files.size(address) for address in _ADDRESS.findall(markup)), default=0)


ARTICLE = 60_000
"""Bytes of an article without its pictures, as gzip sends it."""

PORTAL = 200_000
"""Bytes of the portal with every picture, the heaviest candidate of each."""

SCRIPT = 10_000
"""Bytes of JavaScript on one page, unpacked."""

SHEET = 30_000
"""Bytes of the theme's stylesheets for screens, unpacked."""

PRINT_SHEET = 8_000
"""Bytes of the theme's stylesheet for paper, unpacked. Browsers load it after everything else (``media="print"``), so that it delays no page."""

ENOUGH = ARTICLE // 2
"""Bytes of HTML that stay within the budget without compression, since half of it remains for stylesheets and scripts. Compressing each page takes time."""


def page_messages(weight: PageWeight) -> list[str]:
    """Return a line for each budget that a page exceeds."""
    rows = [("JavaScript", "JavaScript", weight.script, SCRIPT)]
    if weight.is_article:
        rows.append(("本文", "the article without pictures", weight.packed, ARTICLE))
    if weight.url == "/":
        rows.append(("絵も合わせたページ", "the portal with its pictures", weight.packed + weight.pictures, PORTAL))
    return [_message(weight.url, *row) for row in rows if row[2] > row[3]]


def stylesheet_messages(files: SiteFiles) -> list[str]:
    """Return a line for each kind of stylesheet that exceeds its budget: those for screens together, and the one for paper."""
    paths = list((files.site / "theme").rglob("*.css"))
    screen = sum(path.stat().st_size for path in paths if path.name != "print.css")
    paper = sum(path.stat().st_size for path in paths if path.name == "print.css")
    rows = (
        ("スタイルシート", "the stylesheets", screen, SHEET),
        ("印刷用のスタイルシート", "the stylesheet for paper", paper, PRINT_SHEET),
    )
    return [_message("/theme/", *row) for row in rows if row[2] > row[3]]


def _message(url: str, ja: str, en: str, bytes_: int, limit: int) -> str:
    return (
        f"{url}: {ja}が{bytes_ / 1000:.1f}kBあります。{limit // 1000}kBまでです / {en}: {bytes_ / 1000:.1f} kB, at most {limit // 1000} kB"
    )


def pages_over_budget(site: Path, pages: Iterable[str] | None = None, find: Callable[[str], Path | None] | None = None) -> list[str]:
    """Return a line in Japanese and English for each budget that the built ``site`` exceeds; an empty list is a pass.

    ``pages`` are the HTML files to measure, relative to the site; None means all. ``find`` returns the path of a file that is not in ``site`` yet.
    """
    files = SiteFiles(site, find)
    names = sorted(pages if pages is not None else (path.relative_to(site).as_posix() for path in site.rglob("*.html")))

    def measure_batch(names: Sequence[str]) -> list[str]:
        return [line for name in names for line in page_messages(measure_page(name, files, enough=ENOUGH))]

    return stylesheet_messages(files) + sorted(line for _, lines in map_batches(measure_batch, names) for line in lines)
