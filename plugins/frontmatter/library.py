"""Every document of the checkout, read and checked together.

1. Find the sources (`scan_sources`). What is in the `store` and has the same bytes is taken from there.
2. Of the others cut each into front matter and body, validate the front matter with the model of its kind, give it its address (`drafts`).
3. With all addresses known, parse bodies and resolve links and images (`links`). A stored document whose links would get other `answers` today is
   read again as well.
4. If there was a single fault anywhere, raise them all; otherwise return a `Library`.

Steps 2 and 3 are done by several `open_reader` when there is enough to read.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path, PurePosixPath

from plugins.clock import compare_all
from plugins.context import Key
from plugins.diagnostics import ContentErrors, Diagnostic
from plugins.frontmatter.load.content_cache import CachedDocument, ContentCache
from plugins.frontmatter.load.parallel_reader import ReadResult, ShareReader, open_reader
from plugins.frontmatter.model.document import Document, Header, HeaderSummary, LoadedText, document_digests
from plugins.frontmatter.model.registry import Registry
from plugins.frontmatter.parse.references import ReferenceResolver
from plugins.frontmatter.parse.source import SourceStat, find_sources, read_source, scan_sources

__all__ = ["LIBRARY", "SITE_ADDRESS", "Library", "find_sources", "read_library"]


_YOUNG = 3_000_000_000
"""Nanoseconds. A file that changed so short a time ago may change again within one tick of the file system's clock; its time proves nothing."""


_PICTURES = "pictures"


_BATCH = 500


@dataclass(frozen=True)
class Library:
    """All documents, by path below ``content/``, the moment for which links were resolved, and the digest of each source's bytes.

    With ``shows_drafts`` a draft counts as published, and its title says that it is one.
    """

    documents: dict[PurePosixPath, Document]
    registry: Registry
    now: dt.datetime
    store: ContentCache = field(compare=False)
    digests: Mapping[PurePosixPath, bytes] = field(compare=False)
    shows_drafts: bool = False

    def live(self, kind: str | None = None) -> list[Document]:
        """Return what is public now, oldest first, of one kind or of all kinds that have a date."""
        return [d for d in self._live if kind in (None, d.kind)]

    @cached_property
    def public(self) -> list[Document]:
        """Everything that is public now, standing pages too, in the order of the paths."""
        now = compare_all(self.now, self._moments)
        return [d for d in self.documents.values() if d.is_live(now)]

    @cached_property
    def _live(self) -> list[Document]:
        return sorted(
            (d for d in self.public if d.meta.date), key=lambda d: d.date
        )  # of the same moment in the order of the paths, as they come

    @cached_property
    def _moments(self) -> list[dt.datetime]:
        return [moment for d in self.documents.values() if not d.meta.draft for moment in (d.meta.date, d.meta.ends) if moment]

    @cached_property
    def as_of(self) -> dt.datetime:
        """The last moment at which something appeared or came down: what a page may say of when it was made, without changing every minute."""
        now = compare_all(self.now, self._moments)
        past = (moment for moment in self._moments if moment <= now)
        return max(past, default=dt.datetime(2011, 3, 11, 14, 46, tzinfo=self.registry.site.zone))

    def with_html(self, html: dict[PurePosixPath, str]) -> Library:
        """Return the same library with other bodies for the given paths."""
        if not html:
            return self
        changed = {path: _shown_as(self.documents[path], text) for path, text in html.items()}
        return replace(self, documents=self.documents | changed)


LIBRARY = Key[Library]("library", __name__)

SITE_ADDRESS = Key[str]("site address", __name__)
"""Scheme and host of the site, without a slash at the end: the one that the build was asked for, or that of ``publications.toml``."""


def read_library(
    content: Path, registry: Registry, now: dt.datetime, store: ContentCache | None = None, *, shows_drafts: bool = False
) -> Library:
    """Read every ``*.md`` below ``content`` that ``store`` does not know.

    Raises `ContentErrors` with every fault of every file. ``now`` decides which links lead to a page that is public.
    """
    store = store or ContentCache(None, "", registry)
    taken, seen, rows = time.time_ns(), scan_sources(content), store.rows()
    known = {path: row for path, file in seen.items() if (row := rows.get(path)) and _unchanged(content, path, file, row)}
    desk = _Collector(store, seen, taken)
    before = store.notes(_PICTURES).get("", (b"", {}))[1]
    heads: dict[str, Header | HeaderSummary] = {path: row.head[0] for path, row in known.items()}
    answers = ReferenceResolver(content, registry, heads, now, dict(before))
    reading = ShareReader(content, registry, now, shows_drafts)
    faults = list[Diagnostic]()
    with open_reader(reading, [path for path in seen if path not in known]) as at_work:
        for found in at_work.heads():
            heads |= {head.path: head for head in found.heads}
            faults += found.faults
        desk.take(at_work.results(answers.heads, answers.pictures), answers)
    stale = [path for path, row in known.items() if not answers.same_as_before(row.head[1])]
    desk.take(reading.again(stale, answers), answers)
    faults += desk.faults + _same_address(((path, heads[path]) for path in seen if path in heads), content)
    if faults:
        raise ContentErrors(replace(fault, path=PurePosixPath(content.name) / fault.path) for fault in faults)
    store.forget(path for path in rows if path not in seen)
    if answers.pictures != before:
        store.note(_PICTURES, [("", b"", answers.pictures)])
    digests = {row.head[0].path: row.digest for row in known.values()} | desk.digests
    return Library(_documents(seen, known, desk), registry, now, store, digests, shows_drafts)


@dataclass
class _Collector:
    """Takes what was read, and lays it into the store; what has faults is not kept."""

    store: ContentCache
    seen: Mapping[str, SourceStat]
    taken: int
    documents: dict[str, Document] = field(default_factory=dict)
    digests: dict[PurePosixPath, bytes] = field(default_factory=dict)
    faults: list[Diagnostic] = field(default_factory=list)

    def take(self, results: Iterable[ReadResult], answers: ReferenceResolver) -> None:
        """Take what hands bring, and ask its questions here too: the moment has to know what depends on it."""
        results = iter(results)
        while batch := list(islice(results, _BATCH)):
            self.faults += [fault for result in batch for fault in result.faults]
            good = [(result, result.document) for result in batch if result.document and not result.faults]
            rows = [(result.path, self._row(result, document)) for result, document in good]
            self.store.keep(rows, ((result.path, result.html, result.markdown) for result, _ in good))
            self.documents |= {result.path: document for result, document in good}
            self.digests |= {document.path: result.digest for result, document in good}
            for result, _ in good:
                answers.same_as_before(result.asked)

    def _row(self, result: ReadResult, document: Document) -> CachedDocument:
        file = self.seen[result.path]
        trusted = file.time if self.taken - file.time > _YOUNG else -1
        return CachedDocument(file.size, trusted, result.digest, (document, result.asked))


@dataclass(frozen=True)
class _CachedText:
    """The words of a document that lie in the store."""

    store: ContentCache
    path: str

    @property
    def html(self) -> str:
        return self.store.body(self.path)[0]

    @property
    def markdown(self) -> str:
        return self.store.body(self.path)[1]


def _unchanged(content: Path, path: str, seen: SourceStat, row: CachedDocument) -> bool:
    if (row.size, row.time) == (seen.size, seen.time):
        return True
    return row.size == seen.size and hashlib.blake2b((content / path).read_bytes(), digest_size=16).digest() == row.digest


def _documents(seen: Mapping[str, SourceStat], known: Mapping[str, CachedDocument], desk: _Collector) -> dict[PurePosixPath, Document]:
    found = {path: row.head[0] for path, row in known.items()} | desk.documents
    return {found[path].path: found[path].with_text(_CachedText(desk.store, path)) for path in seen}


def _shown_as(document: Document, html: str) -> Document:
    shows = frozenset(re.findall(r'src="([^"]*)"', html))
    shown = replace(document, text=LoadedText(html, document.markdown), shows=shows)
    told = document_digests(shown, document.tracking_digests["meta"], hashlib.blake2b(html.encode(), digest_size=10).hexdigest())
    return replace(shown, tracking_digests=told)


def _line(content: Path, path: PurePosixPath, place: tuple[str, ...]) -> int:
    source = read_source(content, path)
    return 1 if isinstance(source, Diagnostic) else source.line_of(place)


def _same_address(heads: Iterable[tuple[str, Header | HeaderSummary]], content: Path) -> list[Diagnostic]:
    """The same name twice in one publication, or the same address by other means, aliases included."""
    first: dict[object, str] = {}
    faults = []
    for path, head in heads:
        for name, key in head.claims:
            other = first.setdefault(name, path)
            if other != path:
                faults.append(
                    Diagnostic(
                        PurePosixPath(path),
                        _line(content, PurePosixPath(path), (key,)),
                        f"アドレスの名前が {other} と同じです。どちらかのファイル名か slug を変えてください",
                        f"the same name as {other}: change the file name or slug of one of them",
                        "F305",
                    )
                )
    return faults
