"""A document: one source, read, typed and addressed. Frozen; it crosses every room of the build."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import ClassVar, NamedTuple, Protocol

from plugins.digest import digest
from plugins.frontmatter.model.content_types import Issue, Meta, Page, Progress
from plugins.frontmatter.model.registry import Publication


@dataclass(frozen=True)
class Picture:
    """An image of the site: its address, what it says, its size in CSS pixels, and the digest of its file."""

    url: str
    alt: str
    width: int
    height: int
    version: str = ""


@dataclass(frozen=True)
class File:
    """An attached PDF: what it is called, its address, its size in bytes, its pages."""

    title: str
    url: str
    size: int
    pages: int

    @property
    def weight(self) -> str:
        """The size as people say it: ``340 kB``, ``1.2 MB``."""
        return f"{self.size / 1_000_000:.1f} MB" if self.size >= 999_500 else f"{max(1, round(self.size / 1000))} kB"


class HeaderSummary(NamedTuple):
    """What other documents may ask of one, and the names that none of them may have too; travels lightly between the processes that read.

    ``path`` is relative to ``content/``. ``target`` tells a mail issue whether there are figures, whether it is a draft, and its date. ``claims`` are names
    with the key of the front matter that gives each.
    """

    path: str
    kind: str
    url: str
    begins: dt.datetime | None
    ends: dt.datetime | None
    target: tuple[bool, bool, dt.datetime | None]
    claims: tuple[tuple[object, str], ...]

    def is_live(self, now: dt.datetime) -> bool:
        """See `Header.is_live`."""
        return (self.begins is None or self.begins <= now) and not self.target[1] and not self.has_ended(now)

    def has_ended(self, now: dt.datetime) -> bool:
        """See `Header.has_ended`."""
        return self.ends is not None and self.ends <= now


@dataclass(frozen=True)
class Header:
    """What is known of a document before its body is read. ``path`` is relative to ``content/``; ``url`` is root-relative and ends in a slash."""

    path: PurePosixPath
    kind: str
    meta: Meta
    publication: Publication | None
    url: str

    @property
    def date(self) -> dt.datetime:
        """When it was published. Standing pages have no date and are never asked."""
        if self.meta.date is None:
            raise ValueError(f"{self.path} has no date")
        return self.meta.date

    def is_live(self, now: dt.datetime) -> bool:
        """Tell whether it is public at ``now``: no draft, begun, not ended."""
        begun = self.meta.date is None or self.meta.date <= now
        return begun and not self.meta.draft and not self.has_ended(now)

    def has_ended(self, now: dt.datetime) -> bool:
        """Tell whether it has been taken down by ``now``."""
        return self.meta.ends is not None and self.meta.ends <= now

    @property
    def target(self) -> tuple[bool, bool, dt.datetime | None]:
        """See `HeaderSummary`."""
        return isinstance(self.meta, Progress) and bool(self.meta.figures), self.meta.draft, self.meta.date

    @property
    def claims(self) -> tuple[tuple[object, str], ...]:
        """See `HeaderSummary`: the name within the publication, or the address, and the addresses of before."""
        aliases = tuple((alias, "aliases") for alias in self.meta.aliases)
        if self.kind in ("issue", "partner", "page"):
            return (self.url, "slug"), *aliases
        owner = self.publication.key if self.publication else None
        return ((self.url.split("/")[1], owner, self.url.rsplit("/", 2)[1]), "slug"), *aliases

    @property
    def summary_for_others(self) -> HeaderSummary:
        """What others may ask."""
        return HeaderSummary(str(self.path), self.kind, self.url, self.meta.date, self.meta.ends, self.target, self.claims)


class DocumentText(Protocol):
    """The words of a document: ready to show, and as they were written."""

    @property
    def html(self) -> str: ...
    @property
    def markdown(self) -> str: ...


@dataclass(frozen=True)
class LoadedText:
    """Words that are at hand."""

    html: str
    markdown: str


NO_TEXT = LoadedText("", "")
"""Stands in a document while its text is stored elsewhere."""


@dataclass(frozen=True)
class Document(Header):
    """``summary`` and ``html`` are ready to show; ``markdown`` is the body as written, which the magazine reads for its corners.

    The text may lie in the store until somebody asks for it. ``shows`` are the addresses of the pictures in it.
    """

    summary: str
    text: DocumentText = field(compare=False)
    body_line: int
    picture: Picture | None = None
    files: tuple[File, ...] = ()
    shows: frozenset[str] = frozenset()
    tracking_digests: Mapping[str, str] = field(default_factory=dict)
    """For `plugins.incremental`: digests of ``meta`` and ``html``, taken when the source was read."""

    tracking_leaf: ClassVar[bool] = True

    @property
    def tracking_whole(self) -> str:
        """For `plugins.incremental`: one digest for all that can be read from this document."""
        return self.tracking_digests.get("whole", "")

    def with_text(self, text: DocumentText) -> Document:
        """Return the same document with another text. Three times as fast as `dataclasses.replace`: a build does this for every document."""
        made = object.__new__(Document)
        made.__dict__.update(self.__dict__, text=text)
        return made

    @property
    def html(self) -> str:
        """The body, ready to show."""
        return self.text.html

    @property
    def markdown(self) -> str:
        """The body as it was written."""
        return self.text.markdown

    @cached_property
    def tracking_key(self) -> str:
        """Its identity for `plugins.incremental`."""
        return f"document:{self.path}"


def document_digests(document: Document, meta: str, html: str) -> Mapping[str, str]:
    """Return the digests that ``document`` brings: of ``meta``, of ``html``, and of all that it is."""
    rest = (document.kind, document.publication, document.url, document.summary, document.body_line, document.picture, document.files)
    return {"meta": meta, "html": html, "whole": digest((meta, html, rest, document.shows))}


def permalink(path: PurePosixPath, kind: str, meta: Meta, publication: Publication | None) -> str:
    """Return the permanent address: publication, year, month, name; for issues list and number; for pages the name alone."""
    name = meta.slug or path.stem
    if isinstance(meta, Page):
        return f"/{name}/"
    if isinstance(meta, Issue):
        return f"/mail/{path.parent.name}/{name}/"
    section = publication.url if publication else "/"
    if meta.date is None:
        return f"{section}{name}/"
    feed = f"{path.parts[1]}/" if kind == "partner" else ""
    return f"{section}{feed}{meta.date:%Y/%m}/{name}/"
