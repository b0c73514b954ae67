"""What is on the wire, written down before and after: an append-only file for each claimed slice.

An intent is in the file before the first byte of a body leaves, a result in the turn of the event loop that brought the
reply (`GroupCommit`), each by a `write` of whole lines, so they survive the death of the process at any moment; with `durability = "power"` intents are synced to the disk first, so
they survive a power cut too. The ledger learns results in groups, later. After a kill, `replay` tells for each slice what is
known: a result; an intent alone (the body may have arrived); or nothing (it has not left).

The files of one process lie in a folder with a lock that the kernel drops when the process dies.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from mailer.model.errors import JournalError
from mailer.model.ids import Fence, IssueId, SubscriberId
from mailer.model.outcome import DeliveryResult
from mailer.model.state import RESULTS, DeliveryState

LOCK = "lock"


Go = Callable[[bool], None]


class Journal:
    """The file of one slice. `JournalError` if it cannot be written: then nothing may leave."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with _told(path):
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._waiting = b""

    def begin(self, fence: Fence, issue_id: IssueId) -> None:
        """Which claim this is the journal of."""
        self._write(b"c %d %d\n" % (fence, issue_id))

    def intend(self, subscriber_id: SubscriberId) -> None:
        """The body for this subscriber is about to leave. It may when `flush` has been called."""
        self._waiting += b"i %d\n" % subscriber_id

    def result(self, line: str) -> None:
        """What became of one (`DeliveryResult.line`). Written by the next `flush`."""
        self._waiting += f"r {line}\n".encode()

    def flush(self) -> None:
        """Write all that was said since the last one, as one write."""
        if self._waiting:
            lines, self._waiting = self._waiting, b""
            self._write(lines)

    def sync(self) -> None:
        """To the disk itself. Blocks; call in a thread."""
        with _told(self.path):
            os.fdatasync(self._file) if hasattr(os, "fdatasync") else os.fsync(self._file)

    def close(self, *, is_done: bool) -> None:
        """The slice is over; if everything is in the ledger, the file is not needed any more."""
        file, self._file = self._file, -1  # the number may be another file's soon
        with suppress(OSError):
            os.close(file)
        if is_done:
            self.path.unlink(missing_ok=True)

    def _write(self, line: bytes) -> None:
        try:
            written = os.write(self._file, line)
        except OSError as error:
            raise _unwritable(self.path, str(error.strerror)) from error
        if written != len(line):
            raise _unwritable(self.path, "only a part of a line found room")


class GroupCommit:
    """What one turn of the event loop has to say: one write for each journal, and then the bodies leave.

    All connections that were answered in the same turn share that write. With `syncs` (`durability = "power"`) bodies wait until
    it is on the disk itself; all that is written while one sync runs shares the next one.

    :param failed: hears that a journal cannot be written. Then nothing leaves.
    """

    def __init__(self, failed: Callable[[Exception], None], *, syncs: bool) -> None:
        self._failed = failed
        self._syncs = syncs
        self._journals: dict[Journal, None] = {}
        self._leaving: list[Go] = []
        self._unsynced: list[tuple[dict[Journal, None], list[Go]]] = []
        self._syncing: asyncio.Task[None] | None = None

    def touch(self, journal: Journal) -> None:
        """It has something to write."""
        if not self._journals:
            asyncio.get_running_loop().call_soon(self.end)
        self._journals[journal] = None

    def then(self, journal: Journal, go: Go) -> None:
        """It has something to write; then call `go`, with whether the body may leave."""
        self.touch(journal)
        self._leaving.append(go)

    def end(self) -> None:
        """Write what there is."""
        journals, self._journals = self._journals, {}
        leaving, self._leaving = self._leaving, []
        is_written = self._write(journals)
        if not (leaving and is_written and self._syncs):
            _tell(leaving, is_written)
            return
        self._unsynced.append((journals, leaving))
        if self._syncing is None or self._syncing.done():
            self._syncing = asyncio.get_running_loop().create_task(self._sync())

    def _write(self, journals: Iterable[Journal]) -> bool:
        try:
            for journal in journals:
                journal.flush()
        except JournalError as error:
            self._failed(error)
            return False
        return True

    async def _sync(self) -> None:
        while self._unsynced:
            turns, self._unsynced = self._unsynced, []
            is_synced = True
            try:
                for journal in {journal for journals, _ in turns for journal in journals}:
                    await asyncio.to_thread(journal.sync)
            except JournalError as error:
                self._failed(error)
                is_synced = False
            for _, leaving in turns:
                _tell(leaving, is_synced)


def _tell(leaving: Iterable[Go], may_leave: bool) -> None:
    for go in leaving:
        go(may_leave)


class JournalDirectory:
    """The folder of one living process: makes journals, and finds those of dead processes."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self.name = f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._folder = state / self.name
        with _told(self._folder):
            self._folder.mkdir(parents=True)
        self._lock = FileLock(self._folder / LOCK)
        self._lock.acquire(timeout=0)

    def token(self) -> str:
        """A name for the next slice's journal."""
        return f"{self.name}/{secrets.token_hex(8)}"

    def open(self, token: str) -> Journal:
        """The slice's journal. Made before the slice is claimed: a claim without journal means that the journal was lost."""
        return Journal(path_of(self._state, token))

    def close(self) -> None:
        """The process ends. The folder goes too, unless journals are left in it."""
        self._lock.release()
        _remove(self._folder)


def path_of(state: Path, token: str) -> Path:
    """Where the journal of that name is."""
    return state / f"{token}.log"


def orphaned_journals(state: Path) -> Iterator[Path]:
    """The folders of dead processes, each locked while it is looked at, and removed afterwards if it is empty."""
    for folder in sorted(path for path in state.glob("*/") if path.is_dir()):
        lock = FileLock(folder / LOCK)
        try:
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            continue
        try:
            yield folder
        finally:
            lock.release()
            _remove(folder)


@dataclass(frozen=True, slots=True)
class Replay:
    """What a journal tells. `known` by subscriber; None: the body was about to leave, and nothing is known after that."""

    fence: Fence | None
    issue_id: IssueId | None
    known: dict[SubscriberId, DeliveryResult | None]


def replay(path: Path) -> Replay:
    """Read a journal to its end, or to the line that a kill cut off.

    :raises JournalError: the file cannot be read.
    """
    known: dict[SubscriberId, DeliveryResult | None] = {}
    fence, issue_id = None, None
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise JournalError(f"{path} cannot be read: {error.strerror}. Mend that and start again; nothing is lost.") from error
    for line in raw[: raw.rfind(b"\n") + 1].splitlines():
        try:
            if line.startswith(b"i "):
                known[SubscriberId(int(line[2:]))] = None
            elif line.startswith(b"r "):
                found = _parse(json.loads(line[2:]))
                known[found.subscriber_id] = found
            elif line.startswith(b"c "):
                first, second = line[2:].split()
                fence, issue_id = Fence(int(first)), IssueId(int(second))
        except (ValueError, TypeError):
            break
    return Replay(fence, issue_id, known)


class Timestamp(NamedTuple):
    """A moment and how it is written down."""

    at: datetime
    text: str


def timestamp(at: datetime) -> Timestamp:
    """With its text."""
    return Timestamp(at, format_timestamp(at))


def format_timestamp(moment: datetime) -> str:
    """UTC with microseconds always, so that a database without a type for it keeps them in order."""
    return moment.astimezone(UTC).isoformat(" ", "microseconds")


def _parse(row: list[str]) -> DeliveryResult:
    subscriber_id, state, attempts, code, text, first_tried, not_before, at, message_id = row
    if DeliveryState(state) not in RESULTS:
        raise ValueError(state)  # the ledger would refuse it, and the row would be taken for one that has not left
    return DeliveryResult(
        SubscriberId(int(subscriber_id)),
        state,
        int(attempts),
        None if code is None else int(code),
        text,
        format_timestamp(datetime.fromisoformat(first_tried)),
        format_timestamp(datetime.fromisoformat(not_before)) if not_before else "",
        format_timestamp(datetime.fromisoformat(at)),
        message_id,
    )


def _remove(folder: Path) -> None:
    if any(folder.glob("*.log")):
        return
    with suppress(OSError):
        (folder / LOCK).unlink(missing_ok=True)
        folder.rmdir()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """OSError as one of ours."""
    try:
        yield
    except OSError as error:
        raise _unwritable(path, str(error.strerror)) from error


def _unwritable(path: Path, reason: str) -> JournalError:
    return JournalError(f"The journal {path} cannot be written: {reason}. Nothing more was sent; make room and send again.")
