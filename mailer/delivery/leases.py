"""Keeps the claims of this process alive, and raises their high-water marks before bodies leave."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

from mailer.database.deliveries import claims, limits
from mailer.database.engine import Database
from mailer.delivery.batch import Batch
from mailer.delivery.limits.domain_queue import DomainQueue
from mailer.delivery.recorder import Recorder
from mailer.model.errors import TodokeMailError
from mailer.model.ids import Fence, SubscriberId

RENEWALS = 3  # in the time of one lease, so that one that is late or lost does no harm


class Leases:
    """The batches that are being sent. `lease` in seconds; `owner` is this process.

    :param on_failure: is told that the database has failed.
    """

    def __init__(
        self,
        database: Database,
        recorder: Recorder,
        queues: Iterable[DomainQueue],
        *,
        owner: str,
        lease: float,
        on_failure: Callable[[Exception], None],
    ) -> None:
        self._database = database
        self._recorder = recorder
        self._queues = tuple(queues)
        self._owner = owner
        self._lease = lease
        self._on_failure = on_failure
        self._batches: dict[Fence, Batch] = {}

    def add(self, batch: Batch) -> None:
        """Keep this batch alive from now on."""
        self._batches[batch.claim.fence] = batch

    def remove(self, batch: Batch) -> None:
        """The batch has ended."""
        del self._batches[batch.claim.fence]

    def batches(self) -> tuple[Batch, ...]:
        """All that are being sent."""
        return tuple(self._batches.values())

    async def open_window(self, batch: Batch) -> None:
        """Write the next window of intents into the database, for every process that might have to take the batch over."""
        await self._renew(batch, batch.next_window(time.monotonic()))
        batch.is_advancing = False
        for queue in self._queues:
            queue.changed.set()

    async def keep_alive(self) -> None:
        """Renew every lease and every connection slot, again and again, until cancelled or until the database fails."""
        while True:
            await asyncio.sleep(self._lease / RENEWALS)
            for batch in self.batches():
                if not batch.is_fenced and not batch.finished.done():
                    await self._renew(batch, batch.high_water_mark)
            try:
                await self._recorder.ask_until_answered(limits.renew, self._database, self._owner, lease=self._lease)
            except TodokeMailError as error:
                self._on_failure(error)
                return

    async def _renew(self, batch: Batch, mark: SubscriberId) -> None:
        began = time.monotonic()  # before the request: the database may count the lease from any moment after this one
        try:
            is_ours = await self._recorder.ask_until_answered(
                claims.raise_high_water_mark, self._database, batch.claim, mark, lease=self._lease
            )
        except TodokeMailError as error:
            self._on_failure(error)
            return
        if is_ours:
            batch.advance(mark, began)
            batch.renew_lease(began)
            return
        batch.is_fenced = batch.is_over = True
        for queue in self._queues:
            queue.purge()
            queue.has_room.set()
