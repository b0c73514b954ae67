"""What a document asks of the rest of the checkout: is there such a page, is it public, how large is that picture?

Each answer is noted with the document. Next time the same questions are put; a document whose own bytes and whose answers are the same needs no
reading.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from plugins.frontmatter.model.document import Header, HeaderSummary, Picture
from plugins.frontmatter.model.registry import Registry
from plugins.frontmatter.parse.image_files import UnreadableImage, image_permalink, image_size

Question = tuple[str, str]
"""A word of `ReferenceResolver`, and a path below ``content/`` or an address."""

LIVE, ENDED, WAITING = "live", "ended", "waiting"


@dataclass
class ReferenceResolver:
    """Answers from the ``heads`` of all documents and from the files. ``asked`` is what the document at hand has asked so far.

    ``pictures`` holds what is known of pictures from before: by path, size and time of the file, and what was found.
    """

    content: Path
    registry: Registry
    heads: Mapping[str, Header | HeaderSummary]
    now: dt.datetime
    pictures: dict[str, tuple[int, int, Any]] = field(default_factory=dict)
    asked: dict[Question, Any] = field(default_factory=dict)
    _known: dict[Question, Any] = field(default_factory=dict)
    _standing: frozenset[str] = frozenset()

    def ask(self, word: str, about: str) -> Any:
        """Return the answer and note it."""
        answer = self.asked[word, about] = self.answer(word, about)
        return answer

    def same_as_before(self, asked: Mapping[Question, Any]) -> bool:
        """Tell whether all questions would be answered as they were."""
        return all(self.answer(*question) == answer for question, answer in asked.items())

    def answer(self, word: str, about: str) -> Any:
        """Return the answer, found once a build."""
        question = (word, about)
        if question not in self._known:
            self._known[question] = _QUESTIONS[word](self, about)
        return self._known[question]

    def _page(self, path: str) -> tuple[str, str] | None:
        """Its address, and whether it is live, has ended, or is waiting; None if there is no such document."""
        head = self.heads.get(path)
        if head is None:
            return None
        return head.url, LIVE if head.is_live(self.now) else ENDED if head.has_ended(self.now) else WAITING

    def _target(self, path: str) -> tuple[bool, bool, dt.datetime | None] | None:
        """For an issue: whether the document has figures, is a draft, and its date; None if there is no such document."""
        head = self.heads.get(path)
        return None if head is None else head.target

    def _file(self, path: str) -> bool:
        return (self.content / path).is_file()

    def _stat(self, path: str) -> tuple[int, int]:
        try:
            stat = (self.content / path).stat()
        except OSError:
            return 0, 0
        return stat.st_size, stat.st_mtime_ns

    def _address(self, url: str) -> bool:
        """Whether it is a standing address; articles are linked by file, so that a moved file is noticed."""
        if not self._standing:
            self._standing = self._fronts()
        return url in self._standing

    def _fronts(self) -> frozenset[str]:
        registry = self.registry
        fronts = {"/", "/search/", "/mail/", "/places/", "/topics/", "/feed.xml", "/feed.json", "/accessibility/results/"}
        fronts |= {front for p in registry.publications.values() for front in p.landing_pages} | {f"/mail/{key}/" for key in registry.lists}
        fronts |= {place.url for place in registry.places.values()} | {topic.url for topic in registry.topics.values()}
        return frozenset(fronts | {head.url for head in self.heads.values() if head.kind == "page"})

    def _picture(self, path: str) -> Picture | str | None:
        """The picture without words; what is wrong with it; None if it is not there."""
        size, time = self._stat(path)
        if not time or not self._file(path):
            return None
        known = self.pictures.get(path)
        if known is None or known[:2] != (size, time):
            self.pictures[path] = known = (size, time, self._looked_at(path))
        found: Picture | str = known[2]
        return found

    def _looked_at(self, path: str) -> Picture | str:
        file = self.content / path
        version = hashlib.blake2b(file.read_bytes(), digest_size=10).hexdigest()
        address = image_permalink(PurePosixPath(path)) if path.startswith("images/") else f"/{path}"
        try:
            return Picture(address, "", *image_size(file), version)
        except UnreadableImage as error:
            return str(error)


_QUESTIONS: Mapping[str, Callable[[ReferenceResolver, str], Any]] = {
    "page": ReferenceResolver._page,
    "target": ReferenceResolver._target,
    "file": ReferenceResolver._file,
    "stat": ReferenceResolver._stat,
    "address": ReferenceResolver._address,
    "picture": ReferenceResolver._picture,
}
"""The words that a document may ask. The content cache stores them with the answers, so a word keeps its meaning for ever."""
