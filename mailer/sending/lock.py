"""One sender at a time: a lock on a file, which the kernel drops when the process dies, even by SIGKILL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from mailer import private_files
from mailer.config.settings import Config
from mailer.database.engine import sqlite_file
from mailer.model.errors import SenderBusy


@contextmanager
def sender_lock(config: Config) -> Iterator[None]:
    """Hold the lock of this database for the length of the block.

    :raises SenderBusy: another `send` or `work` holds it.
    """
    path = _path(config)
    private_files.make_folder(path.parent)
    lock = FileLock(path, mode=private_files.FILE_MODE)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise SenderBusy(
            f"Another `send` is at work on this database ({path}). Wait until it has ended; `todoke status` shows how far it is."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _path(config: Config) -> Path:
    file = sqlite_file(config.database)
    if file is None:
        # Only senders on this machine see each other here; run `send` for one PostgreSQL database on one machine.
        return config.path.parent / "var" / "send.lock"
    return file.with_name(file.name + ".send.lock")
