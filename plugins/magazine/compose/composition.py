"""An issue as values: greeting, sections, and in each section its blocks. Pure.

The Markdown of an issue has become HTML, in which ``<h2>`` begins a section, and ``<div data-teaser>`` and the like stand for the directives
of `plugins.frontmatter.parse.directives`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from plugins.frontmatter.library import Library
from plugins.frontmatter.model.content_types import Issue
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.registry import MailList, Publication
from plugins.frontmatter.parse.markdown import Body, parse_html, plain_text
from plugins.magazine.compose.blocks import Block, Prose
from plugins.magazine.compose.safe_text import heading, one_line
from plugins.magazine.compose.selection import Carried, Selection


@dataclass(frozen=True)
class Section:
    """A part of the issue under one heading; ``number`` counts from 1."""

    number: int
    title: str
    blocks: tuple[Block, ...]

    @property
    def anchor(self) -> str:
        return f"corner-{self.number}"  # public since the first issue: links into pages of old issues must not break


@dataclass(frozen=True)
class Composition:
    """A whole issue, ready to be shown as page, mail and text."""

    document: Document
    meta: Issue
    mail_list: MailList
    publication: Publication
    greeting: tuple[Block, ...]
    sections: tuple[Section, ...]

    @property
    def number(self) -> str:
        return self.document.path.stem

    @property
    def label(self) -> str:
        """``みやぎ復興プレス メールマガジン版 第45号``."""
        return f"{self.mail_list.title} 第{self.number}号"

    @property
    def title(self) -> str:
        return heading(self.meta.title)

    @property
    def preheader(self) -> str:
        """The text that a mail program shows after the subject."""
        return one_line(self.meta.preheader or self.document.summary)

    @property
    def subject(self) -> str:
        """The subject of the mail. The title of the issue stands before its number: a phone shows about twenty characters."""
        return one_line(f"{self.meta.title}（{self.label}）")

    @property
    def articles(self) -> frozenset[PurePosixPath]:
        """Every document that the issue carries."""
        blocks = (*self.greeting, *(block for section in self.sections for block in section.blocks))
        return frozenset(block.document.path for block in blocks if not isinstance(block, Prose))


def compose(issue: Document, library: Library, carried: Carried | None = None) -> Composition:
    """Compose ``issue``, a document of content type ``issue`` whose directives the library has resolved.

    A directive does not find again what earlier issues of the list have ``carried``; see `plugins.magazine.compose.issues.compose_all`.
    Raises `TypeError` for a document of another type.
    """
    if not isinstance(issue.meta, Issue):
        raise TypeError(f"{issue.path} is no issue")
    mail_list = library.registry.lists[issue.path.parts[1]]
    body = parse_html(issue.html)
    selection = Selection(issue, library, carried or {}, set(named_documents(body)))
    (_, greeting), *sections = _split(body, selection)
    filled = [(title, blocks) for title, blocks in sections if blocks]  # a section whose directives find nothing is left out
    return Composition(
        document=issue,
        meta=issue.meta,
        mail_list=mail_list,
        publication=library.registry.publications[mail_list.publication],
        greeting=greeting,
        sections=tuple(Section(number, heading(title), blocks) for number, (title, blocks) in enumerate(filled, 1)),
    )


def named_documents(body: Body, *, again: bool = True) -> list[PurePosixPath]:
    """Return the articles that the issue names by file, in their order; without ``again`` only those not marked もう一度."""
    elements = [(element, element.get(f"data-{name}")) for name in ("teaser", "figures") for element in body.directives(name)]
    return [PurePosixPath(path) for element, path in elements if again or element.get("data-again") is None]


def has_directives(body: Body) -> bool:
    """Tell whether a directive decides what the issue carries."""
    return any(body.directives(name) for name in ("since", "events", "partners"))


def _split(body: Body, selection: Selection) -> Iterator[tuple[str, tuple[Block, ...]]]:
    """Yield (title, blocks): first the greeting, which has no title, then each section."""
    title, blocks = "", list[Block]()
    for element in body.root:
        if element.tag == "h2":
            yield title, tuple(blocks)
            title, blocks = plain_text(element), []
        else:
            blocks += selection.blocks(element)
    yield title, tuple(blocks)
