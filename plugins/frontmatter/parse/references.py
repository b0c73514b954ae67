"""Resolves what a document refers to: other documents, files, images, addresses of the site.

Each reference of a document is recorded together with what it resolved to. The next build resolves the same references again: a document whose own
bytes are the same, and whose references resolve to the same, need not be read.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from plugins.frontmatter.model.document import Header, HeaderSummary, Picture
from plugins.frontmatter.model.registry import Registry
from plugins.frontmatter.model.situation import landing_pages
from plugins.frontmatter.parse.image_files import UnreadableImage, image_permalink, image_size
from plugins.frontmatter.parse.source import is_publishable
from plugins.inputs import InputFolder, UnreadableInput, survey

Reference = tuple[str, str]
"""A method (a key of `_METHODS`), and a path below ``content/`` or an address."""

LIVE, ENDED, WAITING = "live", "ended", "waiting"


@dataclass
class ReferenceResolver:
    """Resolves references from the ``headers`` of all documents and from the files below ``content``.

    ``resolved`` are the references of the document at hand. ``images`` is what earlier builds found in image files: by path the size in bytes and the
    time in ns of the file, and the result of ``picture``; it is added to.
    """

    content: Path
    registry: Registry
    headers: Mapping[str, Header | HeaderSummary]
    now: dt.datetime
    images: dict[str, tuple[int, int, Any]] = field(default_factory=dict)
    resolved: dict[Reference, Any] = field(default_factory=dict)
    _results: dict[Reference, Any] = field(default_factory=dict)
    _permanent_urls: frozenset[str] = frozenset()

    @cached_property
    def files(self) -> InputFolder:
        """The files below ``content``, which are read through it and in no other way."""
        return InputFolder(self.content)

    @cached_property
    def all_files(self) -> frozenset[str]:
        """Every path below ``content``, for those who look for what an editor meant."""
        return frozenset(survey(self.content).files)

    @cached_property
    def urls(self) -> dict[str, str]:
        """The path of each document by its address, as `all_files`."""
        return {header.url: path for path, header in self.headers.items()}

    def resolve(self, method: str, target: str) -> Any:
        """Resolve a reference of the document at hand, and record it."""
        result = self.resolved[method, target] = self._resolve((method, target))
        return result

    @property
    def named_files(self) -> frozenset[str]:
        """The files below ``content`` that the document at hand names."""
        return frozenset(target for (method, target), result in self.resolved.items() if method in ("file", "picture") and result)

    def same_as_before(self, resolved: Mapping[Reference, Any]) -> bool:
        """Tell whether all references resolve to what they resolved to before."""
        return all(self._resolve(reference) == result for reference, result in resolved.items())

    def _resolve(self, reference: Reference) -> Any:
        """Resolve each reference once a build: many documents share one."""
        if reference not in self._results:
            method, target = reference
            self._results[reference] = _METHODS[method](self, target)
        return self._results[reference]

    def _page(self, path: str) -> tuple[str, str] | None:
        """Return the document's address, and whether it is live, has ended, or waits; None if there is no such document."""
        header = self.headers.get(path)
        if header is None:
            return None
        return header.url, LIVE if header.is_live(self.now) else ENDED if header.has_ended(self.now) else WAITING

    def _target(self, path: str) -> tuple[bool, bool, dt.datetime | None] | None:
        """Return what an issue checks in a document that it names (`HeaderSummary.target`); None if there is no such document."""
        header = self.headers.get(path)
        return None if header is None else header.target

    def _file(self, path: str) -> bool:
        """Tell whether ``path`` is a file that can be public: not one of another program, and not one that only the build reads."""
        return is_publishable(path) and self.files.stat(path) is not None

    def _stat(self, path: str) -> tuple[int, int]:
        """Return size and time of a file whose contents the document depends on; zeros if it is missing."""
        stat = self.files.stat(path)
        return (stat.size, stat.time) if stat else (0, 0)

    def _address(self, url: str) -> bool:
        """Tell whether ``url`` is an address that never goes away. Articles are linked by their file, so that a moved file is found out."""
        if not self._permanent_urls:
            self._permanent_urls = self._find_permanent_urls()
        return url in self._permanent_urls

    def _find_permanent_urls(self) -> frozenset[str]:
        registry = self.registry
        urls = {"/", "/search/", "/mail/", "/places/", "/topics/", "/feed.xml", "/feed.json", "/accessibility/results/"}
        urls |= {url for publication in registry.publications.values() for url in publication.landing_pages}
        urls |= {f"/mail/{key}/" for key in registry.lists} | (landing_pages() if registry.site.situation else set())
        urls |= {place.url for place in registry.places.values()} | {topic.url for topic in registry.topics.values()}
        return frozenset(urls | {header.url for header in self.headers.values() if header.content_type == "page"})

    def _picture(self, path: str) -> Picture | str | None:
        """Return the picture without its text alternative; the reason why it cannot be read; None if there is no such file."""
        size, time = self._stat(path)
        if not time or not self._file(path):
            return None
        known = self.images.get(path)
        if known is None or known[:2] != (size, time):
            self.images[path] = known = (size, time, self._read_picture(path))
        result: Picture | str = known[2]
        return result

    def _read_picture(self, path: str) -> Picture | str:
        try:
            data = self.files.read(path)
            url = image_permalink(PurePosixPath(path)) if path.startswith("images/") else f"/{path}"
            version = hashlib.blake2b(data, digest_size=10).hexdigest()
            return Picture(url, "", *image_size(data, PurePosixPath(path).suffix), version)
        except (UnreadableInput, UnreadableImage) as error:
            return str(error)


_METHODS: Mapping[str, Callable[[ReferenceResolver, str], Any]] = {
    "page": ReferenceResolver._page,
    "target": ReferenceResolver._target,
    "file": ReferenceResolver._file,
    "stat": ReferenceResolver._stat,
    "address": ReferenceResolver._address,
    "picture": ReferenceResolver._picture,
}
"""How a reference is resolved. The content cache stores the keys with each document."""
