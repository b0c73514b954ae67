"""Sends one issue to its end in this process: claims batches and runs them until nothing is due.

While an issue goes out, an emergency that another process has frozen is noticed within half a second and overtakes it.
"""

from __future__ import annotations

import asyncio

from mailer.database.deliveries import issues, ledger
from mailer.delivery.engine import DeliveryEngine
from mailer.delivery.limits import domain_queue
from mailer.delivery.limits.domain_queue import DomainQueue
from mailer.model.errors import ContentChanged
from mailer.model.ids import IssueId, SubscriberId
from mailer.model.issue import FrozenIssue, IssueStatus, ListClass

WATCH_INTERVAL = 0.4  # seconds between queries for emergencies and for issues that the operator has paused or cancelled
START = SubscriberId(0)


class Feeder:
    """Keeps the queues of an engine filled with batches of an issue, and of emergencies that come up meanwhile."""

    def __init__(self, engine: DeliveryEngine) -> None:
        self._engine = engine
        self._context = engine.context
        self._feeding: dict[IssueId, asyncio.Task[None]] = {}

    async def run(self, frozen: FrozenIssue) -> None:
        """Until nothing of the issue is due, nor of an emergency that was begun meanwhile."""
        self._begin(frozen)
        watch = asyncio.create_task(self._watch(frozen.issue_id))
        try:
            while unfinished := [task for task in self._feeding.values() if not task.done()]:
                await asyncio.wait(unfinished)
        except BaseException:
            self._engine.stop()
            raise
        finally:
            watch.cancel()

    def _begin(self, frozen: FrozenIssue) -> None:
        if frozen.issue_id not in self._feeding or self._feeding[frozen.issue_id].done():
            self._feeding[frozen.issue_id] = asyncio.create_task(self._feed(frozen))

    async def _watch(self, main: IssueId) -> None:
        """Begins emergencies, and stops what the operator has paused or cancelled."""
        ask, database = self._engine.recorder.ask, self._context.database
        while not self._engine.is_over:
            await asyncio.sleep(WATCH_INTERVAL)
            try:
                now = self._context.clock()
                for emergency in await ask(issues.sendable_issues, database, now=now, list_class=ListClass.EMERGENCY):
                    if emergency.issue_id != main:
                        self._begin(emergency)
                for issue_id, task in self._feeding.items():
                    if not task.done() and await ask(issues.status, database, issue_id) is not IssueStatus.SENDING:
                        self._engine.stop(issue_id)
            except Exception as error:
                self._engine.fail(error)

    async def _feed(self, frozen: FrozenIssue) -> None:
        domains = domain_queue.domains_by_queue(self._context.config)
        try:
            await self._engine.recorder.ask(ledger.assign_queues, self._context.database, frozen.issue_id, domains)
            await asyncio.gather(*(self._feed_or_hold(frozen, queue) for queue in self._engine.queues.values()))
        except Exception as error:  # of whatever kind: messages in flight are finished and the run ends
            self._engine.fail(error)

    async def _feed_or_hold(self, frozen: FrozenIssue, queue: DomainQueue) -> None:
        try:
            await self._feed_queue(frozen, queue)
        except ContentChanged as error:
            await self._engine.hold(frozen, error)

    async def _feed_queue(self, frozen: FrozenIssue, queue: DomainQueue) -> None:
        after, running = START, set[asyncio.Task[None]]()
        is_urgent = frozen.issue.list_class is ListClass.EMERGENCY
        while not self._engine.is_over and not await self._engine.is_expired(frozen, has_claimed=after != START):
            if queue.is_full(is_urgent=is_urgent):
                queue.has_room.clear()
                await queue.has_room.wait()
                continue
            claimed = await self._engine.claim(frozen, queue, after)
            if claimed is None and after == START:
                break
            if claimed is None:
                after = START  # once more from the start: rows of earlier batches may have been given back
                if running:
                    await asyncio.wait(running)
                continue
            claim, batch = claimed
            if batch is not None:
                after = claim.rows[-1].subscriber_id
                task = asyncio.create_task(self._engine.run_batch(batch, queue))
                running.add(task)
                task.add_done_callback(running.discard)
        await asyncio.gather(*running)
