"""An issue as values: greeting, corners, and in each corner prose and teasers. Pure.

The Markdown of an issue has become HTML in which ``<h2>`` begins a corner and ``<div data-teaser>``, ``<div data-since>`` stand for articles.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from plugins.frontmatter.body import Body, parse_html, plain
from plugins.frontmatter.document import Document
from plugins.frontmatter.kinds import Issue
from plugins.frontmatter.library import Library
from plugins.frontmatter.registry import MailList, Publication

FIRST_ISSUE = dt.timedelta(days=90)
"""How far back "since the last issue" goes for the first issue of a list."""


@dataclass(frozen=True)
class Prose:
    """Blocks of HTML that the editor wrote in the issue itself."""

    html: str


@dataclass(frozen=True)
class Teaser:
    """An article that the issue points to. One that has been taken down keeps its words and loses its link."""

    document: Document
    linked: bool


Block = Prose | Teaser


@dataclass(frozen=True)
class Corner:
    """A part of the issue under one heading; ``number`` counts from 1."""

    number: int
    title: str
    blocks: tuple[Block, ...]

    @property
    def anchor(self) -> str:
        return f"corner-{self.number}"


@dataclass(frozen=True)
class Composition:
    """A whole issue, ready to be shown as page, mail and text."""

    document: Document
    meta: Issue
    mail_list: MailList
    publication: Publication
    greeting: tuple[Block, ...]
    corners: tuple[Corner, ...]

    @property
    def number(self) -> str:
        return self.document.path.stem

    @property
    def label(self) -> str:
        """``みやぎ復興プレス メールマガジン版 第45号``."""
        return f"{self.mail_list.title} 第{self.number}号"

    @property
    def subject(self) -> str:
        """What is new stands first: a phone shows about twenty characters."""
        return f"{self.meta.title}（{self.label}）"


def compose(issue: Document, library: Library) -> Composition:
    """Compose ``issue``, a document of kind ``issue`` whose directives the library has resolved."""
    if not isinstance(issue.meta, Issue):
        raise TypeError(f"{issue.path} is no issue")
    mail_list = library.registry.lists[issue.path.parts[1]]
    body = parse_html(issue.html)
    chooser = _Chooser(issue, library, {PurePosixPath(e.get("data-teaser")) for e in body.directives("teaser")})
    parts = list(_parts(body, chooser))
    filled = [part for part in parts[1:] if part[1]]  # a corner for which nothing came in is left out
    return Composition(
        document=issue,
        meta=issue.meta,
        mail_list=mail_list,
        publication=library.registry.publications[mail_list.publication],
        greeting=parts[0][1],
        corners=tuple(Corner(number, title, blocks) for number, (title, blocks) in enumerate(filled, 1)),
    )


def _parts(body: Body, chooser: _Chooser) -> Iterator[tuple[str, tuple[Block, ...]]]:
    """Yield (title, blocks): first the greeting, which has no title, then each corner."""
    title, blocks = "", list[Block]()
    for element in body.root:
        if element.tag == "h2":
            yield title, tuple(blocks)
            title, blocks = plain(element), []
        else:
            blocks += chooser.blocks(element)
    yield title, tuple(blocks)


@dataclass
class _Chooser:
    """Picks the articles of one issue; none is taken twice."""

    issue: Document
    library: Library
    taken: set[PurePosixPath]

    def blocks(self, element: Any) -> list[Block]:
        if (path := element.get("data-teaser")) is not None:
            return [self._teaser(self.library.documents[PurePosixPath(path)])]
        if (keys := element.get("data-since")) is not None:
            return [self._teaser(document) for document in self._since(keys.split())]
        return [Prose(Body(element).outer)]

    def _teaser(self, document: Document) -> Teaser:
        return Teaser(document, linked=document.is_live(self.library.now))

    def _since(self, keys: list[str]) -> list[Document]:
        """What these publications published after the last issue and up to this one, oldest first."""
        start, end = last_issue(self.issue, self.library), self.issue.date
        found = [
            d
            for d in self.library.documents.values()
            if d.publication
            and d.publication.key in keys
            and d.meta.date
            and start < d.date <= end
            and not d.meta.draft
            and d.kind != "issue"
        ]
        chosen = sorted((d for d in found if d.path not in self.taken), key=lambda d: (d.date, d.path))
        self.taken |= {d.path for d in chosen}
        return chosen


def last_issue(issue: Document, library: Library) -> dt.datetime:
    """Return when the issue before this one of the same list came out, or 90 days before the first."""
    earlier = [
        d.date for d in library.documents.values() if d.path.parent == issue.path.parent and d.date < issue.date and not d.meta.draft
    ]
    return max(earlier, default=issue.date - FIRST_ISSUE)
