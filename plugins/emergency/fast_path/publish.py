"""Writes a record into the site that is there: first what helps most people, then the banner of every other page."""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Literal

from jinja2 import DictLoader

from plugins.cards.font import find_font
from plugins.cards.renderer import CardRenderer
from plugins.emergency.channel import refusal
from plugins.emergency.fast_path.copies import Copies
from plugins.emergency.fast_path.site_pages import SitePages
from plugins.emergency.fast_path.slots import PORTAL, URGENT, fill
from plugins.emergency.fast_path.snapshot import Snapshot
from plugins.emergency.fast_path.source import record_from
from plugins.emergency.forms import forms_of_all, forms_of_record
from plugins.emergency.mail import MailRenderer, bundle
from plugins.emergency.pages import PageRenderer
from plugins.emergency.record import EmergencyRecord
from plugins.file_lock import publish_lock
from plugins.files import write_atomically, write_into
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.registry import Publication
from plugins.frontmatter.moments import DocumentMoment, with_end
from plugins.frontmatter.notice_chains import followed, in_force
from plugins.inputs import InputFolder
from plugins.publications.feeds import FeedEntry, channel_of, entry_of, feed_files
from plugins.readings.table import ReadingTable

COUNTING = ("search/index.html", "accessibility/results/index.html")
"""The pages that count what is on the site. The next full build counts the new page; until then they have the banner and the old number."""

_MOMENTS = "moments.json"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StageDone:
    """Files that were written: ``paths`` below ``output/site``, ``bundles`` are folders below ``output/mail``."""

    name: Literal["first", "all_pages"]
    paths: tuple[str, ...]
    bundles: tuple[str, ...] = ()


class FastPath:
    """Publishes one document. ``output`` is the folder of the last good build, ``cache`` that of the cards."""

    def __init__(self, snapshot: Snapshot, document: Document, content: Path, output: Path, cache: Path, now: dt.datetime) -> None:
        assert document.publication
        self._snapshot, self._document, self._publication = snapshot.with_document(document), document, document.publication
        self._content, self._output, self._site, self._now = content, output, output / "site", now
        self._cards: set[str] = set()
        live = [d for d in self._snapshot.documents.values() if d.meta.date and d.is_live(now)]
        self._records = {d.path: record_from(d, self._snapshot) for d in live if d.content_type in ("notice", "drill")}
        cards = CardRenderer(self._site, cache / "cards", find_font(snapshot.card_font), self._cards.add)
        self._pages = SitePages(self._snapshot, {r.url: r for r in self._records.values()}, now, cards.draw_card)
        self._copies = Copies(self._snapshot, cache)

    @property
    def kind(self) -> Literal["publish", "update", "cancel", "correct"]:
        """What the record does: it is the first of its kind, or follows another."""
        record = self._records[self._document.path]
        if record.is_correction:
            return "correct"
        return "cancel" if record.kind == "Cancel" else "update" if record.kind == "Update" else "publish"

    def preview(self) -> dict[str, bytes]:
        """Return every file of the first stage by its path below ``output``, and write nothing but cards into the cache."""
        return {f"site/{name}": data for name, data in self._first()} | {f"mail/{name}": data for name, data in self._bundle()}

    def stages(self) -> Iterator[StageDone]:
        """Write the stages, one after the other. Raises `OSError`, `plugins.files.WriteRefused`.

        A build that is under way finds the snapshot newer than its own look at the sources, and begins anew (`plugins.builder.run`).
        """
        with publish_lock(self._output):
            written = [self._write("mail", name, data) for name, data in self._bundle()]
            bundles = tuple(dict.fromkeys(name.rpartition("/")[0] for name in written))
            self._snapshot.save(self._output)
            first = [self._write("site", name, data) for name, data in self._first()]
            self._note_end()
        yield StageDone("first", (*first, *sorted(self._cards)), bundles)
        with publish_lock(self._output):
            rest = [self._write("site", name, data) for name, data in self._rest(frozenset(first))]
        yield StageDone("all_pages", tuple(rest))

    def _note_end(self) -> None:
        """Let whoever follows the clock know when the record ends (``moments.json``, docs/reference/release.md). A broken file waits for the next full build."""
        file, record = self._output / _MOMENTS, self._records[self._document.path]
        end = DocumentMoment(record.expires.isoformat(), "ends", str(record.path), record.message.title, record.url)
        with suppress(OSError, ValueError, KeyError, TypeError):
            write_atomically(file, with_end(file.read_bytes(), end))

    def _write(self, tree: str, name: str, data: bytes) -> str:
        write_into(self._output / tree, name, data, replace=True)
        return name

    def _first(self) -> Iterator[tuple[str, bytes]]:
        """Light page, the record's page and forms, its section, the portal, the feeds; what the record replaces; what it shows."""
        document, record = self._document, self._records[self._document.path]
        page_renderer = PageRenderer(self._theme("emergency/"), self._snapshot.registry.site, self._snapshot.base)
        yield from self._of_all(page_renderer)
        readings = ReadingTable(dict(self._snapshot.texts.readings))
        for url, data in forms_of_record(record, self._publication, page_renderer, readings, is_refused=self._is_refused(record)):
            yield url.lstrip("/"), data
        yield from self._files_shown()
        yield _page_name(document.url), self._pages.page(document).encode()
        for url, text in self._pages.of_publication(self._publication):
            yield _page_name(url), text.encode()
        yield from self._portal()
        yield from self._feeds()
        for url, text in self._pages.redirects(document):
            yield _page_name(url), text.encode()
        if (path := followed(document)) and path in self._records:
            earlier = self._snapshot.documents[path]
            yield _page_name(earlier.url), self._pages.page(earlier).encode()

    def _of_all(self, page_renderer: PageRenderer) -> Iterator[tuple[str, bytes]]:
        own = (d for d in self._pages.documents if d.publication == self._publication)
        holding = [self._records[d.path] for d in in_force(own, self._publication.content_type)]
        taken = [record for record in holding if not self._is_refused(record)]
        site, base, as_of = self._snapshot.registry.site, self._snapshot.base, self._snapshot.as_of_now(self._now)
        for url, data in forms_of_all(taken, self._publication, page_renderer, site, base, as_of):
            yield url.lstrip("/"), data

    def _portal(self) -> Iterator[tuple[str, bytes]]:
        with suppress(FileNotFoundError):
            page = (self._site / "index.html").read_bytes()
            yield "index.html", fill(fill(page, PORTAL, self._pages.portal()), URGENT, self._pages.banner("/"))

    def _feeds(self) -> Iterator[tuple[str, bytes]]:
        site, publication = self._snapshot.registry.site, self._publication
        notices = [entry_of(d) for d in self._pages.context["notices"]]
        own = [entry_of(d) for d in reversed(self._pages.documents) if d.publication == publication]
        yield from self._feed("/", site.title, site.description, [*notices, *self._snapshot.newest])
        yield from self._feed(publication.url, publication.title, publication.description, own)

    def _feed(self, url: str, title: str, description: str, entries: list[FeedEntry]) -> Iterator[tuple[str, bytes]]:
        channel = channel_of(self._snapshot.registry.site, self._snapshot.base, url, title, description)
        for path, text in feed_files(channel, entries, self._snapshot.as_of_now(self._now)):
            yield path.lstrip("/"), text.encode()

    def _files_shown(self) -> Iterator[tuple[str, bytes]]:
        """Attachments of the record, as a full build copies them. New pictures wait for it: to encode one takes seconds."""
        files = InputFolder(self._content)
        for name in sorted(self._document.named_files):
            if not name.startswith("images/"):
                yield name, files.read(name)

    def _bundle(self) -> Iterator[tuple[str, bytes]]:
        """The mail of the record, if its list is for emergencies and its channel takes it."""
        record, mail_list = self._records[self._document.path], self._snapshot.registry.lists.get(self._publication.list or "")
        if mail_list is None or mail_list.list_class != "emergency" or self._is_refused(record):
            return
        renderer = MailRenderer(self._theme("emergency/"), self._snapshot.registry.site, self._publication, mail_list)
        yield from bundle(record, renderer, InputFolder(self._content).read(str(record.path)))

    def _rest(self, done: frozenset[str]) -> Iterator[tuple[str, bytes]]:
        """The banner of every page that is not ``done``, and the copies with readings of those that are."""
        banner = partial(fill, name=URGENT, text=self._pages.banner(""))
        own = {_page_name(d.url): self._pages.banner(d.url) for d in self._pages.documents}
        copied = partial(fill, name=URGENT, text=self._copies.of_slot(self._pages.banner("")))
        copies = {self._copies.name(name): self._copies.of_slot(text) for name, text in own.items()}
        for name in sorted(done):
            if name.endswith("index.html") and (copy := self._copies.of_page((self._site / name).read_text("utf-8"))):
                yield self._copies.name(name), copy.encode()
        for name in _html_files(self._site):
            original = name.removeprefix("furigana/")
            if name in done or (name != original and original in done):
                continue
            page = (self._site / name).read_bytes()
            special = own.get(name) or copies.get(name)
            new = fill(page, URGENT, special) if special else (banner if name == original else copied)(page)
            if new != page:
                yield name, new

    def _is_refused(self, record: EmergencyRecord) -> bool:
        return refusal(record, _publication_of(record, self._snapshot).live_since, self._now) is not None

    def _theme(self, folder: str) -> DictLoader:
        return DictLoader({name.removeprefix(folder): text for name, text in self._snapshot.templates.items() if name.startswith(folder)})


def _publication_of(record: EmergencyRecord, snapshot: Snapshot) -> Publication:
    publication = snapshot.documents[record.path].publication
    assert publication
    return publication


def _page_name(url: str) -> str:
    return f"{url.lstrip('/')}index.html"


def _html_files(site: Path) -> Iterator[str]:
    """Yield the HTML files below ``site``, relative to it. No link is followed."""
    root = str(site)
    for folder, _, files in os.walk(root):
        below = folder[len(root) :].lstrip("/")
        for file in files:
            if file.endswith(".html"):
                yield f"{below}/{file}".lstrip("/").replace(os.sep, "/")


def path_below(content: Path, file: Path) -> PurePosixPath:
    """Return the path of ``file`` below ``content``. Raises `ValueError` if it lies elsewhere."""
    return PurePosixPath(file.resolve().relative_to(content.resolve()).as_posix())
