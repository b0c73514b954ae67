"""An issue as values: greeting, sections, and in each section its blocks. Pure.

The Markdown of an issue has become HTML, in which ``<h2>`` begins a section, and ``<div data-teaser>`` and the like stand for the directives
of `plugins.frontmatter.parse.directives`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from plugins.frontmatter.library import Library
from plugins.frontmatter.model.content_types import Issue
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.registry import MailList, Publication
from plugins.frontmatter.parse.markdown import Body, parse_html, plain_text
from plugins.magazine.compose.blocks import Block, Prose, Teaser
from plugins.magazine.compose.safe_text import heading, one_line, strip_controls
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

    @property
    def articles(self) -> tuple[Teaser, ...]:
        """The blocks that show an article."""
        return articles_of(self.blocks)


@dataclass(frozen=True)
class ContentsEntry:
    """A line of the table of contents: a headline, and where it leads on the web. Without an address it stands there as words."""

    title: str
    url: str = ""


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
        return frozenset(teaser.document.path for teaser in self.teasers)

    @cached_property
    def teasers(self) -> tuple[Teaser, ...]:
        """Every article of the issue in its order."""
        return (*self.greeting_articles, *(teaser for section in self.sections for teaser in section.articles))

    @property
    def greeting_articles(self) -> tuple[Teaser, ...]:
        """The articles that stand before the first section."""
        return articles_of(self.greeting)

    @property
    def lead(self) -> Teaser | None:
        """The first article, if it has a picture: the only one that a mail shows large."""
        return self.teasers[0] if self.teasers and self.teasers[0].picture else None

    @property
    def pictures(self) -> frozenset[str]:
        """The permalink of every picture that the issue shows."""
        return self.document.image_urls | {teaser.picture.url for teaser in self.teasers if teaser.picture}

    @property
    def contents(self) -> tuple[ContentsEntry, ...]:
        """What the issue has, a headline each: its articles, and the title of a section that is words of the editor alone.

        They lead to the web. A link to a place inside the mail does nothing on iOS and in Outlook's apps, and leaves the mail in Yahoo's (caniemail.com,
        ``html-anchor-links``). Two links of the same words never lead to different places (WCAG 2.2, 2.4.4): the later one stands there without its link.
        """
        entries = [_article_entry(teaser) for teaser in self.greeting_articles]
        for section in self.sections:
            own = ContentsEntry(section.title, f"{self.document.url}#{section.anchor}")
            entries += [_article_entry(teaser) for teaser in section.articles] or [own]
        urls = {teaser.title: teaser.document.url for teaser in reversed(self.teasers)}
        for entry in entries:
            urls.setdefault(entry.title, entry.url)
        return tuple(entry if urls[entry.title] == entry.url else ContentsEntry(entry.title) for entry in entries)

    def alternative(self, teaser: Teaser) -> str:
        """Return the text alternative of an article's picture, which is the text of a link: it names the article if another link has the same words."""
        if teaser.picture is None:
            raise TypeError(f"{teaser.document.path} has no picture here")
        alternative = strip_controls(teaser.picture.alt)
        others = [each for each in self.teasers if each.document.path != teaser.document.path]
        words = {each.title for each in others} | {each.picture.alt for each in others if each.picture}
        return f"{alternative}（{teaser.title}）" if alternative in words else alternative


def articles_of(blocks: tuple[Block, ...]) -> tuple[Teaser, ...]:
    """Return those of ``blocks`` that show an article."""
    return tuple(block for block in blocks if not isinstance(block, Prose))


def _article_entry(teaser: Teaser) -> ContentsEntry:
    return ContentsEntry(teaser.title, teaser.document.url if teaser.linked else "")


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
