"""The delivery engine: sends claimed batches over several connections, the same for one process and for workers on many machines.

`run_batch` ends when the ledger knows what became of every row. Whatever fails: messages in flight are finished, rows that have not
left stay due, and the first error is kept in `failure`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from types import TracebackType
from typing import Any, Self, cast

from mailer import log
from mailer.database import audit_log, restoration
from mailer.database.deliveries import claims, heartbeats, issues, ledger, limits
from mailer.database.deliveries.claims import Claim
from mailer.delivery.batch import Batch
from mailer.delivery.claimer import BatchClaimer
from mailer.delivery.composer import Composer
from mailer.delivery.context import DeliveryContext, pause
from mailer.delivery.expiry import Expiry, expiry
from mailer.delivery.heartbeat import INTERVAL, Throughput
from mailer.delivery.heartbeat import heartbeats as current_heartbeats
from mailer.delivery.journal import GroupCommit, Timestamp, timestamp
from mailer.delivery.leases import Leases
from mailer.delivery.limits.domain_queue import DomainQueue, domain_queues
from mailer.delivery.limits.rate_limiter import shared_limiters
from mailer.delivery.limits.relay_pool import relay_pool
from mailer.delivery.recorder import Recorder
from mailer.delivery.recovery.journal_directory import JournalDirectory
from mailer.delivery.right import SendingRight
from mailer.delivery.signing import SigningThreads
from mailer.model.audit_log import AuditEvent
from mailer.model.errors import LedgerRestored, TodokeMailError
from mailer.model.ids import IssueId, SubscriberId
from mailer.model.issue import FrozenIssue, IssueStatus
from mailer.model.state import DUE, DeliveryState

LINGER = 1.0  # seconds that an unused connection stays open
CLOCK_INTERVAL = 0.01  # seconds for which a timestamp is used again: to format one costs as much as the rest of a result
CALLBACK_FACTS = frozenset({"handle", "protocol"})
"""What asyncio and uvloop tell with an exception of a callback, and not with one of a task or a future that nobody asked for its result."""
OnResult = Callable[[IssueId, DeliveryState], None]
RunConnection = Callable[["DeliveryEngine", DomainQueue], Awaitable[None]]


class DeliveryEngine:
    """For an `async with` block.

    :param run_connection: what one connection does (`connections.connection_worker.run_connection`).
    :param on_result: is told of each result: issue and new state.
    """

    def __init__(self, context: DeliveryContext, run_connection: RunConnection, on_result: OnResult = lambda _issue, _state: None) -> None:
        config = context.config
        self.context = context
        self.on_result = on_result
        self.journals = JournalDirectory(config.state, config.durability)
        self.stopped = asyncio.Event()
        self.failure: Exception | None = None
        self.held: dict[IssueId, TodokeMailError] = {}
        """Issues that were stopped because they are not what was frozen and approved."""
        self.permitted: set[tuple[IssueId, datetime]] = set()
        """Issues that were examined before their first message (`mailer.sending.worker`)."""
        self.recorder = Recorder(context.database, context.clock, self.fail, self._count)
        self.group_commit = GroupCommit(self.fail, syncs=config.durability == "power")
        self.composer = Composer(config, context.signer, context.dkim)
        self.signing: SigningThreads | None = None
        make_limiter = shared_limiters(context.database, self.recorder)
        self.relays = relay_pool(context, make_limiter)
        self.queues = {queue.name: queue for queue in domain_queues(context, make_limiter)}
        self._run_connection = run_connection
        self._leases = Leases(
            context.database, self.recorder, self.queues.values(), owner=self.journals.name, lease=config.lease, on_failure=self.fail
        )
        self.right = SendingRight(config, context.database)
        self._claimer = BatchClaimer(
            context, self.recorder, self.journals, self.composer, self.right, lambda batch: self.spawn(self._leases.open_window(batch))
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._background: list[asyncio.Task[None]] = []
        self._now, self._now_until = timestamp(context.clock()), 0.0
        self._throughput = Throughput(time.monotonic())

    async def __aenter__(self) -> Self:
        """Begin to keep the leases alive and to report."""
        asyncio.get_running_loop().set_exception_handler(self._on_loop_error)
        if self.context.dkim.keys:
            self.signing = SigningThreads(self.fail)
        self._background = [self._watched(self._leases.keep_alive()), self._watched(self._report())]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Finish the messages in flight, close every connection, record what is left."""
        self.stop()
        await asyncio.gather(*(task for queue in self.queues.values() for task in queue.workers), return_exceptions=True)
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.right.close()
        database, owner = self.context.database, self.journals.name
        try:
            await self.recorder.ask_until_answered(limits.release, database, owner)
            await self.recorder.ask_until_answered(heartbeats.save_heartbeats, database, owner, ())
        except TodokeMailError as failure:
            self.fail(failure)
        self.group_commit.commit()
        await self.recorder.close()
        if self.signing is not None:
            self.signing.close()
        self.journals.close()
        asyncio.get_running_loop().set_exception_handler(None)

    @property
    def is_over(self) -> bool:
        """Whether nothing more may be begun."""
        return self.stopped.is_set()

    def now(self) -> Timestamp:
        """The time, read again after `CLOCK_INTERVAL`."""
        monotonic = time.monotonic()
        if monotonic >= self._now_until:
            self._now_until, self._now = monotonic + CLOCK_INTERVAL, timestamp(self.context.clock())
        return self._now

    def stop(self, issue_id: IssueId | None = None) -> None:
        """Begin nothing more, of one issue or at all. Messages in flight are finished."""
        for batch in self._leases.batches():
            if issue_id is None or batch.claim.issue_id == issue_id:
                batch.is_over = True
        if issue_id is None:
            self.stopped.set()
        for queue in self.queues.values():
            queue.purge()
            queue.has_room.set()

    def fail(self, error: Exception) -> None:
        """End the run because of this error; the first one is kept."""
        if self.failure is None:
            log.event("run fails", why=type(error).__name__)
        self.failure = self.failure or error
        self.stop()

    def abandon(self, error: Exception) -> None:
        """As `fail`, for an exception where none is expected: nobody knows what it has left without account, so nobody waits for it.

        Journals say what is known of each row, and the next run reads them, as it does after a kill.
        """
        self.fail(error)
        self.recorder.abandon(self._leases.batches())

    def spawn(self, coroutine: Coroutine[None, None, None]) -> None:
        """Run this beside the rest; the engine waits for it before it ends."""
        task = self._watched(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _watched(self, coroutine: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(coroutine)
        task.add_done_callback(self._look_at)
        return task

    def _look_at(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            self.abandon(error)

    def _on_loop_error(self, loop: asyncio.AbstractEventLoop, facts: dict[str, Any]) -> None:
        """A callback of the event loop has raised. Without this asyncio would write it into a log, and the run would wait for ever."""
        error = facts.get("exception")
        if isinstance(error, Exception) and CALLBACK_FACTS & facts.keys():
            self.abandon(error)
        else:
            loop.default_exception_handler(facts)

    async def is_expired(self, frozen: FrozenIssue, *, has_claimed: bool = False) -> bool:
        """Whether it is too late for the issue; then its due deliveries become `expired`. Ask before each `claim`.

        :param has_claimed: the last claim found rows. It looks for what other clocks have seen, so only this one is read.
        """
        database, now = self.context.database, self.context.clock()
        if has_claimed and now < self.context.config.max_age.end(frozen):
            return False
        expiry_now = await self.recorder.ask(expiry, self.context.config, database, frozen, now)
        if expiry_now is Expiry.OVER:
            await self.recorder.ask(
                ledger.change_state, database, frozen.issue_id, DUE, DeliveryState.EXPIRED, now=now, why="too late to be sent"
            )
        return expiry_now is not Expiry.OPEN

    async def claim(self, frozen: FrozenIssue, queue: DomainQueue, after: SubscriberId) -> tuple[Claim, Batch | None] | None:
        """Claim the next batch of an issue for a queue (`BatchClaimer.claim`)."""
        return await self._claimer.claim(frozen, queue, after)

    async def hold(self, frozen: FrozenIssue, error: TodokeMailError) -> None:
        """Stop this issue, here and for every other sender: it is paused, and the audit log says why. Other issues go on."""
        ask, database, ref = self.recorder.ask, self.context.database, str(frozen.issue.ref)
        self.stop(frozen.issue_id)
        self.held[frozen.issue_id] = error
        if await ask(issues.set_status, database, frozen.issue_id, IssueStatus.PAUSED, old={IssueStatus.SENDING}):
            await ask(audit_log.append, database, AuditEvent("", "sending stopped", ref, {"reason": str(error)}), now=self.context.clock())
            log.error(str(error))

    async def run_batch(self, batch: Batch, queue: DomainQueue) -> None:
        """Send a batch. Ends when the ledger knows what became of each row, or that it has not left."""
        claim = batch.claim
        self._leases.add(batch)
        batch.is_over = batch.is_over or self.is_over
        queue.push(batch)
        if batch.is_over:
            queue.purge()
        self._start_workers(queue)
        await batch.finished
        self._leases.remove(batch)
        log.event("batch ended", issue=str(batch.frozen.issue.ref), batch=claim.fence, fenced=batch.is_fenced, **batch.tally)
        if self.right.is_asked and not batch.is_fenced and self.failure is None:
            self.spawn(self.right.end(claim, str(batch.frozen.issue.ref), batch.sent, batch.unknown))
        if batch.is_fenced and self.failure is None:
            # Whoever took it over had to doubt every row up to the high-water mark; here it is known which of them never left.
            await self._settle_fenced(batch)

    async def _settle_fenced(self, batch: Batch) -> None:
        claim, database, now = batch.claim, self.context.database, self.context.clock()
        ask, ref = self.recorder.ask_until_answered, str(batch.frozen.issue.ref)
        if await ask(restoration.is_uncounted, database, ref, claim.fence, batch.intended):
            self.fail(LedgerRestored("it does not know the batch that is being sent"))
            return
        await ask(claims.release_never_sent, database, claim.fence, claim.issue_id, batch.intended, now=now)
        batch.end()

    def _start_workers(self, queue: DomainQueue) -> None:
        """As many connection workers as the queue may have and has rows for."""
        most = queue.limits.connections if queue.limits else self.relays.max_connections
        while len(queue.workers) < min(most, len(queue)):
            queue.workers.add(asyncio.get_running_loop().create_task(self._worker(queue)))

    async def _worker(self, queue: DomainQueue) -> None:
        try:
            await self._run_connection(self, queue)
        except TodokeMailError as error:  # the others finish their messages and the run ends
            self.fail(error)
        except Exception as error:
            self.abandon(error)
        queue.workers.discard(cast(asyncio.Task[None], asyncio.current_task()))
        is_abandoned = len(queue) > 0 and not queue.workers
        if self.relays.trouble is not None or (is_abandoned and not self.context.waits_for_relays):
            self.stop()
        elif is_abandoned:
            await pause(self.stopped, LINGER)
            self._start_workers(queue)

    def _count(self, batch: Batch, number: int) -> None:
        self._throughput.count(batch.claim.issue_id, batch.queue, number)

    async def _report(self) -> None:
        """Heartbeats, for `status` and `/metrics`."""
        database, owner, loop = self.context.database, self.journals.name, asyncio.get_running_loop()
        while True:
            await asyncio.sleep(INTERVAL)
            current = current_heartbeats(self.queues.values(), self.relays.all, self._throughput.rates(time.monotonic()), loop.time())
            try:
                await self.recorder.ask_until_answered(heartbeats.save_heartbeats, database, owner, current)
            except TodokeMailError as error:
                self.fail(error)
                return
