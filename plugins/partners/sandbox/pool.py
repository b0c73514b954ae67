"""The child processes that touch what strangers wrote, and can be killed: a few of them, each for many documents.

Each holds limits on processor time and memory (``child``); here is the clock that ends those who never answer. A document that kills
its reader fails alone: the next one gets a new reader.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plugins.partners.http.body import MEGABYTE
from plugins.partners.model.errors import ParseError

ROOT = Path(__file__).resolve().parents[3]
"""Where ``plugins`` is, so that a child finds it from any working directory."""

LARGEST_ANSWER = 48 * MEGABYTE
MOST_JOBS = 100
"""Documents after which a reader is replaced, so that nothing piles up in one."""

_ENVIRONMENT = ("PATH", "PYTHONPATH", "SYSTEMROOT", "LD_LIBRARY_PATH")


@dataclass(frozen=True)
class SandboxLimits:
    """For one document: seconds of processor and of wall clock, bytes of address space, entries that are kept."""

    cpu_seconds: int = 20
    wall_seconds: float = 40.0
    memory_bytes: int = 208 * MEGABYTE
    max_entries: int = 1000


class Sandbox:
    """Up to ``count`` child processes. A large document is read while no other is, so that memory stays within bounds."""

    def __init__(self, limits: SandboxLimits, count: int = 2) -> None:
        """Start nothing yet."""
        self.limits = limits
        self._seats: asyncio.Queue[_Reader | None] = asyncio.Queue()
        self._count = count
        self._alone = asyncio.Lock()
        for _ in range(count):
            self._seats.put_nowait(None)

    async def ask(self, job: str, options: Mapping[str, object], body: bytes) -> tuple[dict[str, Any], bytes]:
        """Have ``body`` read and return the answer: a head and its bytes. Raises ParseError for what goes past a limit."""
        async with self._seated(self._count if len(body) > MEGABYTE else 1) as seats:
            if len(seats) > 1:  # what idle readers still hold is needed now
                await _end_all(seats)
            reader = seats[0] or await _start(self.limits)
            seats[0] = None
            answer = await self._answered(reader, {**options, "job": job}, body)
            if len(seats) == 1 and reader.jobs < MOST_JOBS:
                seats[0] = reader
            else:
                await reader.end()
            return answer

    async def _answered(self, reader: _Reader, options: Mapping[str, object], body: bytes) -> tuple[dict[str, Any], bytes]:
        """Ask, and end a reader that did not answer as it should."""
        try:
            async with asyncio.timeout(self.limits.wall_seconds):
                head, found = await reader.ask(options, body)
        except TimeoutError:
            await reader.end()
            raise ParseError(f"読み取りに時間がかかりすぎます / reading took longer than {self.limits.wall_seconds:g} s") from None
        except (OSError, ValueError, asyncio.IncompleteReadError):
            raise ParseError(_death(await reader.death())) from None
        except BaseException:
            await reader.end()
            raise
        if "error" in head:
            await reader.end()
            raise ParseError(_reason(str(head["error"])))
        return head, found

    @asynccontextmanager
    async def _seated(self, wanted: int) -> AsyncIterator[list[_Reader | None]]:
        """Hold ``wanted`` seats; readers sitting there come with them."""
        seats: list[_Reader | None] = []
        try:
            async with self._alone:  # two who each hold some seats would wait for one another for ever
                while len(seats) < wanted:
                    seats.append(await self._seats.get())
            yield seats
        finally:
            for seat in seats:
                self._seats.put_nowait(seat)

    async def close(self) -> None:
        """End every reader. Nobody may be asking."""
        seats: list[_Reader | None] = []
        while not self._seats.empty():
            seats.append(self._seats.get_nowait())
        await _end_all(seats)


@asynccontextmanager
async def open_sandbox(limits: SandboxLimits) -> AsyncIterator[Sandbox]:
    """Have readers for the length of the block."""
    readers = Sandbox(limits)
    try:
        yield readers
    finally:
        await readers.close()


@dataclass
class _Reader:
    """One child process and how many documents it has read."""

    process: asyncio.subprocess.Process
    jobs: int = 0

    async def ask(self, options: Mapping[str, object], body: bytes) -> tuple[dict[str, Any], bytes]:
        """Send one document and read the answer. Both ways: a line of JSON that says ``size``, then so many bytes."""
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None or stdout is None:
            raise OSError("no pipe")
        self.jobs += 1
        stdin.write(json.dumps({**options, "size": len(body)}).encode("ascii") + b"\n")
        stdin.write(body)
        await stdin.drain()
        head: dict[str, Any] = json.loads(await stdout.readuntil(b"\n"))
        size = int(head["size"])
        if size > LARGEST_ANSWER:
            raise ValueError("too large an answer")
        return head, await stdout.readexactly(size)

    async def end(self) -> None:
        """Kill the process and wait for it."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()

    async def death(self) -> int:
        """Return how the process ended; one that still lives is killed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                return await self.process.wait()
        await self.end()
        return 0


async def _start(limits: SandboxLimits) -> _Reader:
    """Start a child. It gets no secrets from our environment, and nobody reads its complaints."""
    options = json.dumps({"cpu_seconds": limits.cpu_seconds, "memory_bytes": limits.memory_bytes})
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-X", "utf8", "-m", "plugins.partners.sandbox.child", options),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=ROOT,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        limit=MEGABYTE,
    )
    return _Reader(process)


async def _end_all(seats: list[_Reader | None]) -> None:
    """End the readers that sit in ``seats``."""
    for number, reader in enumerate(seats):
        if reader is not None:
            await reader.end()
        seats[number] = None


def _death(status: int) -> str:
    """Say why a reader died."""
    if status in (-getattr(signal, "SIGXCPU", 0), -getattr(signal, "SIGKILL", 0)):
        return "読み取りの計算が多すぎます / reading went past the processor limit"
    if status in (-getattr(signal, "SIGSEGV", 0), -getattr(signal, "SIGABRT", 0)):
        return "読み取りのメモリーが足りません / reading went past the memory limit"
    return f"読み取りが失敗しました / reading failed ({status})"


def _reason(error: str) -> str:
    """Say why a document could not be read."""
    if "MemoryError" in error or "out of memory" in error:
        return "読み取りのメモリーが足りません / reading went past the memory limit"
    return f"読み取りが失敗しました / reading failed: {error[:200]}"
