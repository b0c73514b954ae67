"""What is on the wire, written before and after it: an append-only file for each claimed batch.

An intent is in the file before the first byte of a body leaves, a result in the turn of the event loop that brought the reply
(`GroupCommit`), each by one `write` of whole lines. So they survive the death of the process at any moment; with
`durability = "power"` intents are synced to the disk first and survive a power cut too. The ledger gets the results later, in
groups. After a kill, `replay` says for each row what is known: a result; an intent alone (the body may have arrived); or nothing
(the body has not left).

Lines: `c FENCE ISSUE` (the claim), `i SUBSCRIBER` (intent), `r [RESULT]` (`DeliveryResult.line`). Newer versions must read older files.
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

from mailer import private_files
from mailer.model.errors import JournalError
from mailer.model.ids import Fence, IssueId, SubscriberId
from mailer.model.outcome import DeliveryResult
from mailer.model.state import RESULTS, DeliveryState

LOCK = "lock"

Allow = Callable[[bool], None]
"""Is called once it is decided whether a body may leave."""


class Journal:
    """The file of one batch. Every method that writes raises `JournalError` if the file cannot be written: then nothing may leave."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with _journal_errors(path):
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, private_files.FILE_MODE)
        self._unwritten = b""

    def begin(self, fence: Fence, issue_id: IssueId) -> None:
        """Write which claim this is the journal of."""
        self._write(b"c %d %d\n" % (fence, issue_id))

    def intend(self, subscriber_id: SubscriberId) -> None:
        """The body for this subscriber is about to leave. It may leave after the next `flush`."""
        self._unwritten += b"i %d\n" % subscriber_id

    def result(self, line: str) -> None:
        """A result (`DeliveryResult.line`). The next `flush` writes it."""
        self._unwritten += f"r {line}\n".encode()

    def flush(self) -> None:
        """Write every line since the last flush, as one write."""
        if self._unwritten:
            lines, self._unwritten = self._unwritten, b""
            self._write(lines)

    def sync(self) -> None:
        """Sync the file to the disk. Blocks; call it in a thread."""
        with _journal_errors(self.path):
            os.fdatasync(self._file) if hasattr(os, "fdatasync") else os.fsync(self._file)

    def close(self, *, is_done: bool) -> None:
        """Close the file. `is_done`: everything is in the ledger, so the file is removed."""
        file, self._file = self._file, -1  # the system may give the same number to another file soon
        with suppress(OSError):
            os.close(file)
        if is_done:
            self.path.unlink(missing_ok=True)

    def _write(self, lines: bytes) -> None:
        try:
            size = os.write(self._file, lines)
        except OSError as error:
            raise _unwritable(self.path, str(error.strerror)) from error
        if size != len(lines):
            raise _unwritable(self.path, "only a part of a line found room")


class GroupCommit:
    """One write for each journal in a turn of the event loop; then the bodies leave.

    All connections that were answered in the same turn share that write. With `syncs` (`durability = "power"`) bodies wait until
    the write is on the disk; whatever is written while one sync runs shares the next one.

    :param on_failure: is told that a journal cannot be written. Then no body leaves.
    """

    def __init__(self, on_failure: Callable[[Exception], None], *, syncs: bool) -> None:
        self._on_failure = on_failure
        self._syncs = syncs
        self._journals: dict[Journal, None] = {}
        self._waiting: list[Allow] = []
        self._unsynced: list[tuple[dict[Journal, None], list[Allow]]] = []
        self._syncing: asyncio.Task[None] | None = None

    def add(self, journal: Journal) -> None:
        """The journal has something to write in this turn."""
        if not self._journals:
            asyncio.get_running_loop().call_soon(self.commit)
        self._journals[journal] = None

    def add_intent(self, journal: Journal, allow: Allow) -> None:
        """As `add`; then call `allow` with whether the body may leave."""
        self.add(journal)
        self._waiting.append(allow)

    def commit(self) -> None:
        """Write what was added, and let the bodies leave, or sync first."""
        journals, self._journals = self._journals, {}
        waiting, self._waiting = self._waiting, []
        is_written = self._flush(journals)
        if not (waiting and is_written and self._syncs):
            _answer(waiting, is_written)
            return
        self._unsynced.append((journals, waiting))
        if self._syncing is None or self._syncing.done():
            self._syncing = asyncio.get_running_loop().create_task(self._sync())

    def _flush(self, journals: Iterable[Journal]) -> bool:
        try:
            for journal in journals:
                journal.flush()
        except JournalError as error:
            self._on_failure(error)
            return False
        return True

    async def _sync(self) -> None:
        while self._unsynced:
            commits, self._unsynced = self._unsynced, []
            is_synced = True
            try:
                for journal in {journal for journals, _ in commits for journal in journals}:
                    await asyncio.to_thread(journal.sync)
            except JournalError as error:
                self._on_failure(error)
                is_synced = False
            for _, waiting in commits:
                _answer(waiting, is_synced)


def _answer(waiting: Iterable[Allow], may_leave: bool) -> None:
    for allow in waiting:
        allow(may_leave)


class JournalDirectory:
    """The folder of one living process. `name` names the process in the database too: host, process number and a random part."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self.name = f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._folder = state / self.name
        with _journal_errors(self._folder):
            private_files.make_folder(self._folder)
            private_files.restrict(state)  # an older version made it with the rights of the umask
        self._lock = FileLock(self._folder / LOCK, mode=private_files.FILE_MODE)
        self._lock.acquire(timeout=0)

    def new_token(self) -> str:
        """A name for the next batch's journal."""
        return f"{self.name}/{secrets.token_hex(8)}"

    def open(self, token: str) -> Journal:
        """The batch's journal. Opened before the batch is claimed: a claim without a journal means that the journal was lost."""
        return Journal(journal_path(self._state, token))

    def close(self) -> None:
        """The process ends. The folder is removed, unless there are journals in it."""
        self._lock.release()
        _remove_if_empty(self._folder)


def journal_path(state: Path, token: str) -> Path:
    """The journal of that name."""
    return state / f"{token}.log"


def orphaned_journals(state: Path) -> Iterator[Path]:
    """The folders of dead processes. Each is locked until the next one is asked for, and then removed if it is empty."""
    for folder in sorted(path for path in state.glob("*/") if path.is_dir()):
        lock = FileLock(folder / LOCK, mode=private_files.FILE_MODE)
        try:
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            continue
        try:
            yield folder
        finally:
            lock.release()
            _remove_if_empty(folder)


@dataclass(frozen=True, slots=True)
class Replay:
    """What a journal says. `known` by subscriber; None: the body was about to leave, and nothing is known of it after that."""

    fence: Fence | None
    issue_id: IssueId | None
    known: dict[SubscriberId, DeliveryResult | None]


def replay(path: Path) -> Replay:
    """Read a journal to its end, or to the first line that is not whole or not understood.

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
                result = _parse_result(json.loads(line[2:]))
                known[result.subscriber_id] = result
            elif line.startswith(b"c "):
                first, second = line[2:].split()
                fence, issue_id = Fence(int(first)), IssueId(int(second))
        except (ValueError, TypeError):
            break
    return Replay(fence, issue_id, known)


class Timestamp(NamedTuple):
    """A time, and its text as the journal and the ledger store it."""

    at: datetime
    text: str


def timestamp(at: datetime) -> Timestamp:
    """The time with its text."""
    return Timestamp(at, format_timestamp(at))


def format_timestamp(at: datetime) -> str:
    """UTC, always with microseconds: SQLite has no type for times, and texts of one length sort as the times do."""
    return at.astimezone(UTC).isoformat(" ", "microseconds")


def _parse_result(values: list[str]) -> DeliveryResult:
    subscriber_id, state, attempts, code, text, first_tried, not_before, at, message_id = values
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


def _remove_if_empty(folder: Path) -> None:
    if any(folder.glob("*.log")):
        return
    with suppress(OSError):
        (folder / LOCK).unlink(missing_ok=True)
        folder.rmdir()


@contextmanager
def _journal_errors(path: Path) -> Iterator[None]:
    """An OSError as a JournalError."""
    try:
        yield
    except OSError as error:
        raise _unwritable(path, str(error.strerror)) from error


def _unwritable(path: Path, reason: str) -> JournalError:
    return JournalError(f"The journal {path} cannot be written: {reason}. Nothing more was sent; make room and send again.")
