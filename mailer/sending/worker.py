"""`todoke work`: send whatever is to be sent, for as long as it runs.

On PostgreSQL a job of Procrastinate's queue is one slice of an issue, on any number of machines: a worker claims the slice,
carries it and ends the job. Every worker looks now and then which issues have something due and puts jobs for them into the
queue (a lock for each makes sure that none is there twice), brings back the slices of dead machines, and the jobs with them.
On SQLite, which has one machine only, the same slices are carried by a loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued, ProcrastinateException

from mailer.database import engine, issues, ledger
from mailer.database.ledger import waiting_by_queue
from mailer.delivery import domain_queue, recovery
from mailer.delivery.connection_worker import run_connection
from mailer.delivery.context import DeliveryContext
from mailer.delivery.engine import DeliveryEngine
from mailer.delivery.feeder import START, Feeder
from mailer.model.errors import DatabaseError, TodokeMailError
from mailer.model.ids import IssueId
from mailer.model.issue import FrozenIssue, IssueRef, IssueStatus, ListClass
from mailer.model.state import DUE, DeliveryState
from mailer.monitoring import operator_report

LOOK = 1.0  # seconds between looks at what is due
SLICE = 500
MOST_JOBS = 64  # in the queue for one issue and lane at a time
JOBS = 4  # slices that one worker carries at once
EMERGENCY = 10  # Procrastinate takes higher numbers first
OnResult = Callable[[IssueId, DeliveryState], None]


def ignore_result(_issue_id: IssueId, _state: DeliveryState) -> None:
    """Nobody listens."""


async def run_worker(around: DeliveryContext, stop: asyncio.Event, told: OnResult = ignore_result, *, look: float = LOOK) -> None:
    """Send until stopped. With SQLite, call only while holding the lock (`lock.sending`).

    :raises TodokeMailError: the database failed, or a message cannot be composed.
    """
    async with DeliveryEngine(around, run_connection, told) as office:
        halting = asyncio.create_task(_halt(office, stop))
        try:
            await (_queue(office, look) if around.database.is_shared else _loop(office, look))
        finally:
            halting.cancel()
    if office.failure is not None:
        raise office.failure


async def _halt(office: DeliveryEngine, stop: asyncio.Event) -> None:
    await stop.wait()
    office.stop()


async def _loop(office: DeliveryEngine, look: float) -> None:
    feeder, around = Feeder(office), office.context
    await office.recorder.ask_until_answered(recovery.recover, around.config, around.database, now=around.clock(), is_alone=True)
    while not office.is_over:
        for found in await _ready(office):
            await feeder.run(found)
        await operator_report.send_due_reports(around)
        await _rest(office, look)


async def _queue(office: DeliveryEngine, look: float) -> None:
    app = create_queue(office)
    await office.recorder.ask_until_answered(engine.create_job_tables, office.context.database, app.schema_manager.get_schema())
    async with app.open_async():
        worker = asyncio.create_task(
            app.run_worker_async(
                concurrency=JOBS,
                install_signal_handlers=False,
                fetch_job_polling_interval=look,
                shutdown_graceful_timeout=60,
                name=office.journals.name,
            )
        )
        try:
            while not office.is_over:
                await _dispatch(office, app)
                await operator_report.send_due_reports(office.context)
                await _rest(office, look)
        except TodokeMailError as error:
            office.fail(error)
        except ProcrastinateException as error:
            office.fail(DatabaseError(f"The queue in the database failed: {error}. Start `run_worker` again; nothing is lost."))
        finally:
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker


def create_queue(office: DeliveryEngine) -> procrastinate.App:
    """The queue with its one task: carry a slice."""
    conninfo = office.context.database.address
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=conninfo, min_size=1, max_size=JOBS + 2))

    @app.task(name="todoke.carry")
    async def carry(list_key: str, number: str, lane: str) -> None:
        await _carry(office, IssueRef(list_key, number), lane)

    return app


async def _carry(office: DeliveryEngine, ref: IssueRef, name: str) -> None:
    """One job: claim a slice and see it to its end. Nothing to claim: somebody else was quicker, or it is not wanted any more."""
    try:
        around = office.context
        frozen = await office.recorder.ask_until_answered(issues.find, around.database, ref)
        if frozen is None or frozen.status is not IssueStatus.SENDING or office.is_over or name not in office.queues:
            return
        lane = office.queues[name]
        got = await office.claim(frozen, lane, START)
        if got is not None and got[1] is not None:
            await office.run_batch(got[1], lane)
    except Exception as error:
        office.fail(error)
        raise


async def _dispatch(office: DeliveryEngine, app: procrastinate.App) -> None:
    around = office.context
    await office.recorder.ask_until_answered(recovery.recover, around.config, around.database, now=around.clock(), is_alone=False)
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=max(30.0, around.config.lease)):
        await app.job_manager.retry_job(job)
    for found in await _ready(office):
        await office.recorder.ask_until_answered(
            ledger.assign_queues, around.database, found.issue_id, domain_queue.domains_by_queue(around.config)
        )
        waiting = await office.recorder.ask_until_answered(waiting_by_queue, around.database, found.issue_id)
        for lane, number in waiting.items():
            for part in range(min(-(-number // SLICE), MOST_JOBS)):
                await _defer(app, found, lane, part)


async def _defer(app: procrastinate.App, found: FrozenIssue, lane: str, part: int) -> None:
    ref, priority = found.issue.ref, EMERGENCY if found.issue.list_class is ListClass.EMERGENCY else 0
    task = app.configure_task("todoke.carry", queueing_lock=f"{ref} {lane} {part}", priority=priority)
    with suppress(AlreadyEnqueued):
        await task.defer_async(list_key=ref.list, number=ref.number, lane=lane)


async def _ready(office: DeliveryEngine) -> tuple[FrozenIssue, ...]:
    """Issues with something due; what is too late expires here."""
    around, found = office.context, list[FrozenIssue]()
    for one in await office.recorder.ask_until_answered(issues.sendable_issues, around.database, now=around.clock()):
        expires = one.issue.expires
        if expires is None or around.clock() < expires:
            found.append(one)
            continue
        await office.recorder.ask(
            ledger.change_state, around.database, one.issue_id, DUE, DeliveryState.EXPIRED, now=around.clock(), why="too late to be sent"
        )
    return tuple(found)


async def _rest(office: DeliveryEngine, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(office.stopped.wait(), seconds)
