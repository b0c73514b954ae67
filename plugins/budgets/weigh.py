"""What one page asks for: its HTML, stylesheets, scripts, and for each picture the heaviest file a browser might choose."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_SHEET = re.compile(r'<link rel="stylesheet" href="(/[^"]+)"')
_SCRIPT = re.compile(r'<script(?![^>]*\btype="application/ld\+json")(?:[^>]*\bsrc="(/[^"]+)")?[^>]*>(.*?)</script>', re.DOTALL)
_PICTURE = re.compile(r"<picture>.*?</picture>|<img(?:[^>\"]|\"[^\"]*\")*>", re.DOTALL)
_FILE = re.compile(r'(?:src="|srcset="|, )(/[^" ]+)')
_KIND = re.compile(r'<meta property="og:type" content="([a-z]+)"')


@dataclass(frozen=True)
class Weight:
    """Bytes of one page. ``text`` is HTML, stylesheets and scripts as they are, ``packed`` the same as gzip sends them."""

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
    _packed: dict[str, int] = field(default_factory=dict)

    def size(self, url: str) -> int:
        """Return the bytes of a file, 0 if there is none: a missing file is for the link checker to tell."""
        path = self.path(url)
        return path.stat().st_size if path.is_file() else 0

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


def weigh(page: Path, files: Files, *, enough: int = 0) -> Weight:
    """Weigh one built page. HTML of less than ``enough`` bytes is not packed: it counts as it is, which is more."""
    name = page.relative_to(files.site).as_posix()
    data = files.path(name).read_bytes()
    html = data.decode("utf-8")
    scripts = _SCRIPT.findall(html)
    parts = _SHEET.findall(html) + [address for address, _ in scripts if address]
    kind = _KIND.search(html)
    return Weight(
        url="/" + name.removesuffix("index.html"),
        is_article=bool(kind and kind[1] == "article"),
        text=len(data) + sum(files.size(part) for part in parts),
        packed=(pack(data) if len(data) >= enough else len(data)) + sum(files.packed(part) for part in parts),
        script=sum(files.size(address) if address else len(inline.encode()) for address, inline in scripts),
        pictures=sum(_heaviest(found, files) for found in _PICTURE.findall(html)),
    )


def _heaviest(markup: str, files: Files) -> int:
    return max((files.size(address) for address in _FILE.findall(markup)), default=0)
