"""What one page asks for: its HTML, stylesheets, scripts, and for each picture the heaviest file a browser might choose."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_SHEET = re.compile(rb'<link rel="stylesheet" href="(/[^"]+)"')
_SCRIPT = re.compile(rb'<script(?![^>]*\btype="application/ld\+json")(?:[^>]*\bsrc="(/[^"]+)")?[^>]*>(.*?)</script>', re.DOTALL)
_PICTURE = re.compile(r"<picture>.*?</picture>|<img(?:[^>\"]|\"[^\"]*\")*>", re.DOTALL)
_FILE = re.compile(r'(?:src="|srcset="|, )(/[^" ]+)')
_KIND = re.compile(rb'<meta property="og:type" content="([a-z]+)"')


@dataclass(frozen=True)
class Weight:
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
class Files:
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


def weigh(name: str, files: Files, *, enough: int = 0) -> Weight:
    """Weigh the built page ``name``, relative to the site. HTML of less than ``enough`` bytes is not packed: it counts as it is, which is more."""
    data = files.path(name).read_bytes()
    scripts = _SCRIPT.findall(data)
    parts = [address.decode() for address in (*_SHEET.findall(data), *(address for address, _ in scripts)) if address]
    kind = _KIND.search(data)
    return Weight(
        url="/" + name.removesuffix("index.html"),
        is_article=bool(kind and kind[1] == b"article"),
        text=len(data) + sum(files.size(part) for part in parts),
        packed=(pack(data) if len(data) >= enough else len(data)) + sum(files.packed(part) for part in parts),
        script=sum(files.size(address.decode()) if address else len(inline) for address, inline in scripts),
        pictures=sum(_heaviest(found, files) for found in _PICTURE.findall(data.decode())) if name == "index.html" else 0,
    )


def _heaviest(markup: str, files: Files) -> int:
    return max((files.size(address) for address in _FILE.findall(markup)), default=0)
