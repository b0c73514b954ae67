"""A few child processes, each for many documents, which can be killed.

The child holds limits on processor time and memory (``child``); here is the clock that ends a child that never answers. A document that kills
its child fails alone: the next document gets a new child.
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
"""Documents after which a child is replaced, so that nothing piles up in its memory."""

_ENVIRONMENT = ("PATH", "PYTHONPATH", "SYSTEMROOT", "LD_LIBRARY_PATH")


@dataclass(frozen=True)
class SandboxLimits:
    """For one document: seconds of processor and of wall clock, bytes of address space, entries that are kept."""

    cpu_seconds: int = 20
    wall_seconds: float = 40.0
    memory_bytes: int = 208 * MEGABYTE
    max_entries: int = 1000


class Sandbox:
    """Up to ``count`` child processes. A large document is read while no other is, so that the sum of memory stays bounded."""

    def __init__(self, limits: SandboxLimits, count: int = 2) -> None:
        """Start no child yet."""
        self.limits = limits
        self._slots: asyncio.Queue[_Child | None] = asyncio.Queue()
        self._count = count
        self._taking = asyncio.Lock()
        for _ in range(count):
            self._slots.put_nowait(None)

    async def run(self, job: str, options: Mapping[str, object], body: bytes) -> tuple[dict[str, Any], bytes]:
        """Have ``body`` read and return the answer: a head and its bytes. Raises ParseError for what goes past a limit."""
        async with self._taken(self._count if len(body) > MEGABYTE else 1) as slots:
            if len(slots) > 1:  # the memory that idle children still hold is needed now
                await _end_all(slots)
            child = slots[0] or await _start(self.limits)
            slots[0] = None
            answer = await self._answer(child, {**options, "job": job}, body)
            if len(slots) == 1 and child.jobs < MOST_JOBS:
                slots[0] = child
            else:
                await child.end()
            return answer

    async def _answer(self, child: _Child, options: Mapping[str, object], body: bytes) -> tuple[dict[str, Any], bytes]:
        """Send one document to ``child``. End the child if it did not answer as it should."""
        try:
            async with asyncio.timeout(self.limits.wall_seconds):
                head, content = await child.send(options, body)
        except TimeoutError:
            await child.end()
            raise ParseError(f"読み取りに時間がかかりすぎます / reading took longer than {self.limits.wall_seconds:g} s") from None
        except (OSError, ValueError, asyncio.IncompleteReadError):
            raise ParseError(_cause_of_death(await child.exit_status())) from None
        except BaseException:  # also CancelledError: a child that is still at work would answer the next document
            await child.end()
            raise
        if "error" in head:
            await child.end()
            raise ParseError(_reason(str(head["error"])))
        return head, content

    @asynccontextmanager
    async def _taken(self, count: int) -> AsyncIterator[list[_Child | None]]:
        """Hold ``count`` slots, with the idle children in them."""
        slots: list[_Child | None] = []
        try:
            async with self._taking:  # two tasks that each hold some of the slots would wait for each other for ever
                while len(slots) < count:
                    slots.append(await self._slots.get())
            yield slots
        finally:
            for slot in slots:
                self._slots.put_nowait(slot)

    async def close(self) -> None:
        """End every child. No job may be running."""
        slots: list[_Child | None] = []
        while not self._slots.empty():
            slots.append(self._slots.get_nowait())
        await _end_all(slots)


@asynccontextmanager
async def open_sandbox(limits: SandboxLimits) -> AsyncIterator[Sandbox]:
    """Open a sandbox for the length of the block."""
    sandbox = Sandbox(limits)
    try:
        yield sandbox
    finally:
        await sandbox.close()


@dataclass
class _Child:
    """One child process. ``jobs`` counts the documents that it has read."""

    process: asyncio.subprocess.Process
    jobs: int = 0

    async def send(self, options: Mapping[str, object], body: bytes) -> tuple[dict[str, Any], bytes]:
        """Send one document and read the answer. Both ways: a line of JSON with ``size``, then so many bytes."""
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None or stdout is None:
            raise OSError("no pipe")
        self.jobs += 1
        stdin.write(json.dumps({**options, "size": len(body)}).encode("ascii") + b"\n")
        stdin.write(body)
        await stdin.drain()
        header: dict[str, Any] = json.loads(await stdout.readuntil(b"\n"))
        size = int(header["size"])
        if size > LARGEST_ANSWER:
            raise ValueError("too large an answer")
        return header, await stdout.readexactly(size)

    async def end(self) -> None:
        """Kill the process and wait for its end."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()

    async def exit_status(self) -> int:
        """Return how the process ended. A process that is still alive after two seconds is killed and counts as 0."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                return await self.process.wait()
        await self.end()
        return 0


async def _start(limits: SandboxLimits) -> _Child:
    """Start a child. It gets no secrets from the environment, and its standard error is dropped: parsers repeat a stranger's bytes there."""
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
    return _Child(process)


async def _end_all(slots: list[_Child | None]) -> None:
    """End the children in ``slots`` and empty the slots."""
    for number, child in enumerate(slots):
        if child is not None:
            await child.end()
        slots[number] = None


def _cause_of_death(status: int) -> str:
    """Explain the exit status of a child that died while it read."""
    if status in (-getattr(signal, "SIGXCPU", 0), -getattr(signal, "SIGKILL", 0)):
        return "読み取りの計算が多すぎます / reading went past the processor limit"
    if status in (-getattr(signal, "SIGSEGV", 0), -getattr(signal, "SIGABRT", 0)):
        return "読み取りのメモリーが足りません / reading went past the memory limit"
    return f"読み取りが失敗しました / reading failed ({status})"


def _reason(error: str) -> str:
    """Explain an error that a child reported."""
    if "MemoryError" in error or "out of memory" in error:
        return "読み取りのメモリーが足りません / reading went past the memory limit"
    return f"読み取りが失敗しました / reading failed: {error[:200]}"
