"""Writes a record into the site that is there: first what helps most people, then the banner of every other page."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from jinja2 import DictLoader

from plugins.announcements.records import TREE
from plugins.cards.renderer import CardRenderer
from plugins.emergency.announced import announcement_of
from plugins.emergency.channel import refusal
from plugins.emergency.fast_path import uncommitted
from plugins.emergency.fast_path.banner import Banner
from plugins.emergency.fast_path.reading_copies import ReadingCopies
from plugins.emergency.fast_path.site_pages import SitePages
from plugins.emergency.fast_path.slots import PORTAL, URGENT, fill
from plugins.emergency.fast_path.snapshot import Snapshot
from plugins.emergency.fast_path.snapshot_file import SNAPSHOT
from plugins.emergency.fast_path.source import record_from
from plugins.emergency.forms import forms_of_all, forms_of_record
from plugins.emergency.mail import MailRenderer, bundle, number_of
from plugins.emergency.pages import PageRenderer
from plugins.emergency.record import EmergencyRecord
from plugins.file_lock import publish_lock
from plugins.files import write_atomically, write_into
from plugins.frontmatter.library import last_change
from plugins.frontmatter.model.addresses import page_file
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.registry import Publication
from plugins.frontmatter.moments import DocumentMoment, with_end
from plugins.frontmatter.notice_chains import followed, in_force
from plugins.inputs import InputFolder
from plugins.publications.feeds import NEWEST, FeedEntry, channel_of, entry_of, feed_files, portal_entries
from plugins.readings.table import ReadingTable
from plugins.typography.font import find_font

COUNTING = ("search/index.html", "accessibility/results/index.html")
"""The pages that count what is on the site. The next full build counts the new page; until then they have the banner and the old number."""

_MOMENTS = "moments.json"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StageDone:
    """Files that were written: ``paths`` below ``output/site``, ``bundles`` are folders below ``output/mail``. ``failed`` names what was not, and why."""

    name: Literal["first", "all_pages"]
    paths: tuple[str, ...]
    bundles: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()


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
        self._reading_copies = ReadingCopies(self._snapshot, cache)

    @property
    def kind(self) -> Literal["publish", "update", "cancel", "correct"]:
        """What the record does: it is the first of its kind, or follows another."""
        record = self._records[self._document.path]
        if record.is_correction:
            return "correct"
        return "cancel" if record.kind == "Cancel" else "update" if record.kind == "Update" else "publish"

    def preview(self) -> dict[str, bytes]:
        """Return every file of the first stage by its path below ``output``, and write nothing but cards."""
        first = (file for part in self._first() for file in part)
        return {f"site/{name}": data for name, data in first} | {f"mail/{name}": data for name, data in self._bundle()}

    def stages(self) -> Iterator[StageDone]:
        """Write the stages, one after the other. What fails is named, and stops nothing else.

        A build that is under way finds the snapshot newer than its own look at the sources, and begins anew (`plugins.builder.run`).
        """
        with publish_lock(self._output):
            failed = list[tuple[str, str]]()
            with _named("mail", failed):
                self._withdraw_replaced()
            with _named(SNAPSHOT, failed):
                self._snapshot.save(self._output)
            first = [name for part in self._first() for name in self._write("site", part, failed)]
            mail = self._write("mail", self._bundle(), failed)  # after the pages to which it leads
            self._write(TREE, self._announcement(), failed)
            self._note_end()
            with _named("uncommitted", failed):
                uncommitted.keep(self._output, self._content, self._document, self._records[self._document.path], self._now)
        bundles = dict.fromkeys(name.rpartition("/")[0] for name in mail)
        yield StageDone("first", (*first, *sorted(self._cards)), tuple(bundles), tuple(failed))
        with publish_lock(self._output):
            failed = []
            spliced = self._banner().splice(frozenset(first))
            copies = self._write("site", self._copies_of(sorted(first)), failed)
        yield StageDone("all_pages", (*spliced.changed, *copies), failed=(*spliced.failed, *failed))

    def _write(self, tree: str, files: Iterator[tuple[str, bytes]], failed: list[tuple[str, str]]) -> list[str]:
        """Write files as they come. If one cannot be made or written, the rest of these is named as failed, and other parts go on."""
        written = list[str]()
        with _named(f"{tree}: after {{}}", failed, written):
            for name, data in files:
                write_into(self._output / tree, name, data, replace=True)
                written.append(name)
        return written

    def _note_end(self) -> None:
        """Let whoever follows the clock know when the record ends (``moments.json``, docs/reference/release.md). A broken file waits for the next full build."""
        file, record = self._output / _MOMENTS, self._records[self._document.path]
        end = DocumentMoment(record.expires.isoformat(), "ends", str(record.path), record.message.title, record.url)
        with suppress(OSError, ValueError, KeyError, TypeError):
            write_atomically(file, with_end(file.read_bytes(), end))

    def _withdraw_replaced(self) -> None:
        """Remove the mail of the notice that this one replaces, as a full build does: it must not go out after its update. `issue.json` goes first."""
        path = followed(self._document)
        if path in self._records and self._publication.list:
            folder = self._output / "mail" / self._publication.list / number_of(self._records[path])
            for file in sorted(folder.glob("*"), key=lambda file: file.name != "issue.json"):
                file.unlink()
            with suppress(OSError):
                folder.rmdir()

    def _first(self) -> Iterator[Iterator[tuple[str, bytes]]]:
        """Yield the parts of the first stage, what helps most people first. None of them needs another."""
        document, record = self._document, self._records[self._document.path]
        page_renderer = PageRenderer(self._theme("emergency/"), self._snapshot.registry.site, self._snapshot.base)
        readings = ReadingTable(dict(self._snapshot.texts.readings))
        forms = forms_of_record(record, self._publication, page_renderer, readings, is_refused=self._is_refused(record))
        yield self._of_all(page_renderer)
        yield ((url.lstrip("/"), data) for url, data in forms)
        yield self._files_shown()
        yield ((page_file(d.url), self._pages.page(d).encode()) for d in (document, *self._earlier_notice()))
        yield ((page_file(url), text.encode()) for url, text in self._pages.of_publication(self._publication))
        yield self._portal()
        yield self._feeds()
        yield ((page_file(url), text.encode()) for url, text in self._pages.redirects(document))

    def _earlier_notice(self) -> Iterator[Document]:
        if (path := followed(self._document)) and path in self._records:
            yield self._snapshot.documents[path]

    def _of_all(self, page_renderer: PageRenderer) -> Iterator[tuple[str, bytes]]:
        own = (d for d in self._pages.documents if d.publication == self._publication)
        holding = [self._records[d.path] for d in in_force(own, self._publication.content_type)]
        taken = [record for record in holding if not self._is_refused(record)]
        site, base = self._snapshot.registry.site, self._snapshot.base
        for url, data in forms_of_all(taken, self._publication, page_renderer, site, base, self._changed()):
            yield url.lstrip("/"), data

    def _changed(self) -> dt.datetime:
        own = (d for d in self._snapshot.documents.values() if d.publication == self._publication)
        return last_change(own, self._now, self._snapshot.registry.site.zone)

    def _portal(self) -> Iterator[tuple[str, bytes]]:
        with suppress(FileNotFoundError):
            page = (self._site / "index.html").read_bytes()
            yield "index.html", fill(fill(page, PORTAL, self._pages.portal()), URGENT, self._pages.banner("/"))

    def _feeds(self) -> Iterator[tuple[str, bytes]]:
        site, publication = self._snapshot.registry.site, self._publication
        in_force = [entry_of(d) for d in self._pages.context["notices"]]
        notices = [entry_of(d) for d in reversed(self._pages.documents) if d.content_type == "notice"]
        own = [entry_of(d) for d in reversed(self._pages.documents) if d.publication == publication][:NEWEST]
        yield from self._feed("/", site.title, site.description, portal_entries(in_force, notices, self._snapshot.newest))
        yield from self._feed(publication.url, publication.title, publication.description, own)

    def _feed(self, url: str, title: str, description: str, entries: list[FeedEntry]) -> Iterator[tuple[str, bytes]]:
        channel = channel_of(self._snapshot.registry.site, self._snapshot.base, url, title, description)
        for path, text in feed_files(channel, entries, self._changed()):
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

    def _announcement(self) -> Iterator[tuple[str, bytes]]:
        """What `channels` posts on other networks."""
        record = self._records[self._document.path]
        announced = None if self._is_refused(record) else announcement_of(record, self._document)
        if announced is not None:
            yield announced.file, announced.render()

    def _copies_of(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """The copies with readings of pages that were written whole."""
        for name in names:
            if name.endswith("index.html") and (copy := self._reading_copies.of_page((self._site / name).read_text("utf-8"))):
                yield self._reading_copies.name(name), copy.encode()

    def _banner(self) -> Banner:
        usual = self._pages.banner("")
        own = {page_file(url): self._pages.banner(url) for url in self._pages.context["navigation_urls"]}
        copies = {self._reading_copies.name(name): self._reading_copies.of_slot(text) for name, text in own.items()}
        return Banner(self._site, usual, self._reading_copies.of_slot(usual), own | copies)

    def _is_refused(self, record: EmergencyRecord) -> bool:
        return refusal(record, _publication_of(record, self._snapshot).live_since, self._now) is not None

    def _theme(self, folder: str) -> DictLoader:
        return DictLoader({name.removeprefix(folder): text for name, text in self._snapshot.templates.items() if name.startswith(folder)})


@contextmanager
def _named(what: str, failed: list[tuple[str, str]], written: Sequence[str] = ()) -> Iterator[None]:
    """Let nothing that fails inside stop what comes after; add ``what`` failed, after which of the files ``written`` so far."""
    try:
        yield
    except Exception as error:  # a full disk, a broken font, a template: the other forms must go out all the same
        _log.debug("%s", what, exc_info=error)
        failed.append((what.format(written[-1] if written else "nothing"), f"{type(error).__name__}: {error}"[:300]))


def _publication_of(record: EmergencyRecord, snapshot: Snapshot) -> Publication:
    publication = snapshot.documents[record.path].publication
    assert publication
    return publication


def path_below(content: Path, file: Path) -> PurePosixPath:
    """Return the path of ``file`` below ``content``. Raises `ValueError` if it lies elsewhere."""
    return PurePosixPath(file.resolve().relative_to(content.resolve()).as_posix())
