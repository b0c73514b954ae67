"""Every document of the checkout, read and checked together.

1. Survey the folder (`plugins.inputs`) and find the sources (`scan_sources`). A document of the content cache is taken from there if its source has the same bytes.
2. Of the other sources, split each into front matter and body, validate the front matter with the model of its content type, and give it its
   permalink (`parse.parser`).
3. With all headers known, parse the bodies and resolve links and images (`parse.links`). A cached document is read again if one of its references
   would resolve to something else today.
4. If there is a single diagnostic anywhere, raise all of them; otherwise return a `Library`.

Several processes do steps 2 and 3 when there is enough to read (`load.parallel_reader`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path, PurePosixPath

from plugins.clock import compare_all
from plugins.context import Key
from plugins.diagnostics import ContentErrors, Diagnostic
from plugins.frontmatter.load.content_cache import CachedDocument, ContentCache, trusted_time
from plugins.frontmatter.load.parallel_reader import ReadResult, ShareReader, open_reader
from plugins.frontmatter.model.document import Document, Header, HeaderSummary, LoadedText, Picture, document_digests
from plugins.frontmatter.model.registry import Registry
from plugins.frontmatter.name_conflicts import name_conflicts
from plugins.frontmatter.parse.references import Reference, ReferenceResolver
from plugins.frontmatter.parse.source import NOT_SOURCES, find_sources, is_publishable, scan_sources
from plugins.inputs import InputFolder, InputStat, UnreadableInput, survey

__all__ = ["LIBRARY", "SITE_ADDRESS", "Library", "find_sources", "read_library"]


KnownImages = dict[str, tuple[int, int, Picture | str]]
_IMAGES = "images"
"""The topic of the content cache's notes on image files."""

_BATCH = 500

_EARTHQUAKE = dt.datetime(2011, 3, 11, 14, 46)  # noqa: DTZ001 - in the site's zone, which is added below


@dataclass(frozen=True)
class Library:
    """All documents, by path below ``content/``.

    ``now`` is the moment for which links were resolved, ``digests`` hold the digest of each source's bytes, ``files`` the paths
    below ``content/`` of all other files that may be public (`plugins.frontmatter.public_files`), ``links`` by path the sources that refer to it, or once
    did in this process. With ``shows_drafts`` a draft counts as published, and its title says that it is a draft. ``ignored`` are the paths of files among
    the sources that are neither sources nor may be public.
    """

    documents: dict[PurePosixPath, Document]
    registry: Registry
    now: dt.datetime
    cache: ContentCache = field(compare=False)
    digests: Mapping[PurePosixPath, bytes] = field(compare=False)
    files: frozenset[str] = field(compare=False)
    shows_drafts: bool = False
    ignored: frozenset[str] = field(default=frozenset(), compare=False)
    links: dict[str, set[str]] = field(default_factory=dict, compare=False)

    def live(self, content_type: str | None = None) -> list[Document]:
        """Return the documents that have a date and are public now, oldest first: those of one content type, or all."""
        return [d for d in self._live if content_type in (None, d.content_type)]

    @cached_property
    def public(self) -> list[Document]:
        """Every document that is public now, also those without a date, in the order of the paths."""
        now = compare_all(self.now, self._moments)
        return [d for d in self.documents.values() if d.is_live(now)]

    @cached_property
    def _live(self) -> list[Document]:
        # `sorted` is stable: documents of the same moment stay in the order of the paths.
        return sorted((d for d in self.public if d.meta.date), key=lambda d: d.date)

    @cached_property
    def _moments(self) -> list[dt.datetime]:
        """Every moment at which a document appears or is taken down."""
        return _moments_of(self.documents.values())

    @cached_property
    def as_of(self) -> dt.datetime:
        """The last moment at which a document appeared or was taken down. A page may show it without a change at every build."""
        return last_change(self.documents.values(), self.now, self.registry.site.zone)

    def with_html(self, html: dict[PurePosixPath, str]) -> Library:
        """Return the same library with other HTML for the bodies of the given paths."""
        if not html:
            return self
        changed = {path: _with_html(self.documents[path], body) for path, body in html.items()}
        return replace(self, documents=self.documents | changed)


def _moments_of(documents: Iterable[Document]) -> list[dt.datetime]:
    return [moment for d in documents if not d.meta.draft for moment in (d.meta.date, d.meta.ends) if moment]


def last_change(documents: Iterable[Document], now: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """Return the last moment until ``now`` at which one of ``documents`` appeared or was taken down; that of the earthquake if none has."""
    moments = _moments_of(documents)
    until = compare_all(now, moments)
    return max((moment for moment in moments if moment <= until), default=_EARTHQUAKE.replace(tzinfo=zone))


LIBRARY = Key[Library]("library", __name__)

SITE_ADDRESS = Key[str]("site address", __name__)
"""Scheme and host of the site, without a slash at the end: the one that the build was asked for, or that of ``publications.toml``."""


def read_library(
    content: Path,
    registry: Registry,
    now: dt.datetime,
    cache: ContentCache | None = None,
    *,
    shows_drafts: bool = False,
    mistakes: list[Diagnostic] | None = None,
) -> Library:
    """Read every ``*.md`` below ``content`` that is not in ``cache``.

    ``now`` decides which links lead to a public page. Raises `ContentErrors` with every diagnostic of every file; or, if there is a list of ``mistakes``,
    adds them to it, and returns the library of those documents that hold.
    """
    cache = cache or ContentCache(None, "", registry)
    scanned_at, tree, rows = time.time_ns(), survey(content), cache.rows()
    files = scan_sources(tree)
    known = _unchanged(content, cache, rows, files, scanned_at)
    collector = Collector(cache, files, scanned_at)
    for path, row in known.items():
        collector.note_links(path, row.parsed[1])
    known_images = cache.notes(_IMAGES, KnownImages).get("", (b"", None))[1] or {}
    headers: dict[str, Header | HeaderSummary] = {path: row.parsed[0] for path, row in known.items()}
    references = ReferenceResolver(content, registry, headers, now, dict(known_images))
    share = ShareReader(content, registry, now, shows_drafts)
    diagnostics = tree.diagnostics("")
    with open_reader(share, [path for path in files if path not in known], dict(headers)) as reader:
        for batch in reader.headers():
            headers |= {summary.path: summary for summary in batch.summaries}
            diagnostics += batch.diagnostics
        collector.collect(reader.results(headers, references.images), references)
    stale = [path for path, row in known.items() if not references.same_as_before(row.parsed[1])]
    with open_reader(share, stale, headers) as reader:
        diagnostics += [diagnostic for batch in reader.headers() for diagnostic in batch.diagnostics]
        collector.collect(reader.results(headers, references.images), references)
    diagnostics += collector.diagnostics + name_conflicts(((path, headers[path]) for path in files if path in headers), content)
    diagnostics = [diagnostic.below(content.name) for diagnostic in without_consequences(diagnostics)]
    _raise_or_add(diagnostics, mistakes)
    cache.forget(path for path in rows if path not in files)
    if references.images != known_images:
        cache.note(_IMAGES, [("", b"", references.images)])
    digests = {row.parsed[0].path: row.digest for row in known.values()} | collector.digests
    publishable = frozenset(filter(is_publishable, tree.files))
    ignored = frozenset(path for path in tree.files.keys() - files.keys() - publishable if path.partition("/")[0] not in NOT_SOURCES)
    return Library(_documents(files, known, collector), registry, now, cache, digests, publishable, shows_drafts, ignored, collector.links)


def _raise_or_add(diagnostics: list[Diagnostic], mistakes: list[Diagnostic] | None) -> None:
    """Raise `ContentErrors` if there is a diagnostic; or, if there is a list of ``mistakes``, add all of them to it."""
    if mistakes is not None:
        mistakes += diagnostics
    elif diagnostics:
        raise ContentErrors(diagnostics)


def without_consequences(diagnostics: list[Diagnostic]) -> list[Diagnostic]:
    """Leave out that a link leads nowhere if it leads to a source with mistakes of its own. Whoever links to it did nothing wrong.

    The document with the link was read with a diagnostic all the same, so no cache takes it for one that holds.
    """
    own = {diagnostic.path for diagnostic in diagnostics if diagnostic.cause is None}
    return [diagnostic for diagnostic in diagnostics if not (diagnostic.rule == "F401" and diagnostic.cause in own)]


@dataclass
class Collector:
    """Takes the documents as they are read, and writes those without a diagnostic into the cache. ``links`` are as in `Library`."""

    cache: ContentCache
    files: Mapping[str, InputStat]
    scanned_at: int
    links: dict[str, set[str]] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    digests: dict[PurePosixPath, bytes] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def collect(self, results: Iterable[ReadResult], references: ReferenceResolver) -> None:
        """Take what a reader brings.

        Another process resolved the references, and its clock is not ours: they are resolved here once more, so that `TrackedClock` records until
        when they hold.
        """
        results = iter(results)
        while batch := list(islice(results, _BATCH)):
            self.diagnostics += [diagnostic for result in batch for diagnostic in result.diagnostics]
            valid = [(result, result.document) for result in batch if result.document and not result.diagnostics]
            rows = [(result.path, self._row(result, document)) for result, document in valid]
            self.cache.keep(rows, ((result.path, result.html, result.markdown) for result, _ in valid))
            self.documents |= {result.path: document for result, document in valid}
            self.digests |= {document.path: result.digest for result, document in valid}
            for result, _ in valid:
                self.note_links(result.path, result.resolved)
                references.same_as_before(result.resolved)

    def note_links(self, path: str, resolved: Mapping[Reference, object]) -> None:
        """Note which documents the source at ``path`` refers to."""
        for method, target in resolved:
            if method in ("page", "target"):
                self.links.setdefault(target, set()).add(path)

    def _row(self, result: ReadResult, document: Document) -> CachedDocument:
        file = self.files[result.path]
        return CachedDocument(file.size, trusted_time(file.time, self.scanned_at), result.digest, (document, result.resolved))


@dataclass(frozen=True)
class _CachedText:
    """The text of a document, which stays in the cache until it is read."""

    cache: ContentCache
    path: str

    @property
    def html(self) -> str:
        return self.cache.body(self.path)[0]

    @property
    def markdown(self) -> str:
        return self.cache.body(self.path)[1]


def read_again(library: Library, content: Path, paths: Sequence[str], known: Mapping[str, Document]) -> list[tuple[Document, bytes]]:
    """Return the documents at ``paths`` as they are now, each with the digest of its source, and put them into the cache of ``library``.

    ``known`` are all documents of the library by path. Raises `ContentErrors`.
    """
    scanned_at, files = time.time_ns(), InputFolder(content)
    stats = {path: stat for path in paths if (stat := files.stat(path))}
    collector, share = (
        Collector(library.cache, stats, scanned_at, library.links),
        ShareReader(content, library.registry, library.now, library.shows_drafts),
    )
    references = ReferenceResolver(content, library.registry, known, library.now)
    with open_reader(share, list(stats), known) as reader:
        diagnostics = [diagnostic for batch in reader.headers() for diagnostic in batch.diagnostics]
        collector.collect(reader.results(known, references.images), references)
    if diagnostics := diagnostics + collector.diagnostics:
        raise ContentErrors(diagnostic.below(content.name) for diagnostic in diagnostics)
    read = collector.documents
    return [(with_cached_text(read[path], library.cache), collector.digests[read[path].path]) for path in read]


def with_cached_text(document: Document, cache: ContentCache) -> Document:
    """Return ``document``, which is in ``cache``, with a text that is loaded when it is read."""
    return document.with_text(_CachedText(cache, str(document.path)))


def _unchanged(
    content: Path, cache: ContentCache, rows: Mapping[str, CachedDocument], files: Mapping[str, InputStat], scanned_at: int
) -> dict[str, CachedDocument]:
    """Return the rows of the sources that are as they were read, and let ``cache`` know them by their time from now on."""
    known = {path: row for path, file in files.items() if (row := rows.get(path)) and _is_unchanged(content, path, file, row)}
    cache.trust((trusted, path) for path, row in known.items() if (trusted := trusted_time(files[path].time, scanned_at)) != row.time)
    return known


def _is_unchanged(content: Path, path: str, file: InputStat, row: CachedDocument) -> bool:
    if (row.size, row.time) == (file.size, file.time):
        return True
    # The time differs after a fresh checkout too, so the bytes decide.
    try:
        return row.size == file.size and hashlib.blake2b(InputFolder(content).read(path), digest_size=16).digest() == row.digest
    except UnreadableInput:  # gone since the survey: whoever reads it next says so
        return False


def _documents(files: Mapping[str, InputStat], known: Mapping[str, CachedDocument], collector: Collector) -> dict[PurePosixPath, Document]:
    by_path = {path: row.parsed[0] for path, row in known.items()} | collector.documents
    held = (by_path[path] for path in files if path in by_path)  # all of them, unless mistakes are only told (`todoke check`)
    return {document.path: with_cached_text(document, collector.cache) for document in held}


def _with_html(document: Document, html: str) -> Document:
    image_urls = frozenset(re.findall(r'src="([^"]*)"', html))
    changed = replace(document, text=LoadedText(html, document.markdown), image_urls=image_urls)
    html_digest = hashlib.blake2b(html.encode(), digest_size=10).hexdigest()
    return replace(changed, tracking_digests=document_digests(changed, document.tracking_digests["meta"], html_digest))
