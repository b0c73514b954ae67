"""Reading by several hands: processes that each read a share of the sources, in two steps.

Every hand validates the front matter of its share and tells the heads; when all heads are known, it parses its bodies and resolves their links. A
hand is a fork of this process, so it has the registry and the loaded code already. Where there is no fork (Windows), or little to read, this process
does it alone.
"""

from __future__ import annotations

import datetime as dt
import gc
import os
import pickle
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from plugins.diagnostics import Diagnostic
from plugins.frontmatter.load.pickling import DocumentPickler
from plugins.frontmatter.model.document import NO_TEXT, Document, Header, HeaderSummary
from plugins.frontmatter.model.registry import Registry
from plugins.frontmatter.parse.parser import RejectedSource, as_if_published, check_rejected, read_header, resolve_source
from plugins.frontmatter.parse.references import Question, ReferenceResolver
from plugins.frontmatter.parse.source import Source
from plugins.processes import collect_rarely, receive, wait_for_messages

ENOUGH = 200
"""Sources that are worth a second process."""

_BATCH = 100


@dataclass(frozen=True)
class HeaderBatch:
    """What others may ask of a share, and the faults of what has no head that holds."""

    heads: list[HeaderSummary]
    faults: list[Diagnostic]


@dataclass(frozen=True)
class ReadResult:
    """A document whose text is apart, what it asked of others, the digest of the source's bytes, and every fault of the body.

    There is no document where the front matter does not hold.
    """

    path: str
    document: Document | None
    html: str
    markdown: str
    asked: Mapping[Question, Any]
    digest: bytes
    faults: list[Diagnostic]


Known = Mapping[str, Header | HeaderSummary]
"""Of every document, by its path below ``content/``, what others may ask of it."""


class SourceReader(Protocol):
    """Whoever reads."""

    def heads(self) -> Iterator[HeaderBatch]: ...
    def results(self, heads: Known, pictures: dict[str, Any]) -> Iterator[ReadResult]: ...


@dataclass
class ShareReader:
    """What reads a share of the sources below ``content`` for the moment ``now``; ``shows_drafts`` is as in `library.Library`."""

    content: Path
    registry: Registry
    now: dt.datetime
    shows_drafts: bool = False
    _drafts: list[tuple[Source, Header]] = field(default_factory=list)
    _refused: list[RejectedSource] = field(default_factory=list)

    def begin(self, paths: Iterable[str]) -> HeaderBatch:
        """Read the front matter of ``paths``."""
        self._drafts, self._refused = [], []
        for path in paths:
            found = read_header(self.content, PurePosixPath(path), self.registry)
            if isinstance(found, tuple):
                source, head = found
                self._drafts.append((source, as_if_published(head) if self.shows_drafts else head))
            else:
                self._refused.append(found)
        return HeaderBatch(
            [head.summary_for_others for _, head in self._drafts], [fault for refused in self._refused for fault in refused.faults]
        )

    def end(self, answers: ReferenceResolver) -> Iterator[ReadResult]:
        """Read the bodies of what was begun."""
        for source, head in self._drafts:
            document, faults = resolve_source(source, head, answers)
            text = document.text
            without_text = document.with_text(NO_TEXT)  # the text is stored beside it: most builds never load it
            yield ReadResult(str(head.path), without_text, text.html, text.markdown, answers.asked, source.digest, faults)
        for refused in self._refused:
            yield ReadResult(str(refused.path), None, "", "", {}, b"", check_rejected(refused, answers))

    def again(self, paths: Iterable[str], answers: ReferenceResolver) -> list[ReadResult]:
        """Read sources whose heads are known and hold."""
        self.begin(paths)
        return list(self.end(answers))


@dataclass
class _OneProcess:
    reading: ShareReader
    paths: Sequence[str]

    def heads(self) -> Iterator[HeaderBatch]:
        yield self.reading.begin(self.paths)

    def results(self, heads: Known, pictures: dict[str, Any]) -> Iterator[ReadResult]:
        reading = self.reading
        yield from reading.end(ReferenceResolver(reading.content, reading.registry, heads, reading.now, pictures))


@dataclass
class _Processes:
    lines: Sequence[_Line]
    workers: Mapping[Connection, BaseProcess]

    def heads(self) -> Iterator[HeaderBatch]:
        for line in self.lines:
            wait_for_messages({line.end: self.workers[line.end]})
            yield line.receive()

    def results(self, heads: Known, pictures: dict[str, Any]) -> Iterator[ReadResult]:
        told = pickle.dumps(
            ([head.summary_for_others if isinstance(head, Header) else head for head in heads.values()], pictures), protocol=5
        )
        for line in self.lines:
            line.end.send_bytes(told)
        waiting = {line.end: line for line in self.lines}
        while waiting:
            for ready in wait_for_messages({end: self.workers[end] for end in waiting}):
                batch, seen = waiting[ready].receive()
                yield from batch
                if seen is not None:
                    pictures |= seen
                    del waiting[ready]


@dataclass(frozen=True)
class _Line:
    """One end of the line between this process and a hand."""

    end: Connection
    pickling: DocumentPickler

    def send(self, value: Any) -> None:
        self.end.send_bytes(self.pickling.dumps(value))

    def receive(self) -> Any:
        found = next(self.pickling.loads([receive(self.end)]))
        if isinstance(found, BaseException):
            raise found
        return found


@contextmanager
def open_reader(reading: ShareReader, paths: Sequence[str]) -> Iterator[SourceReader]:
    """Yield who reads ``paths``: this process, or as many as the machine has processors."""
    count = min(os.cpu_count() or 1, len(paths) // ENOUGH + 1)
    if count == 1 or "fork" not in get_all_start_methods():
        if len(paths) > ENOUGH:
            collect_rarely()
        yield _OneProcess(reading, paths)
        return
    context = get_context("fork")
    pickling = DocumentPickler(reading.registry)
    lines = [(_Line(mine, pickling), _Line(theirs, pickling)) for mine, theirs in (context.Pipe() for _ in range(count))]
    workers = [
        context.Process(target=_work, args=(reading, paths[number::count], theirs), daemon=True) for number, (_, theirs) in enumerate(lines)
    ]
    gc.freeze()
    for worker in workers:
        worker.start()
    try:
        yield _Processes([mine for mine, _ in lines], {mine.end: worker for (mine, _), worker in zip(lines, workers, strict=True)})
        for worker in workers:
            worker.join()
    finally:
        for worker in workers:
            worker.terminate()
        gc.unfreeze()


def _work(reading: ShareReader, paths: Sequence[str], line: _Line) -> None:
    collect_rarely()
    try:
        line.send(reading.begin(paths))
        known, pictures = line.receive()
        heads = {head.path: head for head in known}
        results = reading.end(ReferenceResolver(reading.content, reading.registry, heads, reading.now, pictures))
        while batch := list(islice(results, _BATCH)):
            line.send((batch, None))
        line.send(([], pictures))
    except BaseException as error:
        line.send(error)
