"""A library that follows another in the same process: only what was written since is read, and what refers to it."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Collection, Iterable, Mapping, Set
from pathlib import Path, PurePosixPath

from plugins.clock import compare_all
from plugins.diagnostics import ContentErrors, Diagnostic
from plugins.frontmatter.library import Collector, Library, with_cached_text, without_consequences
from plugins.frontmatter.load.parallel_reader import ShareReader, open_reader
from plugins.frontmatter.model.document import Document, Header, HeaderSummary
from plugins.frontmatter.name_conflicts import name_conflicts
from plugins.frontmatter.parse.references import ReferenceResolver
from plugins.frontmatter.text_edits import NeedsWholeBuild
from plugins.inputs import InputFolder


def follow_library(last: Library, content: Path, changed: Collection[str], now: dt.datetime) -> Library:
    """Return what `plugins.frontmatter.library.read_library` would, if nothing but the documents at ``changed`` was written, moved or deleted since ``last``.

    A document that is as it was is the same object. Raises `ContentErrors`; `NeedsWholeBuild` if addresses that any document may link to are concerned.
    """
    scanned_at, files = time.time_ns(), InputFolder(content)
    before = {str(path): document for path, document in last.documents.items()}
    to_read = _to_read(last, before, changed, now)
    stats = {path: stat for path in sorted(to_read) if (stat := files.stat(path))}
    headers: dict[str, Header | HeaderSummary] = {path: document for path, document in before.items() if path not in to_read}
    collector = Collector(last.cache, stats, scanned_at, last.links)
    share = ShareReader(content, last.registry, now, last.shows_drafts)
    references = ReferenceResolver(content, last.registry, headers, now)
    with open_reader(share, list(stats), dict(headers)) as reader:
        diagnostics = list[Diagnostic]()
        for batch in reader.headers():
            headers |= {summary.path: summary for summary in batch.summaries}
            diagnostics += batch.diagnostics
        collector.collect(reader.results(headers, references.images), references)
    paths = _in_order(before, to_read, stats.keys())
    diagnostics += collector.diagnostics
    if to_read:  # otherwise each claims what it claimed before
        diagnostics += name_conflicts(((path, headers[path]) for path in paths if path in headers), content)
    if diagnostics:
        raise ContentErrors(diagnostic.below(content.name) for diagnostic in without_consequences(diagnostics))
    last.cache.forget(to_read - stats.keys())
    read = {path: with_cached_text(document, last.cache) for path, document in collector.documents.items()}
    _require_no_pages([*read.values(), *(before[path] for path in to_read if path in before)])
    documents = {document.path: document for document in (read.get(path) or before[path] for path in paths)}
    digests = {**last.digests, **collector.digests}
    for path in to_read - stats.keys():
        digests.pop(PurePosixPath(path), None)
    return Library(documents, last.registry, now, last.cache, digests, last.files, last.shows_drafts, last.ignored, last.links)


def _to_read(last: Library, before: Mapping[str, Document], changed: Collection[str], now: dt.datetime) -> set[str]:
    """Return ``changed``, and what refers to them, or to a document that has appeared or was taken down between the two moments."""
    moments = compare_all(last.now, ()), compare_all(now, ())  # plain: `Library.public` asks the clock about all of them
    turned = set[str]()
    if moments[0] != moments[1]:
        turned = {path for path, document in before.items() if _state(document, moments[0]) != _state(document, moments[1])}
    return {*changed, *(path for target in turned.union(changed) for path in last.links.get(target, ()))}


def _state(document: Document, now: dt.datetime) -> tuple[bool, bool]:
    return document.is_live(now), document.has_ended(now)


def _in_order(before: Mapping[str, Document], read: Collection[str], there: Set[str]) -> Iterable[str]:
    """Return the paths of all documents, in the order of `plugins.frontmatter.parse.source.scan_sources`."""
    if before.keys() >= there and all(path in there for path in read if path in before):
        return before
    return sorted({*before, *there} - {path for path in read if path not in there}, key=lambda path: path.split("/"))


def _require_no_pages(documents: Iterable[Document]) -> None:
    """Raises `NeedsWholeBuild` for a page: its address is one that any document may link to, and it is in the frame of all pages."""
    for document in documents:
        if document.content_type == "page":
            raise NeedsWholeBuild(f"{document.path}: a page")
