"""Whose journals there are: one folder for each process, with a lock beside it that the kernel drops when the process dies."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from mailer import private_files
from mailer.config.settings import Durability
from mailer.delivery.journal import Journal
from mailer.delivery.recovery.sent_log import SUFFIX, SentLog, highest_fence, journal_errors

LOCK = "lock"


class JournalDirectory:
    """The folder of one living process. `name` names the process in the database too: host, process number and a random part.

    `last_fence` is the highest under which a process of this machine has claimed a batch: the next one is higher, or the ledger is
    older than what was sent.
    """

    def __init__(self, state: Path, durability: Durability = "process") -> None:
        self._state = state
        self._durability = durability
        self.last_fence = highest_fence(state)
        self.name = f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._folder = state / self.name
        with journal_errors(self._folder):
            private_files.make_folder(state)
            private_files.restrict(state)  # an older version made it with the rights of the umask
            self._lock = _lock_beside(self._folder)
            self._lock.acquire(timeout=0)
            # Not before: whoever finds a folder without a lock takes it for a dead process's, and reads and removes its journals.
            private_files.make_folder(self._folder)
        self._sent_log = SentLog(state / f"{self.name}{SUFFIX}")

    def new_token(self) -> str:
        """A name for the next batch's journal."""
        return f"{self.name}/{secrets.token_hex(8)}"

    def open(self, token: str) -> Journal:
        """The batch's journal. Opened before the batch is claimed: a claim without a journal means that the journal was lost."""
        return Journal(journal_path(self._state, token), self._sent_log, self._durability)

    def close(self) -> None:
        """The process ends. The folder is removed, unless there are journals in it."""
        self._sent_log.close()
        _remove_if_empty(self._folder)
        self._lock.release()


def journal_path(state: Path, token: str) -> Path:
    """The journal of that name."""
    return state / f"{token}.log"


def orphaned_journals(state: Path) -> Iterator[Path]:
    """The folders of dead processes. Each is locked until the next one is asked for, and then removed if it is empty."""
    for folder in _folders(state):
        with ExitStack() as locks:
            try:
                _lock(folder, locks)
            except (Timeout, OSError):
                continue
            if folder.is_dir():  # another process may have settled it
                yield folder
            _remove_if_empty(folder)


def living_senders(state: Path) -> tuple[str, ...]:
    """The names of the processes of this machine that hold their folders."""
    living: list[str] = []
    for folder in _folders(state):
        with ExitStack() as locks:
            try:
                _lock(folder, locks)
            except (Timeout, OSError):
                living.append(folder.name)
    return tuple(living)


def _folders(state: Path) -> list[Path]:
    return sorted(path for path in state.glob("*/") if path.is_dir())


def _lock(folder: Path, locks: ExitStack) -> None:
    """Lock a folder as its own process does. Version 0.1 had the lock inside: a process of it may be alive."""
    if (folder / LOCK).exists():
        locks.enter_context(FileLock(folder / LOCK, mode=private_files.FILE_MODE).acquire(timeout=0))
    locks.enter_context(_lock_beside(folder).acquire(timeout=0))


def _lock_beside(folder: Path) -> FileLock:
    return FileLock(folder.with_name(f"{folder.name}.{LOCK}"), mode=private_files.FILE_MODE)


def _remove_if_empty(folder: Path) -> None:
    """Remove a folder whose lock this process holds, and then the lock's file: its name is never used again."""
    if any(folder.glob("*.log")):
        return
    with suppress(OSError):
        (folder / LOCK).unlink(missing_ok=True)
        folder.rmdir()
        folder.with_name(f"{folder.name}.{LOCK}").unlink(missing_ok=True)
