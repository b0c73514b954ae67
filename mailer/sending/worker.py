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

POLL_INTERVAL = 1.0  # seconds between two queries for what is due
BATCH = 500
MOST_JOBS = 64  # waiting at a time for one issue and domain queue
JOBS = 4  # batches that one worker sends at once
EMERGENCY = 10  # Procrastinate takes higher numbers first
OnResult = Callable[[IssueId, DeliveryState], None]


def ignore_result(_issue_id: IssueId, _state: DeliveryState) -> None:
    """Ignore the result: nobody shows progress."""


async def run_worker(
    context: DeliveryContext, stop: asyncio.Event, on_result: OnResult = ignore_result, *, poll_interval: float = POLL_INTERVAL
) -> None:
    """Send until stopped. With SQLite, call only while holding the lock (`lock.sender_lock`).

    :raises TodokeMailError: the database failed, or a message cannot be composed.
    """
    async with DeliveryEngine(context, run_connection, on_result) as delivery_engine:
        stopping = asyncio.create_task(_stop_with(delivery_engine, stop))
        try:
            await (_queue(delivery_engine, poll_interval) if context.database.is_shared else _loop(delivery_engine, poll_interval))
        finally:
            stopping.cancel()
    if delivery_engine.failure is not None:
        raise delivery_engine.failure


async def _stop_with(delivery_engine: DeliveryEngine, stop: asyncio.Event) -> None:
    await stop.wait()
    delivery_engine.stop()


async def _loop(delivery_engine: DeliveryEngine, poll_interval: float) -> None:
    feeder, context = Feeder(delivery_engine), delivery_engine.context
    await delivery_engine.recorder.ask_until_answered(
        recovery.recover, context.config, context.database, now=context.clock(), is_alone=True
    )
    while not delivery_engine.is_over:
        for frozen in await _ready(delivery_engine):
            await feeder.run(frozen)
        await operator_report.send_due_reports(context)
        await _pause(delivery_engine, poll_interval)


async def _queue(delivery_engine: DeliveryEngine, poll_interval: float) -> None:
    app = create_queue(delivery_engine)
    await delivery_engine.recorder.ask_until_answered(
        engine.create_job_tables, delivery_engine.context.database, app.schema_manager.get_schema()
    )
    async with app.open_async():
        worker = asyncio.create_task(
            app.run_worker_async(
                concurrency=JOBS,
                install_signal_handlers=False,
                fetch_job_polling_interval=poll_interval,
                shutdown_graceful_timeout=60,
                name=delivery_engine.journals.name,
            )
        )
        try:
            while not delivery_engine.is_over:
                await _dispatch(delivery_engine, app)
                await operator_report.send_due_reports(delivery_engine.context)
                await _pause(delivery_engine, poll_interval)
        except TodokeMailError as error:
            delivery_engine.fail(error)
        except ProcrastinateException as error:
            delivery_engine.fail(DatabaseError(f"The queue in the database failed: {error}. Start `todoke work` again; nothing is lost."))
        finally:
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker


def create_queue(delivery_engine: DeliveryEngine) -> procrastinate.App:
    """Return the job queue with its one task: send a batch. The task keeps the name ``todoke.carry``: jobs of an older version may wait."""
    conninfo = delivery_engine.context.database.address
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=conninfo, min_size=1, max_size=JOBS + 2))

    @app.task(name="todoke.carry")
    async def send_batch(list_key: str, number: str, lane: str) -> None:  # the arguments are stored with jobs that may still wait
        await _send_batch(delivery_engine, IssueRef(list_key, number), lane)

    return app


async def _send_batch(delivery_engine: DeliveryEngine, ref: IssueRef, name: str) -> None:
    """Run one job: claim a batch and send it. There is nothing to do if another worker was quicker, or the issue was paused or called off."""
    try:
        context = delivery_engine.context
        frozen = await delivery_engine.recorder.ask_until_answered(issues.find, context.database, ref)
        if frozen is None or frozen.status is not IssueStatus.SENDING or delivery_engine.is_over or name not in delivery_engine.queues:
            return
        queue = delivery_engine.queues[name]
        claimed = await delivery_engine.claim(frozen, queue, START)
        if claimed is not None and claimed[1] is not None:
            await delivery_engine.run_batch(claimed[1], queue)
    except Exception as error:
        delivery_engine.fail(error)
        raise


async def _dispatch(delivery_engine: DeliveryEngine, app: procrastinate.App) -> None:
    context = delivery_engine.context
    await delivery_engine.recorder.ask_until_answered(
        recovery.recover, context.config, context.database, now=context.clock(), is_alone=False
    )
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=max(30.0, context.config.lease)):
        await app.job_manager.retry_job(job)
    for frozen in await _ready(delivery_engine):
        await delivery_engine.recorder.ask_until_answered(
            ledger.assign_queues, context.database, frozen.issue_id, domain_queue.domains_by_queue(context.config)
        )
        waiting = await delivery_engine.recorder.ask_until_answered(waiting_by_queue, context.database, frozen.issue_id)
        for queue_name, due in waiting.items():
            for part in range(min(-(-due // BATCH), MOST_JOBS)):
                await _defer(app, frozen, queue_name, part)


async def _defer(app: procrastinate.App, frozen: FrozenIssue, queue_name: str, part: int) -> None:
    ref, priority = frozen.issue.ref, EMERGENCY if frozen.issue.list_class is ListClass.EMERGENCY else 0
    task = app.configure_task("todoke.carry", queueing_lock=f"{ref} {queue_name} {part}", priority=priority)
    with suppress(AlreadyEnqueued):
        await task.defer_async(list_key=ref.list, number=ref.number, lane=queue_name)


async def _ready(delivery_engine: DeliveryEngine) -> tuple[FrozenIssue, ...]:
    """Return the issues with something due. Deliveries of an issue that is too late expire here."""
    context, sendable = delivery_engine.context, list[FrozenIssue]()
    for frozen in await delivery_engine.recorder.ask_until_answered(issues.sendable_issues, context.database, now=context.clock()):
        expires = frozen.issue.expires
        if expires is None or context.clock() < expires:
            sendable.append(frozen)
            continue
        await delivery_engine.recorder.ask(
            ledger.change_state,
            context.database,
            frozen.issue_id,
            DUE,
            DeliveryState.EXPIRED,
            now=context.clock(),
            why="too late to be sent",
        )
    return tuple(sendable)


async def _pause(delivery_engine: DeliveryEngine, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(delivery_engine.stopped.wait(), seconds)
