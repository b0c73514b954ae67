"""Results into the ledger, in groups: committing each message alone would cost the most of all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from mailer.database import ledger
from mailer.database.engine import Database
from mailer.database.ledger import ResultGroup
from mailer.delivery.batch import Batch
from mailer.model.clock import Clock
from mailer.model.errors import DatabaseError

GROUP = 500  # results
EVERY = 0.05  # seconds
PAUSES = (0.1, 0.5, 2.0, 5.0)  # seconds before the database is asked again
OnRecorded = Callable[[Batch, int], None]
Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


class Recorder:
    """Talks to the database, in order. `recorded` hears how much is in the ledger, `failed` of the first error.

    After an error nothing more is written. What could not be written is in the journals, and the next run finds it there.
    """

    def __init__(self, database: Database, clock: Clock, failed: Callable[[Exception], None], recorded: OnRecorded) -> None:
        self._database = database
        self._clock = clock
        self._failed = failed
        self._recorded = recorded
        self._thread = ThreadPoolExecutor(1, "ledger") if database.is_shared else None
        self._slices: dict[int, Batch] = {}
        self._waiting = 0
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self._is_broken = False
        self._given_up: list[Batch] = []

    async def ask(self, question: Callable[Arguments, Answer], *args: Arguments.args, **options: Arguments.kwargs) -> Answer:
        """Any question to the database, one after the other. Once only: see `insist`.

        SQLite answers in place: a group costs it five milliseconds, and a thread that waits for the interpreter's lock beside
        an event loop that gives it back at every message costs all of them half their speed. A server is waited for in a thread.
        """
        if self._thread is None:
            await asyncio.sleep(0)  # the loop has its turn between two questions
            return question(*args, **options)
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(question, *args, **options))

    async def ask_until_answered(self, question: Callable[Arguments, Answer], *args: Arguments.args, **options: Arguments.kwargs) -> Answer:
        """As `ask`, for what may be done twice: a server that ends a connection, or is restarted, is asked again."""
        for pause in PAUSES if self._database.is_shared else ():
            try:
                return await self.ask(question, *args, **options)
            except DatabaseError:
                await asyncio.sleep(pause)
        return await self.ask(question, *args, **options)

    def add(self, found: Batch) -> None:
        """The slice has a new result, or has lost a row."""
        if self._is_broken:
            self._give_up(found)
            return
        self._slices[id(found)] = found
        self._waiting += 1
        if self._writing is not None:
            return
        if self._waiting >= GROUP:
            self._write()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(EVERY, self._write)

    async def close(self) -> None:
        """Write what is left."""
        while not self._is_broken and (self._slices or self._writing is not None):
            if self._writing is None:
                self._write()
            else:
                await asyncio.wait([self._writing])
        if self._thread is not None:
            self._thread.shutdown()
        for found in self._given_up:
            found.journal.close(is_done=False)

    def _give_up(self, found: Batch) -> None:
        """The ledger cannot be told. The journal stays open until `close`: what is in flight is still written there."""
        if not found.finished.done():
            found.finished.set_result(None)
            self._given_up.append(found)

    def _write(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._writing is None and self._slices and not self._is_broken:
            self._writing = asyncio.get_running_loop().create_task(self._write_group())

    async def _write_group(self) -> None:
        slices, self._slices, self._waiting = list(self._slices.values()), {}, 0
        ending = [found for found in slices if found.open_rows == 0 and not found.finished.done()]
        groups = [
            ResultGroup(found.claim.issue_id, found.claim.fence, found.take_results(), found in ending, found.is_whole) for found in slices
        ]
        try:
            await self.ask_until_answered(ledger.record, self._database, groups, now=self._clock())
        except Exception as error:  # whatever it is, the run must end: what is not recorded must not be followed by more
            self._is_broken = True
            self._failed(error)
            for found in slices:
                self._give_up(found)
        else:
            for found, group in zip(slices, groups, strict=True):
                self._recorded(found, len(group.results))
            for found in ending:
                _finish(found, is_done=not found.is_fenced)
        self._writing = None
        if self._slices:
            self._timer = self._timer or asyncio.get_running_loop().call_later(EVERY, self._write)


def _finish(found: Batch, *, is_done: bool) -> None:
    if not found.finished.done():
        found.journal.close(is_done=is_done)
        found.finished.set_result(None)
