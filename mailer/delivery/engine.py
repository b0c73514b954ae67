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
from mailer.database import claims, heartbeats, limits
from mailer.database.claims import Claim
from mailer.database.engine import Database
from mailer.database.limits import TokenBucket
from mailer.delivery import retry
from mailer.delivery.batch import Batch
from mailer.delivery.context import DeliveryContext, pause
from mailer.delivery.domain_queue import DomainQueue
from mailer.delivery.heartbeat import EVERY, Throughput
from mailer.delivery.heartbeat import heartbeats as pulses_of
from mailer.delivery.journal import GroupCommit, JournalDirectory, Timestamp, timestamp
from mailer.delivery.rate_limiter import RateLimiter
from mailer.delivery.recorder import Recorder
from mailer.delivery.relay_pool import Relay, RelayPool
from mailer.message.compiled import CompiledMessage
from mailer.message.compose import SenderIdentity
from mailer.message.links import return_path_for
from mailer.model.errors import TodokeMailError
from mailer.model.ids import Fence, IssueId, SubscriberId
from mailer.model.issue import FrozenIssue
from mailer.model.state import DeliveryState

LINGER = 1.0  # seconds that an unused connection stays open
OnResult = Callable[[IssueId, DeliveryState], None]
RunConnection = Callable[["DeliveryEngine", DomainQueue], Awaitable[None]]


class DeliveryEngine:
    """For an `async with` block.

    :param carry_lane: what one connection does (`carrying.carry_lane`).
    :param told: hears of each result: issue and new state.
    """

    def __init__(self, around: DeliveryContext, carry_lane: RunConnection, told: OnResult = lambda _issue, _state: None) -> None:
        self.around = around
        self._carry_lane = carry_lane
        self.desk = JournalDirectory(around.config.state)
        self.stopped = asyncio.Event()
        self.failure: Exception | None = None
        self.recorder = Recorder(around.database, around.clock, self.fail, self._recorded)
        self.told = told
        self.routes = self._make_routes()
        self.lanes = {lane.name: lane for lane in self._make_lanes()}
        self.turn = GroupCommit(self.fail, syncs=around.config.durability == "power")
        self._moulds: dict[IssueId, CompiledMessage] = {}
        self._return_paths: dict[IssueId, Callable[[SubscriberId], str]] = {}
        self._slices: dict[Fence, Batch] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._now, self._read_again = timestamp(around.clock()), 0.0
        self._speed = Throughput(time.monotonic())
        self._beating: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Begin to keep the leases alive."""
        self._beating = [asyncio.create_task(self._beat()), asyncio.create_task(self._say())]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Finish what is in flight, close every connection, write down what is left."""
        self.stop()
        await asyncio.gather(*(task for lane in self.lanes.values() for task in lane.carriers), return_exceptions=True)
        for task in self._beating:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            await self.recorder.ask_until_answered(limits.release, self.around.database, self.desk.name)
            await self.recorder.ask_until_answered(heartbeats.save_heartbeats, self.around.database, self.desk.name, ())
        except TodokeMailError as broken:
            self.fail(broken)
        self.turn.end()
        await self.recorder.close()
        self.desk.close()

    @property
    def is_over(self) -> bool:
        """Whether nothing more may be begun."""
        return self.stopped.is_set()

    def now(self) -> Timestamp:
        """The moment, read a hundred times a second at most: writing it down costs as much as the rest of a result."""
        turn = time.monotonic()
        if turn >= self._read_again:
            self._read_again, self._now = turn + 0.01, timestamp(self.around.clock())
        return self._now

    def stop(self, issue_id: IssueId | None = None) -> None:
        """Begin nothing more, at all or of one issue. What is in flight is finished."""
        for found in self._slices.values():
            if issue_id is None or found.claim.issue_id == issue_id:
                found.is_over = True
        if issue_id is None:
            self.stopped.set()
        self._purge()

    def _purge(self) -> None:
        for lane in self.lanes.values():
            lane.purge()
            lane.low.set()

    def fail(self, error: Exception) -> None:
        """Something broke: end the run, keep the first reason."""
        if self.failure is None:
            log.event("run fails", why=type(error).__name__)
        self.failure = self.failure or error
        self.stop()

    async def claim(self, frozen: FrozenIssue, lane: DomainQueue, after: int) -> tuple[Claim, Batch | None] | None:
        """The next slice of an issue for a lane, or None. Its journal is made first: a claim without one has lost it."""
        around, mould, token = self.around, self._mould(frozen), self.desk.token()
        journal, began = self.desk.open(token), time.monotonic()
        wanted = claims.ClaimRequest(frozen.issue_id, lane.name, after, _size(lane), _window(around.database))
        try:
            found = await self.recorder.ask(
                claims.claim_batch,
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
        made = Batch(
            found,
            frozen,
            mould,
            journal,
            retry.retry_policy(frozen.issue.list_class),
            leased_at=began,
            lease=around.config.lease,
            advance=lambda slice_: self.spawn(self._advance(slice_)),
            ended=self.recorder.add,
            lane=lane.name,
        )
        log.event("slice claimed", issue=str(frozen.issue.ref), lane=lane.name, slice=found.fence, rows=len(found.rows))
        return found, made

    async def run_batch(self, found: Batch, lane: DomainQueue) -> None:
        """Send a slice. Ends when the ledger knows what became of each row, or that it has not left."""
        self._slices[found.claim.fence] = found
        found.is_over = found.is_over or self.is_over
        lane.push(found)
        if found.is_over:
            lane.purge()
        self._man(lane)
        await found.finished
        del self._slices[found.claim.fence]
        log.event("slice ended", issue=str(found.frozen.issue.ref), slice=found.claim.fence, fenced=found.is_fenced, **found.tally)
        if found.is_fenced and self.failure is None:
            now, intended = self.around.clock(), found.intended
            await self.recorder.ask_until_answered(
                claims.release_never_sent, self.around.database, found.claim.fence, found.claim.issue_id, intended, now=now
            )
            found.journal.path.unlink(missing_ok=True)

    def return_path(self, issue_id: IssueId, subscriber_id: SubscriberId) -> str:
        """Where this message comes back to. VERP: a bounce tells by its address whose it is, and a stamp that it is ours."""
        base = self.around.config.return_path
        if not self.around.config.verp:
            return base
        found = self._return_paths.get(issue_id)
        if found is None:
            found = self._return_paths[issue_id] = return_path_for(base, issue_id, self.around.tokens)
        return found(subscriber_id)

    def _mould(self, frozen: FrozenIssue) -> CompiledMessage:
        found = self._moulds.get(frozen.issue_id)
        if found is None:
            config = self.around.config
            origin = SenderIdentity(config.return_path, config.message_id_domain)
            found = CompiledMessage(
                frozen.issue, frozen.mail_list, tokens=self.around.tokens, service_url=config.service_url, origin=origin
            )
            self._moulds[frozen.issue_id] = found
        return found

    def _make_routes(self) -> RelayPool:
        around = self.around
        routes = []
        for relay in around.config.relays:
            password = (around.passwords or {}).get(relay.name, around.password) if relay.username else None
            meter = self._meter(f"relay:{relay.name}", relay.rate)
            routes.append(Relay(relay, password, meter, asyncio.Semaphore(relay.connections)))
        return RelayPool(routes, hello=around.config.message_id_domain, pauses=around.pauses, is_patient=around.waits_for_relays)

    def _make_lanes(self) -> list[DomainQueue]:
        base = self.around.pauses[0] if self.around.pauses else 0.0
        own = [DomainQueue(found, self._meter(f"queue:{found.name}", found.rate), base) for found in self.around.config.queues]
        return [DomainQueue(None, self._meter("", 0.0), base), *own]

    def _meter(self, key: str, rate: float) -> RateLimiter:
        if not rate:
            return RateLimiter(rate, None)
        shared = TokenBucket(key, rate, max(1.0, rate))

        async def draw(wanted: int) -> tuple[int, float]:
            return await self.recorder.ask(limits.take_tokens, self.around.database, shared, wanted)

        return RateLimiter(rate, draw)

    def _man(self, lane: DomainQueue) -> None:
        """As many carriers as the lane may have and has work for."""
        most = lane.limits.connections if lane.limits else self.routes.most
        while len(lane.carriers) < min(most, len(lane)):
            task = asyncio.get_running_loop().create_task(self._carrier(lane))
            lane.carriers.add(task)

    async def _carrier(self, lane: DomainQueue) -> None:
        try:
            await self._carry_lane(self, lane)
        except Exception as error:  # whatever it is, the others finish what they carry and the run ends
            self.fail(error)
        lane.carriers.discard(cast(asyncio.Task[None], asyncio.current_task()))
        if self.routes.trouble is not None or (len(lane) and not lane.carriers and not self.around.waits_for_relays):
            self.stop()
        elif len(lane) and not lane.carriers:
            await pause(self.stopped, LINGER)
            self._man(lane)

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _advance(self, found: Batch) -> None:
        """Write the next window of intents into the database, for all who might have to take the slice over."""
        await self._renew(found, found.next_window(time.monotonic()))
        found.is_advancing = False
        for lane in self.lanes.values():
            lane.changed.set()

    async def _renew(self, found: Batch, reached: SubscriberId) -> None:
        began = time.monotonic()
        try:
            is_ours = await self.recorder.ask_until_answered(
                claims.raise_high_water_mark, self.around.database, found.claim, reached, lease=self.around.config.lease
            )
        except TodokeMailError as error:
            self.fail(error)
            return
        if is_ours:
            found.advance(reached, began)
            found.renewed(began)
        else:
            found.is_fenced = found.is_over = True
            self._purge()

    def _recorded(self, found: Batch, number: int) -> None:
        self._speed.count(found.claim.issue_id, found.lane, number)

    async def _say(self) -> None:
        """For `status` and `/metrics`."""
        while True:
            await asyncio.sleep(EVERY)
            now = time.monotonic()
            loop_now = asyncio.get_running_loop().time()
            said = pulses_of(self.lanes.values(), self.routes.all, self._speed.rates(now), loop_now)
            try:
                await self.recorder.ask_until_answered(heartbeats.save_heartbeats, self.around.database, self.desk.name, said)
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
                    await self._renew(found, found.high_water_mark)
            try:
                await self.recorder.ask_until_answered(limits.renew, self.around.database, self.desk.name, lease=lease)
            except TodokeMailError as error:
                self.fail(error)
                return


def _size(lane: DomainQueue) -> int:
    """Rows of one slice: about ten seconds' worth where there is a rate, so that nobody's unsubscription is overtaken for long."""
    return max(10, min(500, int(lane.meter.rate * 10))) if lane.meter.draw else 500


def _window(database: Database) -> int:
    """Rows of the first window. With SQLite nobody else takes a slice over."""
    return 100 if database.is_shared else 500
