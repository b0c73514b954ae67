"""What is on the wire, written before and after it: an append-only file for each claimed batch.

An intent is in the file before the first byte of a body leaves, a result in the turn of the event loop that brought the reply
(`GroupCommit`), each by one `write` of whole lines. So they survive the death of the process at any moment; with
`durability = "power"` intents are synced to the disk first and survive a power cut too. The ledger gets the results later, in
groups. After a kill, `recovery.replay` says for each row what is known: a result; an intent alone (the body may have arrived); or
nothing (the body has not left).

Lines: `b BOOT DURABILITY` (before the claim), `c FENCE ISSUE LIST/NUMBER` (the claim), `i SUBSCRIBER` (intent), `r [RESULT]`
(`DeliveryResult.line`). Newer versions must read older files. A file without its first line was emptied; one of an earlier start of
the machine may lack what was not synced.
The files of one process lie in one folder (`recovery.journal_directory`).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from mailer import private_files
from mailer.config.settings import Durability
from mailer.delivery.recovery.sent_log import SUFFIX, SentLog, journal_errors, unwritable
from mailer.model.errors import JournalError
from mailer.model.ids import Fence, IssueId, SubscriberId

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""A random number that Linux makes at each start."""

Allow = Callable[[bool], None]
"""Is called once it is decided whether a body may leave."""


class Journal:
    """The file of one batch. Every method that writes raises `JournalError` if the file cannot be written: then nothing may leave."""

    def __init__(self, path: Path, sent_log: SentLog | None = None, durability: Durability = "process") -> None:
        self.path = path
        self._sent_log = sent_log or SentLog(path.with_suffix(SUFFIX))
        self._fence = Fence(0)
        with journal_errors(path):
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, private_files.FILE_MODE)
        self._unwritten = b""
        self._write(f"b {boot_id()} {durability}\n".encode())

    def begin(self, fence: Fence, issue_id: IssueId, ref: str = "", carries: Sequence[str] = ()) -> None:
        """Write which claim this is the journal of. `ref` is LIST/NUMBER; `carries` are those of the issues in a digest."""
        self._fence = fence
        self._write(f"c {fence} {issue_id} {ref}\n".encode())
        self._sent_log.claimed(fence, issue_id, ref, carries)

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

    async def sync(self) -> None:
        """Sync the file to the disk, in a thread. Nothing to do for a file that was closed meanwhile: all of its batch is in the ledger.

        The thread has a descriptor of its own: the system may give the number of one that is closed to another file.
        """
        if self._file < 0:
            return
        with journal_errors(self.path):
            file = os.dup(self._file)
            try:
                await asyncio.to_thread(_sync, file)
            finally:
                os.close(file)

    def close(self, *, is_done: bool) -> None:
        """Close the file. `is_done`: it is not needed any more, so it is removed."""
        file, self._file = self._file, -1  # the system may give the same number to another file soon
        with suppress(OSError):
            if file >= 0:
                os.close(file)
        if is_done:
            self.path.unlink(missing_ok=True)

    def end(self, sent: Iterable[SubscriberId], unknown: Iterable[SubscriberId]) -> None:
        """Everything is in the ledger: write what has left into the sent log, and remove the file."""
        try:
            self._sent_log.ended(self._fence, sent, unknown)
        except JournalError:
            self.close(is_done=False)
            raise
        self.close(is_done=True)

    def _write(self, lines: bytes) -> None:
        try:
            size = os.write(self._file, lines)
        except OSError as error:
            raise unwritable(self.path, str(error.strerror)) from error
        if size != len(lines):
            raise unwritable(self.path, "only a part of a line found room")


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
                    await journal.sync()
            except Exception as error:  # of whatever kind: connections wait for an answer
                self._on_failure(error)
                is_synced = False
            for _, waiting in commits:
                _answer(waiting, is_synced)


def _sync(file: int) -> None:
    os.fdatasync(file) if hasattr(os, "fdatasync") else os.fsync(file)


def _answer(waiting: Iterable[Allow], may_leave: bool) -> None:
    for allow in waiting:
        allow(may_leave)


def boot_id() -> str:
    """Which start of the machine this is. Where the system does not say (it is not Linux): always the same."""
    try:
        return BOOT_ID.read_text("ascii").strip() or "-"
    except OSError:
        return "-"


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
