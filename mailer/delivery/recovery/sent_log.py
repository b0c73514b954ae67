"""What left this machine, kept for as long as a backup of the ledger may be put back: one append-only file for each process.

A journal is removed once its results are in the ledger. If an older copy of the ledger takes its place, nothing there says that these
messages have left. These files say it: subscribers by number, a few bytes each, for `KEPT_FOR`.

Lines: `c FENCE ISSUE LIST/NUMBER` (a batch was claimed; of a digest the issues that it carries follow), then `s FENCE SUBSCRIBER …` and `u FENCE SUBSCRIBER …` (it ended; these were
sent, these are unknown). Newer versions must read older files.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from mailer.model.errors import JournalError
from mailer.model.ids import Fence, IssueId, SubscriberId

SUFFIX = ".sent"
KEPT_FOR = timedelta(days=30)


@dataclass(slots=True)
class SentBatch:
    """A batch by these files. `ref` is LIST/NUMBER, `carries` are those of the issues in a digest. Without `is_ended` its journal has the account, or had it."""

    fence: Fence
    issue_id: IssueId
    ref: str
    carries: Sequence[str] = ()
    is_ended: bool = False
    sent: Sequence[SubscriberId] = field(default_factory=tuple)
    unknown: Sequence[SubscriberId] = field(default_factory=tuple)


class SentLog:
    """The file of one process; made when there is something to write. Its methods raise `JournalError` if it cannot be written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1

    def claimed(self, fence: Fence, issue_id: IssueId, ref: str, carries: Sequence[str] = ()) -> None:
        """A batch was claimed."""
        self._write(f"c {' '.join([str(fence), str(issue_id), ref, *carries])}\n")

    def ended(self, fence: Fence, sent: Iterable[SubscriberId], unknown: Iterable[SubscriberId]) -> None:
        """The batch has ended, and its results are in the ledger."""
        self._write(f"s {fence} {' '.join(map(str, sent))}\nu {fence} {' '.join(map(str, unknown))}\n")

    def close(self) -> None:
        """Nothing more will be written."""
        file, self._file = self._file, -1
        if file >= 0:
            with suppress(OSError):
                os.close(file)

    def _write(self, lines: str) -> None:
        raw = lines.encode()
        with journal_errors(self._path):
            if self._file < 0:
                self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            if os.write(self._file, raw) != len(raw):
                raise OSError(0, "only a part of a line found room")


def sent_batches(state: Path) -> list[SentBatch]:
    """All batches that the files of this folder know, in the order of their fences. A line that is cut off is left out.

    :raises JournalError: a file cannot be read.
    """
    batches: dict[Fence, SentBatch] = {}
    for path in sorted(state.glob(f"*{SUFFIX}")):
        for line in _lines(path):
            with suppress(ValueError, KeyError):
                _add(batches, line)
    return [batches[fence] for fence in sorted(batches)]


def highest_fence(state: Path) -> Fence:
    """The highest fence that a process of this folder has claimed a batch under. 0: none."""
    highest = 0
    for path in state.glob(f"*{SUFFIX}"):
        for line in _lines(path):
            if line.startswith(b"c "):
                with suppress(ValueError, IndexError):
                    highest = max(highest, int(line.split(b" ", 2)[1]))
    return Fence(highest)


def prune(state: Path, now: float) -> None:
    """Remove files in which nothing was written for `KEPT_FOR`. `now` in seconds since 1970, by the clock of the file system's machine."""
    for path in state.glob(f"*{SUFFIX}"):
        with suppress(OSError):
            if path.stat().st_mtime < now - KEPT_FOR.total_seconds():
                path.unlink()


@contextmanager
def journal_errors(path: Path) -> Iterator[None]:
    """An OSError as a JournalError."""
    try:
        yield
    except OSError as error:
        raise unwritable(path, str(error.strerror)) from error


def unwritable(path: Path, reason: str) -> JournalError:
    """The error for a file that cannot be written."""
    return JournalError(f"The journal {path} cannot be written: {reason}. Nothing more was sent; make room and send again.")


def _lines(path: Path) -> list[bytes]:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise JournalError(f"{path} cannot be read: {error.strerror}. Mend that and start again; nothing is lost.") from error
    return raw[: raw.rfind(b"\n") + 1].splitlines()


def _add(batches: dict[Fence, SentBatch], line: bytes) -> None:
    kind, number, *rest = line.decode("ascii").split(" ")
    fence = Fence(int(number))
    if kind == "c":
        before = batches.get(fence)  # a recovery writes the line again, and does not know what a digest carries
        batches[fence] = SentBatch(fence, IssueId(int(rest[0])), rest[1], tuple(rest[2:]) or (before.carries if before else ()))
        return
    batch, ids = batches[fence], tuple(SubscriberId(int(each)) for each in rest if each)
    if kind == "s":
        batch.is_ended, batch.sent = True, ids
    elif kind == "u":
        batch.unknown = ids
