"""Reads sources in several processes, each with a share of the files, in two steps.

1. Each process validates the front matter of its share and sends the summaries of its headers.
2. When all summaries are known, each process parses the bodies of its share, resolves their links, and sends the documents.

A process is a fork of this one, so it has the registry and all code in memory already. Where there is no fork (Windows), or little to read, this
process does both steps alone.
"""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from plugins.diagnostics import Diagnostic
from plugins.frontmatter.load.pickling import DocumentPickler
from plugins.frontmatter.model.document import NO_TEXT, Document, Header, HeaderSummary
from plugins.frontmatter.model.registry import Registry
from plugins.frontmatter.parse.parser import RejectedSource, as_if_published, check_rejected, read_header, resolve_source
from plugins.frontmatter.parse.references import Reference, ReferenceResolver
from plugins.frontmatter.parse.source import Source
from plugins.processes import collect_rarely, fork_workers, receive, send, wait_for_messages, worker_count

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
    _headers: list[tuple[Source, Header]] = field(default_factory=list)
    _rejected: list[RejectedSource] = field(default_factory=list)

    def read_headers(self, paths: Iterable[str]) -> HeaderBatch:
        self._headers, self._rejected = [], []
        for path in paths:
            result = read_header(self.content, PurePosixPath(path), self.registry)
            if isinstance(result, tuple):
                source, header = result
                self._headers.append((source, as_if_published(header) if self.shows_drafts else header))
            else:
                self._rejected.append(result)
        return HeaderBatch(
            [header.summary_for_others for _, header in self._headers],
            [diagnostic for rejected in self._rejected for diagnostic in rejected.diagnostics],
        )

    def read_bodies(self, references: ReferenceResolver) -> Iterator[ReadResult]:
        """Read the bodies of the sources whose headers were read last."""
        for source, header in self._headers:
            document, diagnostics = resolve_source(source, header, references)
            text = document.text
            without_text = document.with_text(NO_TEXT)  # the text is stored apart: most builds never load it
            yield ReadResult(str(header.path), without_text, text.html, text.markdown, references.resolved, source.digest, diagnostics)
        for rejected in self._rejected:
            yield ReadResult(str(rejected.path), None, "", "", {}, b"", check_rejected(rejected, references))

    def reread(self, paths: Iterable[str], references: ReferenceResolver) -> list[ReadResult]:
        """Read sources whose front matter was valid when it was read before."""
        self.read_headers(paths)
        return list(self.read_bodies(references))


@dataclass
class _OneProcess:
    share: ShareReader
    paths: Sequence[str]

    def headers(self) -> Iterator[HeaderBatch]:
        yield self.share.read_headers(self.paths)

    def results(self, headers: Headers, images: dict[str, Any]) -> Iterator[ReadResult]:
        share = self.share
        yield from share.read_bodies(ReferenceResolver(share.content, share.registry, headers, share.now, images))


@dataclass(frozen=True)
class _Channel:
    """One end of the connection between this process and a worker."""

    connection: Connection
    pickler: DocumentPickler

    def send(self, value: Any) -> None:
        self.connection.send_bytes(self.pickler.dumps(value))

    def receive(self) -> Any:
        """Return the next value, or raise it if it is an exception."""
        value = next(self.pickler.loads([receive(self.connection)]))
        if isinstance(value, BaseException):
            raise value
        return value


@dataclass
class _Processes:
    channels: Sequence[_Channel]
    workers: Mapping[Connection, BaseProcess]

    def headers(self) -> Iterator[HeaderBatch]:
        for channel in self.channels:
            wait_for_messages({channel.connection: self.workers[channel.connection]})
            yield channel.receive()

    def results(self, headers: Headers, images: dict[str, Any]) -> Iterator[ReadResult]:
        summaries = [header.summary_for_others if isinstance(header, Header) else header for header in headers.values()]
        message = pickle.dumps((summaries, images), protocol=5)  # once for all workers; a summary holds nothing of the registry
        for channel in self.channels:
            send(channel.connection, message)
        open_channels = {channel.connection: channel for channel in self.channels}
        while open_channels:
            for ready in wait_for_messages({connection: self.workers[connection] for connection in open_channels}):
                batch, images_of_worker = open_channels[ready].receive()
                yield from batch
                if images_of_worker is not None:
                    images |= images_of_worker
                    del open_channels[ready]


@contextmanager
def open_reader(share: ShareReader, paths: Sequence[str]) -> Iterator[SourceReader]:
    """Yield a reader of ``paths``: this process, or as many as the machine has processors."""
    count = worker_count(len(paths), ENOUGH)
    if count == 1:
        if len(paths) > ENOUGH:
            collect_rarely()
        yield _OneProcess(share, paths)
        return
    pickler = DocumentPickler(share.registry)
    with fork_workers(lambda number, connection: _run_worker(share, paths[number::count], _Channel(connection, pickler)), count) as workers:
        yield _Processes([_Channel(connection, pickler) for connection in workers], workers)


def _run_worker(share: ShareReader, paths: Sequence[str], channel: _Channel) -> None:
    collect_rarely()
    try:
        channel.send(share.read_headers(paths))
        summaries, images = channel.receive()
        headers = {summary.path: summary for summary in summaries}
        results = share.read_bodies(ReferenceResolver(share.content, share.registry, headers, share.now, images))
        while batch := list(islice(results, _BATCH)):
            channel.send((batch, None))
        channel.send(([], images))
    except BaseException as error:
        channel.send(error)
