"""Requests for confirmations on their way into the database: those that come while one transaction is written share the next one.

A hundred sign-ups a second would otherwise be a hundred syncs of a disk a second. Whoever asks waits for the transaction, and no longer for one address
than for another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from mailer.database.engine import Database
from mailer.database.readers import sign_ups
from mailer.database.readers.sign_ups import NewConfirmation
from mailer.model.errors import DatabaseError
from mailer.web.threads import WorkThreads

MOST_TOGETHER = 500
MOST_WAITING = 5_000


class SignUpQueue:
    """Writes them with one thread at a time.

    :param on_write: called after each transaction that noted a mail to be sent.
    """

    def __init__(self, database: Database, work: WorkThreads, clock: Callable[[], datetime], on_write: Callable[[], None]) -> None:
        self._database = database
        self._work = work
        self._clock = clock
        self._on_write = on_write
        self._waiting: list[tuple[NewConfirmation, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def put(self, confirmation: NewConfirmation) -> None:
        """Note that a confirmation is asked for, and return when that is written, whether a mail will be sent or not.

        :raises DatabaseError: it cannot be written now.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise DatabaseError("The database is too slow for all who sign up.")
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((confirmation, written))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        await written

    async def _write(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            error: Exception | None = None
            try:
                due = await self._work.run(sign_ups.begin, self._database, [confirmation for confirmation, _ in together], self._clock())
                if any(due):
                    self._on_write()
            except Exception as failure:  # whoever waits is told, and the next ones are tried
                error = failure
            for _, written in together:
                if written.done():  # the client has gone
                    continue
                if error is None:
                    written.set_result(None)
                else:
                    written.set_exception(error)
