"""A document: one source file, validated, resolved and with its permalink. Frozen: every package of the build receives the same objects."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import ClassVar, NamedTuple, Protocol

from plugins.digest import digest
from plugins.frontmatter.model.addresses import PERMALINK
from plugins.frontmatter.model.content_types import Issue, Meta, Page, Progress
from plugins.frontmatter.model.registry import Publication


@dataclass(frozen=True)
class Picture:
    """An image of the site: its address, its text alternative, its size in CSS pixels, and the digest of its file."""

    url: str
    alt: str
    width: int
    height: int
    version: str = ""


@dataclass(frozen=True)
class File:
    """An attached PDF: its title, its address, its size in bytes, and its number of pages."""

    title: str
    url: str
    size: int
    pages: int

    @property
    def weight(self) -> str:
        """The size in decimal units: ``340 kB``, ``1.2 MB``."""
        return f"{self.size / 1_000_000:.1f} MB" if self.size >= 999_500 else f"{max(1, round(self.size / 1000))} kB"


class HeaderSummary(NamedTuple):
    """What the resolution of other documents needs of one header. A small tuple, since every reading process gets one for each document.

    ``path`` is relative to ``content/``. ``target`` is what a mail issue checks in a document that it names: whether it has figures, whether it is a
    draft, and its date. ``claims`` are the names that no other document may have, each with the key of the front matter that sets it.
    """

    path: str
    content_type: str
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
    """A document before its body is read.

    ``path`` is relative to ``content/``; ``content_type`` is a key of `CONTENT_TYPES`; ``url`` is root-relative and ends in a slash.
    """

    path: PurePosixPath
    content_type: str
    meta: Meta
    publication: Publication | None
    url: str

    @property
    def date(self) -> dt.datetime:
        """The moment of publication. Raises `ValueError` for a page, which has none."""
        if self.meta.date is None:
            raise ValueError(f"{self.path} has no date")
        return self.meta.date

    def is_live(self, now: dt.datetime) -> bool:
        """Tell whether the document is public at ``now``: no draft, its date is reached, and it has not ended."""
        has_begun = self.meta.date is None or self.meta.date <= now
        return has_begun and not self.meta.draft and not self.has_ended(now)

    def has_ended(self, now: dt.datetime) -> bool:
        """Tell whether the document has been taken down by ``now``."""
        return self.meta.ends is not None and self.meta.ends <= now

    @property
    def target(self) -> tuple[bool, bool, dt.datetime | None]:
        """See `HeaderSummary`."""
        return isinstance(self.meta, Progress) and bool(self.meta.figures), self.meta.draft, self.meta.date

    @cached_property
    def claims(self) -> tuple[tuple[object, str], ...]:
        """See `HeaderSummary`. An article claims its name in its publication, whatever the month; issues, entries and pages claim their address.

        All claim their former addresses (``aliases``), and the first of these that is an address of an article claims its name too: the document has
        the identity of before (`plugins.frontmatter.document_identity`), and a new one of that name would be taken for it.
        """
        aliases: tuple[tuple[object, str], ...]
        aliases = tuple((alias.lower(), "aliases") for alias in self.meta.aliases)  # Windows and macOS take /A/ and /a/ for one folder
        if first := next(filter(None, map(PERMALINK.fullmatch, self.meta.aliases)), None):
            aliases += (((first["publication"], first["publication"], first["name"]), "aliases"),)
        if self.content_type in ("issue", "partner", "page"):
            return (self.url, "slug"), *aliases
        owner = self.publication.key if self.publication else None
        return ((self.url.split("/")[1], owner, self.url.rsplit("/", 2)[1]), "slug"), *aliases

    @property
    def summary_for_others(self) -> HeaderSummary:
        return HeaderSummary(str(self.path), self.content_type, self.url, self.meta.date, self.meta.ends, self.target, self.claims)


HEAD = ("content_type", "date", "meta", "picture", "publication", "summary", "url")
"""The attributes of a document that lists show, and that one digest covers (`document_digests`)."""


class DocumentText(Protocol):
    """The body of a document: as HTML, with links and images resolved, and as the editor's Markdown."""

    @property
    def html(self) -> str: ...
    @property
    def markdown(self) -> str: ...


@dataclass(frozen=True)
class LoadedText:
    """A text in memory; the other implementation loads it from the content cache when it is read."""

    html: str
    markdown: str


NO_TEXT = LoadedText("", "")
"""The text of a document while its real text is stored elsewhere."""


@dataclass(frozen=True)
class Document(Header):
    """A header with its resolved body. ``summary`` is plain text, ``html`` is complete; the magazine reads the sections of an issue from ``markdown``.

    The text may stay in the content cache until it is read. ``identity`` is what feeds and calendars know the document by; ``image_urls`` are the addresses of the images in the body,
    ``named_files`` the files below ``content/`` that the source names: pictures, attachments, films, and what it links to. ``early_links`` are line and
    target of each link that is text, because its target is not public yet.
    """

    summary: str
    text: DocumentText = field(compare=False)
    body_line: int
    identity: str = ""
    picture: Picture | None = None
    files: tuple[File, ...] = ()
    image_urls: frozenset[str] = frozenset()
    named_files: frozenset[str] = frozenset()
    early_links: tuple[tuple[int, str], ...] = ()
    tracking_digests: Mapping[str, str] = field(default_factory=dict)
    """For `plugins.incremental`: digests of ``meta``, ``head`` and ``html``, computed when the source was read, so that a cached text need not be loaded."""

    tracking_leaf: ClassVar[bool] = True
    tracking_slots: ClassVar[Mapping[str, str]] = {**dict.fromkeys(HEAD, "head"), "html": "html"}

    @property
    def tracking_whole(self) -> str:
        """For `plugins.incremental`: one digest of all that a template can read from this document."""
        return self.tracking_digests.get("whole", "")

    def with_text(self, text: DocumentText) -> Document:
        """Return the same document with another text.

        Every build does this for every document, so it copies the attributes at once: three times as fast as `dataclasses.replace`.
        """
        copy = object.__new__(Document)
        copy.__dict__.update(self.__dict__, text=text)
        return copy

    @property
    def html(self) -> str:
        return self.text.html

    @property
    def markdown(self) -> str:
        return self.text.markdown

    @cached_property
    def tracking_key(self) -> str:
        """For `plugins.incremental`: the identity of this document in every build."""
        return f"document:{self.path}"

    @cached_property
    def summary_for_links(self) -> HeaderSummary:
        """What a link to the document needs: all but its claims to names."""
        return HeaderSummary(str(self.path), self.content_type, self.url, self.meta.date, self.meta.ends, self.target, ())


def document_digests(document: Document, meta: str, html: str) -> Mapping[str, str]:
    """Return `Document.tracking_digests` from the digests of ``meta`` and ``html``: these two, ``head`` for what lists show, and ``whole`` for all that
    the document holds.
    """
    head = digest((meta, document.content_type, document.publication, document.url, document.summary, document.picture))
    others = (document.body_line, document.identity, document.files, document.image_urls)
    return {"meta": meta, "head": head, "html": html, "whole": digest((head, html, others))}


def permalink(path: PurePosixPath, content_type: str, meta: Meta, publication: Publication | None) -> str:
    """Return the permanent address: publication, year, month, name; for an issue its list and number; for a page its name alone.

    An entry of a partner's blog has the key of its feed before the year: two blogs may use the same name in the same month.
    """
    name = meta.slug or path.stem
    if isinstance(meta, Page):
        return f"/{name}/"
    if isinstance(meta, Issue):
        return f"/mail/{path.parent.name}/{name}/"
    section = publication.url if publication else "/"
    if meta.date is None:
        return f"{section}{name}/"
    feed = f"{path.parts[1]}/" if content_type == "partner" else ""
    return f"{section}{feed}{meta.date:%Y/%m}/{name}/"
