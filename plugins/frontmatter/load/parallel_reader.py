"""Reads sources in other processes, each with a share of the files, in two steps.

1. Each process validates the front matter of its share and sends the summaries of its headers.
2. When all summaries are known, each process parses the bodies of its share, resolves their links, and sends the documents.

A process is a fork of this one, so it has the registry, all code, and all that is known of other documents in memory already. A source that takes too
long ends its process (`plugins.watched`): it becomes a diagnostic, and another process reads what is left of the share. Where there is no fork
(Windows), this process does both steps alone, without that bound.
"""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from plugins.diagnostics import Diagnostic
from plugins.frontmatter.load.pickling import DocumentPickler
from plugins.frontmatter.model.document import NO_TEXT, Document, Header, HeaderSummary
from plugins.frontmatter.model.fields import Reading
from plugins.frontmatter.model.registry import Registry
from plugins.frontmatter.parse.parser import RejectedSource, as_if_published, check_rejected, read_header, resolve_source
from plugins.frontmatter.parse.references import Reference, ReferenceResolver
from plugins.frontmatter.parse.source import Source
from plugins.inputs import InputFolder
from plugins.processes import CAN_FORK, collect_rarely, receive, worker_count
from plugins.watched import NoWatch, OutOfTime, Watch, Worker, Workers, is_quick, time_limit

ENOUGH = 200
"""Sources for which a second process pays."""

_BATCH = 100

Headers = Mapping[str, Header | HeaderSummary]
"""The header of every document, or its summary, by its path below ``content/``."""


@dataclass(frozen=True)
class HeaderBatch:
    """The summaries of a share, and the diagnostics of the sources whose front matter is not valid."""

    summaries: list[HeaderSummary]
    diagnostics: list[Diagnostic]


@dataclass(frozen=True)
class ReadResult:
    """One source, read.

    ``document`` has no text (``html`` and ``markdown`` are beside it), and is None if the front matter is not valid. ``resolved`` are the references
    of the document with what each of them resolved to, ``digest`` is that of the source's bytes, ``diagnostics`` are those of the body.
    """

    path: str
    document: Document | None
    html: str
    markdown: str
    resolved: Mapping[Reference, Any]
    digest: bytes
    diagnostics: list[Diagnostic]


class SourceReader(Protocol):
    """Reads a number of sources in the two steps above; ``headers`` must be read to its end before ``results`` is called."""

    def headers(self) -> Iterator[HeaderBatch]: ...
    def results(self, headers: Headers, images: dict[str, Any]) -> Iterator[ReadResult]:
        """``images`` is what is known of image files (`ReferenceResolver`); the reader adds to it."""


@dataclass
class ShareReader:
    """Reads one share of the sources below ``content`` for the moment ``now``. ``shows_drafts`` is as in `plugins.frontmatter.library.Library`."""

    content: Path
    registry: Registry
    now: dt.datetime
    shows_drafts: bool = False
    _headers: list[tuple[int, Source, Header]] = field(default_factory=list)
    _rejected: list[tuple[int, RejectedSource]] = field(default_factory=list)

    def read_headers(self, paths: Sequence[str], watch: Watch) -> HeaderBatch:
        """Read the front matter of ``paths``; ``watch`` is told the number of each in ``paths``, here and when the bodies are read."""
        self._headers, self._rejected = [], []
        reading = Reading.at(self.registry, self.now)
        for number, path in enumerate(paths):
            watch.begin(number)
            result = read_header(self.content, PurePosixPath(path), reading)
            if isinstance(result, tuple):
                source, header = result
                self._headers.append((number, source, as_if_published(header) if self.shows_drafts else header))
            else:
                self._rejected.append((number, result))
        watch.end()
        return HeaderBatch(
            [header.summary_for_others for _, _, header in self._headers],
            [diagnostic for _, rejected in self._rejected for diagnostic in rejected.diagnostics],
        )

    def read_bodies(self, references: ReferenceResolver, watch: Watch) -> Iterator[ReadResult]:
        """Read the bodies of the sources whose headers were read last."""
        for number, source, header in self._headers:
            watch.begin(number)
            document, diagnostics = resolve_source(source, header, references)
            if document is None:
                yield _without_document(str(header.path), diagnostics)
                continue
            text = document.text
            without_text = document.with_text(NO_TEXT)  # the text is stored apart: most builds never load it
            yield ReadResult(str(header.path), without_text, text.html, text.markdown, references.resolved, source.digest, diagnostics)
        for number, rejected in self._rejected:
            watch.begin(number)
            yield _without_document(str(rejected.path), check_rejected(rejected, references))
        watch.end()


def _without_document(path: str, diagnostics: list[Diagnostic]) -> ReadResult:
    return ReadResult(path, None, "", "", {}, b"", diagnostics)


@dataclass
class _OneProcess:
    share: ShareReader
    paths: Sequence[str]

    def headers(self) -> Iterator[HeaderBatch]:
        yield self.share.read_headers(self.paths, NoWatch())

    def results(self, headers: Headers, images: dict[str, Any]) -> Iterator[ReadResult]:
        share = self.share
        yield from share.read_bodies(ReferenceResolver(share.content, share.registry, headers, share.now, images), NoWatch())


@dataclass
class _Processes:
    """A worker sends its `HeaderBatch`, then batches of results, the last of them with its images; or an exception. ``known`` it has from the fork."""

    share: ShareReader
    known: Headers
    workers: Workers[str]

    def headers(self) -> Iterator[HeaderBatch]:
        for worker in list(self.workers.running):
            while not isinstance(message := self.workers.receive(worker), bytes):
                if message is not None:
                    yield HeaderBatch([], [message.diagnostic(PurePosixPath(message.item))])
                worker = self.workers.start(partial(_run_worker, self.share, self.known), worker.left(message))  # noqa: PLW2901 - it takes its place
            yield self._load(message)

    def results(self, headers: Headers, images: dict[str, Any]) -> Iterator[ReadResult]:
        # A summary holds nothing of the registry, and is small.
        fresh = [_summary(header) for path, header in headers.items() if path not in self.known]
        message = pickle.dumps((fresh, images), protocol=5)  # once for all workers
        for worker in self.workers.running:
            worker.send(message)
        yield from self.collect(headers, images)

    def collect(self, headers: Headers, images: dict[str, Any]) -> Iterator[ReadResult]:
        """Take what the running workers send, and start others in the place of those that end."""
        while self.workers.running:
            for worker in self.workers.ready():
                received = self.workers.receive(worker)
                if isinstance(received, bytes):
                    yield from self._take(worker, received, images)
                else:
                    if received is not None:
                        yield _without_document(received.item, [received.diagnostic(PurePosixPath(received.item))])
                    self.workers.start(partial(_run_again, self.share, headers, images), worker.left(received))

    def _take(self, worker: Worker[str], message: bytes, images: dict[str, Any]) -> Iterator[ReadResult]:
        batch, images_of_worker = self._load(message)
        worker.done.update(result.path for result in batch)
        yield from batch
        if images_of_worker is not None:
            images |= images_of_worker
            self.workers.running.remove(worker)

    def _load(self, message: bytes) -> Any:
        """Return what a worker has sent, or raise it if it is an exception."""
        value = next(DocumentPickler(self.share.registry).loads([message]))
        if isinstance(value, BaseException):
            raise value
        return value


@dataclass
class _Quick:
    """Reads a few small sources in this process. If they are not quick after all, ``others`` read them once more."""

    share: ShareReader
    paths: Sequence[str]
    others: _Processes

    def headers(self) -> Iterator[HeaderBatch]:
        try:
            with time_limit():
                batch = self.share.read_headers(self.paths, NoWatch())
        except OutOfTime:
            self.others.workers.start(partial(_run_worker, self.share, self.others.known), self.paths)
            yield from self.others.headers()
        else:
            yield batch

    def results(self, headers: Headers, images: dict[str, Any]) -> Iterator[ReadResult]:
        if self.others.workers.running:
            yield from self.others.results(headers, images)
            return
        references = ReferenceResolver(self.share.content, self.share.registry, headers, self.share.now, images)
        try:
            with time_limit():
                results = list(self.share.read_bodies(references, NoWatch()))
        except OutOfTime:
            self.others.workers.start(partial(_run_again, self.share, headers, images), self.paths)
            yield from self.others.collect(headers, images)
        else:
            yield from results


def _summary(header: Header | HeaderSummary) -> HeaderSummary:
    return header.summary_for_others if isinstance(header, Header) else header


@contextmanager
def open_reader(share: ShareReader, paths: Sequence[str], known: Headers) -> Iterator[SourceReader]:
    """Yield a reader of ``paths``: as many processes as the machine has processors, if there is enough to read. ``known`` are the headers of all others."""
    if not paths or not CAN_FORK:
        yield _OneProcess(share, paths)
        return
    count, workers = worker_count(len(paths), ENOUGH), Workers[str]()
    with workers.open():
        if count == 1 and is_quick(InputFolder(share.content), paths):
            yield _Quick(share, paths, _Processes(share, known, workers))
            return
        for number in range(count):
            workers.start(partial(_run_worker, share, known), paths[number::count])
        yield _Processes(share, known, workers)


def _run_worker(share: ShareReader, known: Headers, paths: Sequence[str], watch: Watch, connection: Connection) -> None:
    """Do both steps. Between them, the summaries of the documents come that other workers read."""
    send = _sender(share, connection)
    try:
        send(share.read_headers(paths, watch))
        summaries, images = pickle.loads(receive(connection))  # noqa: S301 - from the process that this one is a fork of
        _send_results(share, {**known, **{summary.path: summary for summary in summaries}}, images, watch, send)
    except BaseException as error:
        send(error)


def _run_again(
    share: ShareReader, headers: Headers, images: dict[str, Any], paths: Sequence[str], watch: Watch, connection: Connection
) -> None:
    """Do what a worker that has ended left, when all headers are known."""
    send = _sender(share, connection)
    try:
        share.read_headers(paths, watch)
        _send_results(share, headers, images, watch, send)
    except BaseException as error:
        send(error)


def _sender(share: ShareReader, connection: Connection) -> Callable[[Any], None]:
    pickler = DocumentPickler(share.registry)
    return lambda value: connection.send_bytes(pickler.dumps(value))


def _send_results(share: ShareReader, headers: Headers, images: dict[str, Any], watch: Watch, send: Callable[[Any], None]) -> None:
    collect_rarely()
    results = share.read_bodies(ReferenceResolver(share.content, share.registry, headers, share.now, images), watch)
    while batch := list(islice(results, _BATCH)):
        send((batch, None))
    send(([], images))
