"""Brings the notice to every mirror: one program signs and has a process for each mirror (`todoke emergency release`). It is started before there is anything to bring."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from emergency import program
from emergency.board import SIGNATURE, Board, mirror_way
from emergency.model import Outcome, Places

PAUSE = 1.0
"""Seconds until a program that has ended too early is started again."""


class MirrorsWay:
    """``orders`` are lists of paths that changed, one for each stage; None: no more will come."""

    def __init__(self, places: Places, board: Board, errors: IO[bytes]) -> None:
        self._places, self._board, self._errors = places, board, errors
        self.orders: asyncio.Queue[Sequence[str] | None] = asyncio.Queue()
        self._given: list[Sequence[str]] = []
        self._is_last = False
        self._numbers: list[int] = []
        self._names = [mirror.name for mirror in places.mirrors if mirror.kind != "portable"]

    def announce(self) -> None:
        """Write which mirrors there are, or why there are none."""
        if self._places.trouble:
            self._board.set(SIGNATURE, Outcome.FAILED, self._places.trouble)
        elif not self._names:
            self._board.set(
                SIGNATURE, Outcome.OFF, f"{self._places.config} names no mirror: only output/ has it / 公開先の設定がありません"
            )
        else:
            self._board.set(SIGNATURE, Outcome.WAITING)
        for name in self._names:
            self._board.set(mirror_way(name), Outcome.WAITING)

    async def run(self) -> None:
        """Follow the orders until every mirror shows the last one. A program that ends too early is started again with everything that it was given."""
        if self._places.trouble or not self._names:
            return
        while self._board.left > 0 and not self._is_done():
            words = ("emergency", "release", "--config", str(self._places.config), "--output", str(self._places.output))
            async with program.conversation(*words, "--for", str(max(1.0, self._board.left)), errors=self._errors) as process:
                feeding = asyncio.create_task(self._feed(process))
                await self._listen(process)
                feeding.cancel()
                status = await process.wait()
            if not self._is_done():
                self._board.set(
                    SIGNATURE, Outcome.WORKING, f"todoke emergency release ended with {status}: {_last_line(self._errors)}", is_try=True
                )
                await asyncio.sleep(PAUSE)

    def _is_done(self) -> bool:
        ways = self._board.report.ways
        return self._is_last and all(ways[mirror_way(name)].outcome is Outcome.DONE for name in self._names)

    async def _feed(self, process: Process) -> None:
        """Give the program what it has to bring, and close its input after the last order."""
        assert process.stdin is not None
        for paths in self._given:  # a program that was started again knows nothing of what the one before was told
            await _send(process, paths)
        while not self._is_last:
            paths_or_end = await self.orders.get()
            if paths_or_end is None:
                self._is_last = True
            else:
                self._given.append(paths_or_end)
                for name in self._names:
                    self._board.set(mirror_way(name), Outcome.WORKING)
                await _send(process, paths_or_end)
        process.stdin.close()

    async def _listen(self, process: Process) -> None:
        async for record in program.records(process):
            if "signed" in record:
                self._on_signed(record)
            elif "mirror" in record:
                self._on_mirror(record)

    def _on_signed(self, record: Mapping[str, Any]) -> None:
        if record["failure"]:
            self._board.set(SIGNATURE, Outcome.WORKING, str(record["failure"]), is_try=True)
            return
        self._numbers.append(int(record["signed"]))
        self._board.set(SIGNATURE, Outcome.DONE, f"release {record['signed']}")

    def _on_mirror(self, record: Mapping[str, Any]) -> None:
        name = mirror_way(str(record["mirror"]))
        if record["failure"]:
            self._board.set(name, Outcome.WORKING, str(record["failure"]), is_try=True)
            return
        self._board.is_live.set()
        words = f"release {record['number']}, {record['written']} files in {record['seconds']:.1f} s"
        # A mirror may tell of an earlier stage when a later one is signed already.
        is_last = int(record["number"]) >= max(self._numbers, default=0)
        self._board.set(name, Outcome.DONE if is_last else Outcome.WORKING, words)


async def _send(process: Process, paths: Sequence[str]) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError, ConnectionResetError):  # it has ended; `run` starts another one
        process.stdin.write(json.dumps({"paths": list(paths)}).encode() + b"\n")
        await process.stdin.drain()


def _last_line(errors: IO[bytes]) -> str:
    """Return the last line that the program has said."""
    errors.flush()
    with Path(errors.name).open("rb") as stream:
        lines = stream.read()[-4000:].decode("utf-8", "replace").splitlines()
    return lines[-1].strip() if lines else ""
