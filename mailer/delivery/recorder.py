"""Writes results into the ledger in groups: a commit for each message would cost more than all the rest of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from mailer.database import restoration
from mailer.database.deliveries import ledger
from mailer.database.deliveries.ledger import ResultGroup
from mailer.database.engine import Database
from mailer.delivery.batch import Batch
from mailer.model.clock import Clock
from mailer.model.errors import DatabaseError, JournalError, LedgerRestored

GROUP = 500  # results
INTERVAL = 0.05  # seconds until a smaller group is written
PAUSES = (0.1, 0.5, 2.0, 5.0)  # seconds before a server is asked again: a restart of PostgreSQL takes a few seconds
OnRecorded = Callable[[Batch, int], None]
Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


class Recorder:
    """The one way from the event loop to the database; calls are executed one after the other.

    After an error no more results are written. What could not be written is in the journals, and the next run finds it there.

    :param on_failure: is told of the first error.
    :param on_recorded: is told how many results of a batch have just come into the ledger.
    """

    def __init__(self, database: Database, clock: Clock, on_failure: Callable[[Exception], None], on_recorded: OnRecorded) -> None:
        self._database = database
        self._clock = clock
        self._on_failure = on_failure
        self._on_recorded = on_recorded
        self._thread = ThreadPoolExecutor(1, "ledger") if database.is_shared else None
        self._batches: dict[int, Batch] = {}
        self._waiting = 0
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self._is_broken = False
        self._is_silent = False
        self._given_up: list[Batch] = []

    async def ask(self, question: Callable[Arguments, Answer], *args: Arguments.args, **options: Arguments.kwargs) -> Answer:
        """Call `question` once. For what may be done twice, use `ask_until_answered`.

        SQLite is called in the event loop: a group takes it five milliseconds, while a thread that competes for the interpreter's
        lock with a loop that releases it at every message halves the speed of both. A server is waited for in a thread.
        """
        if self._thread is None:
            await asyncio.sleep(0)  # the loop goes round once between two calls
            return question(*args, **options)
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(question, *args, **options))

    async def ask_until_answered(self, question: Callable[Arguments, Answer], *args: Arguments.args, **options: Arguments.kwargs) -> Answer:
        """As `ask`, for what may be done twice: after an error of a server (a lost connection, a restart) it is called again.

        Once a server has been silent through all pauses, the next questions are asked once: a run that ends has several, and nobody
        should wait for each of them.
        """
        for pause in PAUSES if self._database.is_shared and not self._is_silent else ():
            try:
                return await self.ask(question, *args, **options)
            except DatabaseError:
                await asyncio.sleep(pause)
        self._is_silent = True
        answer = await self.ask(question, *args, **options)
        self._is_silent = False
        return answer

    def add(self, batch: Batch) -> None:
        """The batch has a new result, or its last row was given up."""
        if self._is_broken:
            self._give_up(batch)
            return
        self._batches[id(batch)] = batch
        self._waiting += 1
        if self._writing is not None:
            return
        if self._waiting >= GROUP:
            self._write()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(INTERVAL, self._write)

    async def close(self) -> None:
        """Write what is left."""
        while not self._is_broken and (self._batches or self._writing is not None):
            if self._writing is None:
                self._write()
            else:
                await asyncio.wait([self._writing])
        if self._thread is not None:
            self._thread.shutdown()
        for batch in self._given_up:
            batch.journal.close(is_done=False)

    def abandon(self, batches: Iterable[Batch]) -> None:
        """Record nothing more: somewhere the account of these batches is broken. As after a kill, the next run reads their journals."""
        self._is_broken = True
        for batch in batches:
            self._give_up(batch)

    def _give_up(self, batch: Batch) -> None:
        """The ledger cannot be written. The journal stays open until `close`: the messages in flight are still recorded there."""
        if not batch.finished.done():
            batch.finished.set_result(None)
            self._given_up.append(batch)

    def _write(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._writing is None and self._batches and not self._is_broken:
            self._writing = asyncio.get_running_loop().create_task(self._write_group())

    async def _write_group(self) -> None:
        batches, self._batches, self._waiting = list(self._batches.values()), {}, 0
        ending = [batch for batch in batches if batch.open_rows == 0 and not batch.finished.done()]
        groups = [
            ResultGroup(batch.claim.issue_id, batch.claim.fence, batch.take_results(), batch in ending, batch.is_complete)
            for batch in batches
        ]
        try:
            changed = await self.ask_until_answered(ledger.record, self._database, groups, now=self._clock())
            if changed != sum(len(group.results) for group in groups):
                await self._check_counted(batches, groups)
            for batch, group in zip(batches, groups, strict=True):
                self._on_recorded(batch, len(group.results))
            for batch in ending:
                self._finish(batch)
        except Exception as error:  # of whatever kind, the run must end: nothing may be sent on top of results that are not recorded
            self._is_broken = True
            self._on_failure(error)
            for batch in batches:
                self._give_up(batch)
        self._writing = None
        if self._batches:
            self._timer = self._timer or asyncio.get_running_loop().call_later(INTERVAL, self._write)

    async def _check_counted(self, batches: Sequence[Batch], groups: Sequence[ResultGroup]) -> None:
        """Some results have changed nothing. They may be in the ledger already, or another process has taken the batch over.

        :raises LedgerRestored: the ledger has never heard of the claim.
        """
        for batch, group in zip(batches, groups, strict=True):
            ids, ref = [result.subscriber_id for result in group.results], str(batch.frozen.issue.ref)
            if await self.ask_until_answered(restoration.is_uncounted, self._database, ref, group.fence, ids):
                raise LedgerRestored("it does not know the batch that is being sent")

    def _finish(self, batch: Batch) -> None:
        if batch.finished.done():
            return
        try:
            if batch.is_fenced:  # its journal is still needed: the engine tells the ledger from it what has never left
                batch.journal.close(is_done=False)
            else:
                batch.end()
        except JournalError as error:
            self._on_failure(error)
        batch.finished.set_result(None)
