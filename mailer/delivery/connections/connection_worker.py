"""What one connection does: wait for rows of its queue, connect, and send."""

from __future__ import annotations

import asyncio

from mailer.database.deliveries import limits
from mailer.delivery.connections.batch_source import BatchSource
from mailer.delivery.engine import LINGER, DeliveryEngine
from mailer.delivery.limits.domain_queue import DomainQueue
from mailer.delivery.limits.relay_pool import Relay
from mailer.smtp.connection import SmtpConnection
from mailer.smtp.transaction import StopReason

POLL = 0.25  # seconds until a queue is tried again whose rows may not leave yet
Slot = tuple[str, int]


async def run_connection(engine: DeliveryEngine, queue: DomainQueue) -> None:
    """Send messages of the queue over one connection at a time, until there have been none for `LINGER` seconds."""
    worker = _ConnectionWorker(engine, queue)
    try:
        while await worker.has_work():
            if not await worker.connect():
                return
            await worker.send()
    finally:
        await worker.disconnect()


class _ConnectionWorker:
    """`is_starved`: the queue has rows, and none of them could leave at the last try."""

    def __init__(self, engine: DeliveryEngine, queue: DomainQueue) -> None:
        self._engine = engine
        self._queue = queue
        self._open: tuple[Relay, SmtpConnection] | None = None
        self._slots: list[Slot] = []
        self._is_starved = False

    async def has_work(self) -> bool:
        """Wait until a row may leave. False: the run is over, or the queue was empty for a while."""
        engine, queue = self._engine, self._queue
        while not engine.is_over:
            if len(queue) and not self._is_starved:
                seconds = await self._fill_limiters()
                if seconds == 0:
                    return True
                await self._wait_for_change(seconds)
                continue
            self._is_starved = False
            if not await self._wait_for_change(POLL if len(queue) else LINGER) and not len(queue):
                return False
        return False

    async def connect(self) -> bool:
        """Have an open connection. False: there is none to be had."""
        if self._open is not None and self._open[1].is_open and not self._open[0].is_out:
            return True
        await self.disconnect()
        engine, queue_limits = self._engine, self._queue.limits
        most = queue_limits.messages_per_connection if queue_limits else None
        self._open = await engine.relays.open(most, engine.stopped, lambda: engine.is_over)
        return self._open is not None and await self._acquire_slots(self._open[0])

    async def send(self) -> None:
        """Send until nothing may leave, the connection's share is used up, or the connection is lost."""
        assert self._open is not None
        relay, connection = self._open
        source = BatchSource(self._engine, self._queue, relay, connection.size_limit)
        try:
            reason = await connection.run(source)
        except Exception as error:  # a message that was on it may have no account
            self._engine.abandon(error)
            raise
        self._is_starved = source.taken == 0
        if reason is StopReason.LOST:
            await self.disconnect()
            if relay.has_thrown_away(connection):
                relay.stop_pipelining()
            elif not source.was_answered:
                self._engine.relays.report_lost(relay, connection)

    async def disconnect(self) -> None:
        """Close the connection and let others have its place."""
        if self._open is not None:
            (relay, connection), self._open = self._open, None
            await self._engine.relays.close(relay, connection)
        database, owner = self._engine.context.database, self._engine.journals.name
        while self._slots:
            key, number = self._slots.pop()
            await self._engine.recorder.ask_until_answered(limits.release, database, owner, key, number)

    async def _acquire_slots(self, relay: Relay) -> bool:
        """Where several machines are at work, their connections are counted together in the database."""
        database, lease = self._engine.context.database, self._engine.context.config.lease
        if not database.is_shared:
            return True
        limits_by_key = [(f"relay:{relay.settings.name}", relay.settings.connections)]
        if self._queue.limits is not None:
            limits_by_key.append((f"queue:{self._queue.name}", self._queue.limits.connections))
        for key, most in limits_by_key:
            number = await self._engine.recorder.ask_until_answered(
                limits.acquire_slot, database, key, most, owner=self._engine.journals.name, lease=lease
            )
            if number is None:
                self._is_starved = True
                return False
            self._slots.append((key, number))
        return True

    async def _fill_limiters(self) -> float:
        """Draw tokens of the queue and of the relay. Seconds to wait for them."""
        seconds = await self._queue.limiter.fill()
        if not seconds and self._open is not None:
            seconds = await self._open[0].limiter.fill()
        return seconds

    async def _wait_for_change(self, seconds: float) -> bool:
        """Whether the queue has changed within that time."""
        self._queue.changed.clear()
        try:
            await asyncio.wait_for(self._queue.changed.wait(), seconds)
        except TimeoutError:
            return False
        return True
