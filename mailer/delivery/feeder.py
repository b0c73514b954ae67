"""Sending one issue to its end in this process: claim slices, carry them, until nothing is due. The unit is `office.carry`.

The body's intent is in the journal before its first byte leaves. So after a kill, at any moment, a row is in one of three
conditions: not on the wire yet (sent by the next run), with a result (never touched again), or with an intent alone, which
the next run turns into an honest `unknown`: at most one row for each connection (`recovery`).

While an issue goes out, an emergency that somebody else has frozen is noticed within half a second and overtakes it.
"""

from __future__ import annotations

import asyncio

from mailer.database import issues, ledger
from mailer.delivery import domain_queue
from mailer.delivery.domain_queue import DomainQueue
from mailer.delivery.engine import DeliveryEngine
from mailer.model.ids import IssueId
from mailer.model.issue import FrozenIssue, IssueStatus, ListClass
from mailer.model.state import DUE, DeliveryState

LOOK = 0.4  # seconds between looks for emergencies and for the operator's orders


class Feeder:
    """Keeps the lanes of an office filled with slices of an issue, and of emergencies that come up meanwhile."""

    def __init__(self, office: DeliveryEngine) -> None:
        self._office = office
        self._around = office.around
        self._feeding: dict[IssueId, asyncio.Task[None]] = {}

    async def run(self, frozen: FrozenIssue) -> None:
        """Until nothing of the issue is due, nor of an emergency that was begun meanwhile."""
        self._begin(frozen)
        watch = asyncio.create_task(self._watch(frozen.issue_id))
        try:
            while waiting := [task for task in self._feeding.values() if not task.done()]:
                await asyncio.wait(waiting)
        except BaseException:
            self._office.stop()
            raise
        finally:
            watch.cancel()

    def _begin(self, frozen: FrozenIssue) -> None:
        if frozen.issue_id not in self._feeding or self._feeding[frozen.issue_id].done():
            self._feeding[frozen.issue_id] = asyncio.create_task(self._feed(frozen))

    async def _watch(self, main: int) -> None:
        """Emergencies, and what the operator orders."""
        ask, database = self._office.recorder.ask, self._around.database
        while not self._office.is_over:
            await asyncio.sleep(LOOK)
            try:
                for found in await ask(issues.sendable_issues, database, now=self._around.clock(), list_class=ListClass.EMERGENCY):
                    if found.issue_id != main:
                        self._begin(found)
                for issue_id, task in self._feeding.items():
                    if not task.done() and await ask(issues.status, database, issue_id) is not IssueStatus.SENDING:
                        self._office.stop(issue_id)
            except Exception as error:
                self._office.fail(error)

    async def _feed(self, frozen: FrozenIssue) -> None:
        try:
            await self._office.recorder.ask(
                ledger.assign_queues, self._around.database, frozen.issue_id, domain_queue.queue_of_domain(self._around.config)
            )
            await asyncio.gather(*(self._feed_lane(frozen, lane) for lane in self._office.lanes.values()))
        except Exception as error:  # whatever it is, what is in flight is finished and the run ends
            self._office.fail(error)

    async def _feed_lane(self, frozen: FrozenIssue, lane: DomainQueue) -> None:
        after, carried = 0, set[asyncio.Task[None]]()
        is_urgent = frozen.issue.list_class is ListClass.EMERGENCY
        while not self._office.is_over and not await self._is_too_late(frozen):
            if lane.is_full(is_urgent=is_urgent):
                lane.low.clear()
                await lane.low.wait()
                continue
            got = await self._office.claim(frozen, lane, after)
            if got is None and after == 0:
                break
            if got is None:
                after = 0  # once more from the start: slices may have been given back
                if carried:
                    await asyncio.wait(carried)
                continue
            claim, found = got
            if found is not None:
                after = claim.rows[-1].subscriber_id
                task = asyncio.create_task(self._office.run_batch(found, lane))
                carried.add(task)
                task.add_done_callback(carried.discard)
        await asyncio.gather(*carried)

    async def _is_too_late(self, frozen: FrozenIssue) -> bool:
        """Whether the issue has expired; then what is due becomes so."""
        now, expires = self._around.clock(), frozen.issue.expires
        if expires is None or now < expires:
            return False
        await self._office.recorder.ask(
            ledger.change_state, self._around.database, frozen.issue_id, DUE, DeliveryState.EXPIRED, now=now, why="too late to be sent"
        )
        return True
