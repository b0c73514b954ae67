"""Runs a command of Todoke as a process of its own: in a session of its own, so that Ctrl-C and a dying parent leave it alone; each with its own deadline."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

_CODE = Path(__file__).parents[1]
"""The folder of the program that runs."""

_LATER = 10
"""The niceness of what is not urgent."""

_LINES = 12
"""Lines of a failed program's answer that are kept."""

_LINE_LIMIT = 64 * 1024 * 1024
"""Bytes of one line: the paths of all pages of a site stand in one."""


@dataclass(frozen=True)
class Ended:
    """How a program ended. ``status`` is None if its time was over; it was killed then."""

    status: int | None
    out: str = ""
    err: str = ""

    @property
    def words(self) -> str:
        """The last lines of its answer, in one."""
        lines = (self.err.strip() or self.out.strip()).splitlines()[-_LINES:]
        return " ".join(" ".join(lines).split())


def command(*words: str) -> list[str]:
    """Return the command line of ``todoke WORDS``."""
    return [sys.executable, "-P", "-m", "todoke", *words]  # -P: no module of the current folder is taken for one of ours


def environment() -> dict[str, str]:
    """Return that of this process, with what lets the command find its code and speak to a program."""
    return os.environ | {"PYTHONPATH": str(_CODE), "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"}


async def run(*words: str, seconds: float) -> Ended:
    """Run ``todoke WORDS`` and return how it ended, after ``seconds`` at most."""
    process = await asyncio.create_subprocess_exec(
        *command(*words), stdin=DEVNULL, stdout=PIPE, stderr=PIPE, env=environment(), start_new_session=True
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), seconds)
    except TimeoutError:
        return Ended(None, err=f"not ready after {seconds:g} s / 時間内に終わりませんでした")
    finally:
        kill(process)
    return Ended(process.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))


async def start_detached(*words: str, log: IO[bytes]) -> Process:
    """Start ``todoke WORDS``, which goes on when this process has ended: a sending. What it says goes into ``log``."""
    return await asyncio.create_subprocess_exec(
        *command(*words), stdin=DEVNULL, stdout=log, stderr=log, env=environment(), start_new_session=True
    )


@asynccontextmanager
async def conversation(*words: str, errors: IO[bytes]) -> AsyncIterator[Process]:
    """Yield ``todoke WORDS`` with its two pipes, and end it with all that it started. What it says to people goes into ``errors``."""
    process = await asyncio.create_subprocess_exec(
        *command(*words), stdin=PIPE, stdout=PIPE, stderr=errors, env=environment(), start_new_session=True, limit=_LINE_LIMIT
    )
    try:
        yield process
    finally:
        kill(process)
        await process.wait()


async def records(process: Process) -> AsyncIterator[Mapping[str, Any]]:
    """Yield each line of JSON that the process writes; other lines are for people."""
    assert process.stdout is not None
    async for line in process.stdout:
        with suppress(ValueError):
            if isinstance(record := json.loads(line), dict):
                yield record


def kill(process: Process) -> None:
    """End a process with all that it started, if it has not ended."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # it leads a session, so its group has all that it started


def be_nice(process: Process) -> None:
    """Let other processes go before this one, where there are few processors (setpriority(2))."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, process.pid, os.getpriority(os.PRIO_PROCESS, process.pid) + _LATER)
