"""The files of an entry (sound, PDF): which are wanted, what their copies are called, and the body that links to the copies. Pure.

Wanted are the files that the feed names beside the entry (enclosures), and those on the entry's own host that its text links to: what lies elsewhere is
not the partner's to give. A copy is named after its entry and a piece of the SHA-256 of the file's address.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from plugins.partners.model.urls import without_scheme

MOST_FILES = 10
"""Of one entry. Later ones stay links."""

SOUNDS = ("mp3", "m4a", "aac", "ogg", "oga", "opus", "flac", "wav")
SUFFIXES = ("pdf", "mp3", "m4a", "aac", "ogg", "flac", "wav")
"""Suffixes that a copy can have."""

_LINK = re.compile(r'<a href="([^"]+)"((?: [a-z]+="[^"]*")*)>(.*?)</a>', re.DOTALL)
"""A link as ``sanitize`` writes it."""


def wanted_files(body: str, enclosures: Sequence[str], original: str) -> tuple[str, ...]:
    """Return the addresses of the files to copy, each once, in order."""
    host = urlsplit(original).hostname
    linked = [html.unescape(match[1]) for match in _LINK.finditer(body)]
    return tuple(dict.fromkeys(address for address in linked if address in enclosures or _is_own_file(address, host)))[:MOST_FILES]


def _is_own_file(address: str, host: str | None) -> bool:
    parts = urlsplit(address)
    return parts.hostname == host and parts.path.rpartition(".")[2].lower() in ("pdf", *SOUNDS)


def copy_name(stem: str, address: str, suffix: str) -> str:
    """Return the name of the copy beside ``stem``.md."""
    return f"{stem}-{hashlib.sha256(without_scheme(address).encode()).hexdigest()[:8]}.{suffix}"


def copy_names(stem: str, address: str) -> tuple[str, ...]:
    """Return the names that the copy of a file can have."""
    return tuple(copy_name(stem, address, suffix) for suffix in SUFFIXES)


def link_to_copies(body: str, copies: Mapping[str, tuple[str, int]]) -> str:
    """Return ``body`` with links to the copies. ``copies``: address → name and bytes; the words of a link get kind and size, as the site's own do."""

    def with_copy(match: re.Match[str]) -> str:
        name, size = copies.get(html.unescape(match[1]), ("", 0))
        return f'<a href="{name}"{match[2]}>{match[3]}{_kind_and_size(match[3], name, size)}</a>' if name else match[0]

    return _LINK.sub(with_copy, body) if copies else body


def _kind_and_size(words: str, name: str, size: int) -> str:
    kind = "PDF" if name.endswith(".pdf") else "音声"
    amount = f"{size / 1_000_000:.1f}MB" if size >= 999_500 else f"{max(1, round(size / 1000))}kB"
    return f"（{amount}）" if kind in words else f"（{kind}、{amount}）"


def copied_names(body: str, stem: str) -> frozenset[str]:
    """Return the names of the copies to which a file's body links."""
    return frozenset(match[1] for match in _LINK.finditer(body) if match[1].startswith(f"{stem}-"))
