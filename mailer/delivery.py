"""Sending one issue to its end in this process: claim slices, carry them, until nothing is due. The unit is `office.carry`.

The body's intent is in the journal before its first byte leaves. So after a kill, at any moment, a row is in one of three
conditions: not on the wire yet (sent by the next run), with a result (never touched again), or with an intent alone, which
the next run turns into an honest `unknown`: at most one row for each connection (`recovery`).

While an issue goes out, an emergency that somebody else has frozen is noticed within half a second and overtakes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mailer import lanes, rules
from mailer.carrying import carry_lane
from mailer.database import Database
from mailer.errors import RelayError, RelayRefused, RelayUnavailable
from mailer.lanes import Lane
from mailer.office import Office
from mailer.rules import State
from mailer.store import issues, ledger
from mailer.store.issues import Frozen, Status
from mailer.surroundings import Progress, Surroundings

LOOK = 0.4  # seconds between looks for emergencies and for the operator's orders


@dataclass(frozen=True, slots=True)
class Summary:
    """How an issue stands. `trouble` is why a run ended early, `stopped` that somebody asked it to."""

    counts: Mapping[State, int]
    next_due: datetime | None
    stopped: bool = False
    trouble: RelayError | None = None
    status: Status = Status.SENDING

    @property
    def remaining(self) -> int:
        """Deliveries that a later `send` will still try."""
        return sum(self.counts[state] for state in rules.UNDER_WAY)

    @property
    def exit_status(self) -> int:
        """0: all final and nothing unknown; 75: run `send` again; 1: a person must look (refused, or unknown rows)."""
        if isinstance(self.trouble, RelayRefused):
            return 1
        if self.remaining:
            return RelayUnavailable.exit_status
        return 1 if self.counts[State.UNKNOWN] else 0


def summarise(database: Database, frozen: Frozen, *, stopped: bool = False, trouble: RelayError | None = None) -> Summary:
    """How the issue stands in the ledger now."""
    counts, due = ledger.counts(database, frozen.issue_id), ledger.next_due(database, frozen.issue_id)
    return Summary(counts, due, stopped, trouble, issues.status(database, frozen.issue_id))


async def deliver(around: Surroundings, frozen: Frozen, progress: Progress, stop: asyncio.Event) -> Summary:
    """Send everything that is due. Call only while holding the lock (`lock.sending`).

    :param stop: once set, messages in flight are finished and nothing new is begun.
    :raises TodokeMailError: the database failed, or a message cannot be composed; what was sent is recorded.
    """
    total = ledger.count_due(around.database, frozen.issue_id, now=around.clock())
    progress.begin(total)

    def told(issue_id: int, state: State) -> None:
        if issue_id == frozen.issue_id:
            progress.step(state)

    async with Office(around, carry_lane, told) as office:
        feeder = Feeder(office)
        stopping = asyncio.create_task(_stop(office, stop))
        try:
            await feeder.run(frozen)
        finally:
            stopping.cancel()
    if office.failure is not None:
        raise office.failure
    summary = summarise(around.database, frozen, stopped=stop.is_set(), trouble=office.routes.trouble)
    return summary if summary.remaining else summarise(around.database, frozen, stopped=stop.is_set())


class Feeder:
    """Keeps the lanes of an office filled with slices of an issue, and of emergencies that come up meanwhile."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._around = office.around
        self._feeding: dict[int, asyncio.Task[None]] = {}

    async def run(self, frozen: Frozen) -> None:
        """Until nothing of the issue is due, nor of an emergency that was begun meanwhile."""
        self._begin(frozen)
        watch = asyncio.create_task(self._watch(frozen.issue_id))
        try:
            while waiting := [task for task in self._feeding.values() if not task.done()]:
                await asyncio.wait(waiting)
        except BaseException:
            self._office.halt()
            raise
        finally:
            watch.cancel()

    def _begin(self, frozen: Frozen) -> None:
        if frozen.issue_id not in self._feeding or self._feeding[frozen.issue_id].done():
            self._feeding[frozen.issue_id] = asyncio.create_task(self._feed(frozen))

    async def _watch(self, main: int) -> None:
        """Emergencies, and what the operator orders."""
        ask, database = self._office.recorder.ask, self._around.database
        while not self._office.is_over:
            await asyncio.sleep(LOOK)
            try:
                for found in await ask(issues.ready, database, now=self._around.clock(), kind="emergency"):
                    if found.issue_id != main:
                        self._begin(found)
                for issue_id, task in self._feeding.items():
                    if not task.done() and await ask(issues.status, database, issue_id) is not Status.SENDING:
                        self._office.halt(issue_id)
            except Exception as error:
                self._office.fail(error)

    async def _feed(self, frozen: Frozen) -> None:
        try:
            await self._office.recorder.ask(
                ledger.assign_lanes, self._around.database, frozen.issue_id, lanes.lane_map(self._around.config)
            )
            await asyncio.gather(*(self._feed_lane(frozen, lane) for lane in self._office.lanes.values()))
        except Exception as error:  # whatever it is, what is in flight is finished and the run ends
            self._office.fail(error)

    async def _feed_lane(self, frozen: Frozen, lane: Lane) -> None:
        after, carried = 0, set[asyncio.Task[None]]()
        is_urgent = frozen.issue.kind == "emergency"
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
                task = asyncio.create_task(self._office.carry(found, lane))
                carried.add(task)
                task.add_done_callback(carried.discard)
        await asyncio.gather(*carried)

    async def _is_too_late(self, frozen: Frozen) -> bool:
        """Whether the issue has expired; then what is due becomes so."""
        now, expires = self._around.clock(), frozen.issue.expires
        if expires is None or now < expires:
            return False
        await self._office.recorder.ask(
            ledger.move, self._around.database, frozen.issue_id, rules.DUE, State.EXPIRED, now=now, why="too late to be sent"
        )
        return True


async def _stop(office: Office, stop: asyncio.Event) -> None:
    await stop.wait()
    office.halt()
