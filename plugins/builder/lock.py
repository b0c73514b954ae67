"""One build at a time in one output. The kernel drops the lock when its process ends, even by SIGKILL, so no lock of a dead build is in the way."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from plugins.builder.options import BuildFailed
from plugins.file_lock import acquire
from plugins.files import write_atomically

LOCK = "build.lock"
HOLDER = "building.json"
"""Says who holds the lock, for people. It may be there after a build was killed; then nobody reads it."""

_AT_ONCE = 0.3
"""Seconds. A build with nothing to do takes less, and to wait for it is not worth a word."""


class BuildBusy(BuildFailed):
    """Another build works in this output and did not end in time. Nothing was changed."""


@contextmanager
def output_lock(output: Path, seconds: float, on_wait: Callable[[str], None] = lambda _words: None) -> Iterator[None]:
    """Hold the lock of ``output`` for the length of the block. Waits at most ``seconds``; ``on_wait`` is told once who builds, in two languages.

    Raises `BuildBusy`, `OSError`.
    """
    descriptor = os.open(output / LOCK, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
    try:
        if not acquire(descriptor, min(_AT_ONCE, seconds)):
            _wait(descriptor, output, seconds - _AT_ONCE, on_wait)
        write_atomically(output / HOLDER, json.dumps(_this_process()).encode())
        try:
            yield
        finally:
            with suppress(OSError):
                (output / HOLDER).unlink()
    finally:
        os.close(descriptor)  # which gives the lock back


def _wait(descriptor: int, output: Path, seconds: float, on_wait: Callable[[str], None]) -> None:
    ja, en = _describe(output)
    if seconds > 0:
        on_wait(f"{ja}。終わるまで待ちます / {en}: waiting for it to end")
    if not acquire(descriptor, max(0.0, seconds)):
        raise BuildBusy(
            f"{ja}。何も変えていません。終わってから、もう一度実行してください / {en}. Nothing was changed: try again when it has ended"
        )


def _describe(output: Path) -> tuple[str, str]:
    """Say who builds in ``output``, as far as is known."""
    try:
        holder = json.loads((output / HOLDER).read_text("utf-8"))
        who = f"{holder['process']:d}", str(holder["machine"]), str(holder["since"])
    except (OSError, ValueError, LookupError, TypeError):
        return f"別のビルドが {output} を作っています", f"another build is at work in {output}"
    process, machine, since = who
    return (
        f"別のビルド（{machine} のプロセス {process}、{since} から）が {output} を作っています",
        f"another build (process {process} on {machine}, since {since}) is at work in {output}",
    )


def _machine() -> str:
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")  # `socket` would take longer to load


def _this_process() -> dict[str, object]:
    since = dt.datetime.now().astimezone()  # when somebody waits, not what is published: no build reads it
    return {"process": os.getpid(), "machine": _machine(), "since": since.isoformat(" ", "seconds")}
