"""One publish at a time. The programs that a publish starts hold the lock too: after a kill, the next publish waits for what is left of them."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from publisher.model.errors import PublisherError
from publisher.release.file_lock import take_lock

LOCK = "lock"
HOLDER = "holder.json"
"""Beside the lock, for people: it may be left behind by a publish that was killed."""


class PublishBusy(PublisherError):
    """Another publish is at work. Nothing was changed."""


@contextmanager
def publish_lock(folder: Path, now: dt.datetime, seconds: float = 0.0) -> Iterator[int]:
    """Hold the lock of ``folder`` and yield its file descriptor, for the programs that are started. Raises `PublishBusy` after ``seconds``."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a") as lock:
        if not take_lock(lock, seconds):
            raise PublishBusy(f"{_holder(folder)} Nothing was changed; try again when it has ended. 別の公開処理が動いています")
        (folder / HOLDER).write_text(json.dumps({"process": os.getpid(), "machine": os.uname().nodename, "since": now.isoformat()}))
        try:
            yield lock.fileno()
        finally:
            (folder / HOLDER).unlink(missing_ok=True)


def _holder(folder: Path) -> str:
    try:
        holder = json.loads((folder / HOLDER).read_text())
        process, words = int(holder["process"]), f"process {holder['process']} on {holder['machine']}, since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return f"Another publish is at work in {folder}."
    if holder["machine"] == os.uname().nodename and not Path(f"/proc/{process}").exists():
        return f"Another publish was killed ({words}), and a program that it started is still at work in {folder}."
    return f"Another publish is at work in {folder} ({words})."
