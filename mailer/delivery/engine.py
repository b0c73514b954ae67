"""The office: carries claimed slices over several connections, the same for one process and for workers on many machines.

A slice's rows go into their lane's queue; carriers, one for each connection, take them from there through `_Work`: compose,
write the intent into the journal, send, decide what the reply means, write that down. `carry` ends when the ledger knows
of every row. Whatever fails, messages in flight are finished, what has not left stays due, and the first error is kept.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Self, cast

from mailer import log
from mailer.database import claims, limits
from mailer.database import heartbeats as pulses
from mailer.database.claims import Claim
from mailer.database.engine import Database
from mailer.database.limits import Rate
from mailer.delivery import retry as rules
from mailer.delivery.batch import Slice
from mailer.delivery.context import Surroundings, rest
from mailer.delivery.domain_queue import Lane
from mailer.delivery.heartbeat import EVERY, Speed
from mailer.delivery.heartbeat import pulses as pulses_of
from mailer.delivery.journal import Desk, Moment, Turn, moment
from mailer.delivery.rate_limiter import Meter
from mailer.delivery.recorder import Recorder
from mailer.delivery.relay_pool import Route, Routes
from mailer.message.compiled import Mould
from mailer.message.compose import Origin
from mailer.message.links import return_paths
from mailer.model.errors import TodokeMailError
from mailer.model.issue import Frozen
from mailer.model.state import State

LINGER = 1.0  # seconds that an unused connection stays open
Told = Callable[[int, State], None]
CarryLane = Callable[["Office", Lane], Awaitable[None]]


class Office:
    """For an `async with` block.

    :param carry_lane: what one connection does (`carrying.carry_lane`).
    :param told: hears of each result: issue and new state.
    """

    def __init__(self, around: Surroundings, carry_lane: CarryLane, told: Told = lambda _issue, _state: None) -> None:
        self.around = around
        self._carry_lane = carry_lane
        self.desk = Desk(around.config.state)
        self.stop = asyncio.Event()
        self.failure: Exception | None = None
        self.recorder = Recorder(around.database, around.clock, self.fail, self._recorded)
        self.told = told
        self.routes = self._make_routes()
        self.lanes = {lane.name: lane for lane in self._make_lanes()}
        self.turn = Turn(self.fail, syncs=around.config.durability == "power")
        self._moulds: dict[int, Mould] = {}
        self._return_paths: dict[int, Callable[[int], str]] = {}
        self._slices: dict[int, Slice] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._now, self._read_again = moment(around.clock()), 0.0
        self._speed = Speed(time.monotonic())
        self._beating: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Begin to keep the leases alive."""
        self._beating = [asyncio.create_task(self._beat()), asyncio.create_task(self._say())]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Finish what is in flight, close every connection, write down what is left."""
        self.halt()
        await asyncio.gather(*(task for lane in self.lanes.values() for task in lane.carriers), return_exceptions=True)
        for task in self._beating:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            await self.recorder.insist(limits.free, self.around.database, self.desk.name)
            await self.recorder.insist(pulses.beat, self.around.database, self.desk.name, ())
        except TodokeMailError as broken:
            self.fail(broken)
        self.turn.end()
        await self.recorder.close()
        self.desk.close()

    @property
    def is_over(self) -> bool:
        """Whether nothing more may be begun."""
        return self.stop.is_set()

    def now(self) -> Moment:
        """The moment, read a hundred times a second at most: writing it down costs as much as the rest of a result."""
        turn = time.monotonic()
        if turn >= self._read_again:
            self._read_again, self._now = turn + 0.01, moment(self.around.clock())
        return self._now

    def halt(self, issue_id: int | None = None) -> None:
        """Begin nothing more, at all or of one issue. What is in flight is finished."""
        for found in self._slices.values():
            if issue_id is None or found.claim.issue_id == issue_id:
                found.is_over = True
        if issue_id is None:
            self.stop.set()
        self._purge()

    def _purge(self) -> None:
        for lane in self.lanes.values():
            lane.purge()
            lane.low.set()

    def fail(self, error: Exception) -> None:
        """Something broke: end the run, keep the first reason."""
        if self.failure is None:
            log.tell("run fails", why=type(error).__name__)
        self.failure = self.failure or error
        self.halt()

    async def claim(self, frozen: Frozen, lane: Lane, after: int) -> tuple[Claim, Slice | None] | None:
        """The next slice of an issue for a lane, or None. Its journal is made first: a claim without one has lost it."""
        around, mould, token = self.around, self._mould(frozen), self.desk.token()
        journal, began = self.desk.open(token), time.monotonic()
        wanted = claims.Wanted(frozen.issue_id, lane.name, after, _size(lane), _window(around.database))
        try:
            found = await self.recorder.ask(
                claims.take,
                around.database,
                wanted,
                token=token,
                owner=self.desk.name,
                lease=around.config.lease,
                now=around.clock(),
            )
        except BaseException:
            journal.close(is_done=False)  # the claim may have been made all the same
            raise
        if found is None or not found.rows:
            journal.close(is_done=True)
            return None if found is None else (found, None)
        journal.begin(found.fence, found.issue_id)
        made = Slice(
            found,
            frozen,
            mould,
            journal,
            rules.patience(frozen.issue.kind),
            leased_at=began,
            lease=around.config.lease,
            advance=lambda slice_: self.spawn(self._advance(slice_)),
            ended=self.recorder.add,
            lane=lane.name,
        )
        log.tell("slice claimed", issue=str(frozen.issue.ref), lane=lane.name, slice=found.fence, rows=len(found.rows))
        return found, made

    async def carry(self, found: Slice, lane: Lane) -> None:
        """Send a slice. Ends when the ledger knows what became of each row, or that it has not left."""
        self._slices[found.claim.fence] = found
        found.is_over = found.is_over or self.is_over
        lane.push(found)
        if found.is_over:
            lane.purge()
        self._man(lane)
        await found.finished
        del self._slices[found.claim.fence]
        log.tell("slice ended", issue=str(found.frozen.issue.ref), slice=found.claim.fence, fenced=found.is_fenced, **found.tally)
        if found.is_fenced and self.failure is None:
            now, intended = self.around.clock(), found.intended
            await self.recorder.insist(
                claims.release_never_sent, self.around.database, found.claim.fence, found.claim.issue_id, intended, now=now
            )
            found.journal.path.unlink(missing_ok=True)

    def return_path(self, issue_id: int, subscriber_id: int) -> str:
        """Where this message comes back to. VERP: a bounce tells by its address whose it is, and a stamp that it is ours."""
        base = self.around.config.return_path
        if not self.around.config.verp:
            return base
        found = self._return_paths.get(issue_id)
        if found is None:
            found = self._return_paths[issue_id] = return_paths(base, issue_id, self.around.tokens)
        return found(subscriber_id)

    def _mould(self, frozen: Frozen) -> Mould:
        found = self._moulds.get(frozen.issue_id)
        if found is None:
            config = self.around.config
            origin = Origin(config.return_path, config.message_id_domain)
            found = Mould(frozen.issue, frozen.mail_list, tokens=self.around.tokens, service_url=config.service_url, origin=origin)
            self._moulds[frozen.issue_id] = found
        return found

    def _make_routes(self) -> Routes:
        around = self.around
        routes = []
        for relay in around.config.relays:
            password = (around.passwords or {}).get(relay.name, around.password) if relay.username else None
            meter = self._meter(f"relay:{relay.name}", relay.rate)
            routes.append(Route(relay, password, meter, asyncio.Semaphore(relay.connections)))
        return Routes(routes, hello=around.config.message_id_domain, pauses=around.pauses, is_patient=around.is_patient)

    def _make_lanes(self) -> list[Lane]:
        base = self.around.pauses[0] if self.around.pauses else 0.0
        own = [Lane(found, self._meter(f"lane:{found.name}", found.rate), base) for found in self.around.config.lanes]
        return [Lane(None, self._meter("", 0.0), base), *own]

    def _meter(self, key: str, rate: float) -> Meter:
        if not rate:
            return Meter(rate, None)
        shared = Rate(key, rate, max(1.0, rate))

        async def draw(wanted: int) -> tuple[int, float]:
            return await self.recorder.ask(limits.draw, self.around.database, shared, wanted)

        return Meter(rate, draw)

    def _man(self, lane: Lane) -> None:
        """As many carriers as the lane may have and has work for."""
        most = lane.limits.connections if lane.limits else self.routes.most
        while len(lane.carriers) < min(most, len(lane)):
            task = asyncio.get_running_loop().create_task(self._carrier(lane))
            lane.carriers.add(task)

    async def _carrier(self, lane: Lane) -> None:
        try:
            await self._carry_lane(self, lane)
        except Exception as error:  # whatever it is, the others finish what they carry and the run ends
            self.fail(error)
        lane.carriers.discard(cast(asyncio.Task[None], asyncio.current_task()))
        if self.routes.trouble is not None or (len(lane) and not lane.carriers and not self.around.is_patient):
            self.halt()
        elif len(lane) and not lane.carriers:
            await rest(self.stop, LINGER)
            self._man(lane)

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _advance(self, found: Slice) -> None:
        """Write the next window of intents into the database, for all who might have to take the slice over."""
        await self._renew(found, found.next_window(time.monotonic()))
        found.is_advancing = False
        for lane in self.lanes.values():
            lane.changed.set()

    async def _renew(self, found: Slice, reached: int) -> None:
        began = time.monotonic()
        try:
            is_ours = await self.recorder.insist(claims.advance, self.around.database, found.claim, reached, lease=self.around.config.lease)
        except TodokeMailError as error:
            self.fail(error)
            return
        if is_ours:
            found.reach(reached, began)
            found.renewed(began)
        else:
            found.is_fenced = found.is_over = True
            self._purge()

    def _recorded(self, found: Slice, number: int) -> None:
        self._speed.count(found.claim.issue_id, found.lane, number)

    async def _say(self) -> None:
        """For `status` and `/metrics`."""
        while True:
            await asyncio.sleep(EVERY)
            now = time.monotonic()
            loop_now = asyncio.get_running_loop().time()
            said = pulses_of(self.lanes.values(), self.routes.all, self._speed.rates(now), loop_now)
            try:
                await self.recorder.insist(pulses.beat, self.around.database, self.desk.name, said)
            except TodokeMailError as error:
                self.fail(error)
                return

    async def _beat(self) -> None:
        """A sign of life, three times in every lease."""
        lease = self.around.config.lease
        while True:
            await asyncio.sleep(lease / 3)
            for found in list(self._slices.values()):
                if not found.is_fenced and not found.finished.done():
                    await self._renew(found, found.reached)
            try:
                await self.recorder.insist(limits.renew, self.around.database, self.desk.name, lease=lease)
            except TodokeMailError as error:
                self.fail(error)
                return


def _size(lane: Lane) -> int:
    """Rows of one slice: about ten seconds' worth where there is a rate, so that nobody's unsubscription is overtaken for long."""
    return max(10, min(500, int(lane.meter.rate * 10))) if lane.meter.draw else 500


def _window(database: Database) -> int:
    """Rows of the first window. With SQLite nobody else takes a slice over."""
    return 100 if database.is_shared else 500
