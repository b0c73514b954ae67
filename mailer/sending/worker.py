"""`todoke work`: send whatever is due, for as long as it runs.

On PostgreSQL a job of Procrastinate's queue is one batch of an issue, on any number of machines: a worker claims the batch, sends it and ends the job.
Each worker also fills the queue. Once a second it looks which issues have something due and adds jobs for them (a lock for each job keeps two workers from
adding it twice), takes over the batches of dead machines, and deletes their jobs: what they had not sent is due again and gets new jobs. On SQLite, which
has one machine only, a loop sends the same batches.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import procrastinate
import psycopg
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, ProcrastinateException
from procrastinate.jobs import Status

from mailer.approval import approval
from mailer.approval.approval import NotApproved
from mailer.database import engine
from mailer.database.deliveries import frozen_content, issues, ledger
from mailer.database.deliveries.ledger import waiting_by_queue
from mailer.delivery.connections.connection_worker import run_connection
from mailer.delivery.context import DeliveryContext, pause
from mailer.delivery.engine import DeliveryEngine
from mailer.delivery.feeder import START, Feeder
from mailer.delivery.limits import domain_queue
from mailer.delivery.recovery import restored
from mailer.delivery.recovery.recover import recover
from mailer.model.errors import ContentChanged, DatabaseUnavailable, TodokeMailError
from mailer.model.ids import IssueId
from mailer.model.issue import FrozenIssue, IssueRef, IssueStatus, ListClass
from mailer.model.state import DeliveryState
from mailer.monitoring import operator_report
from mailer.sending.drill_alarm import DrillAlarm

POLL_INTERVAL = 1.0
"""Seconds between two looks at what is due."""
ROWS_PER_JOB = 500
"""As many as the largest batch (`mailer.delivery.engine`): fewer jobs would leave workers idle, more would find nothing to claim."""
MOST_JOBS = 64
"""Jobs in the queue for one issue and domain queue at a time. More are added as these end."""
CONCURRENT_JOBS = 4
"""Batches that one worker sends at a time."""
STALLED_AFTER = 30.0
"""Seconds without a heartbeat of Procrastinate's worker, which sends one every ten, until its jobs are deleted; not less than a lease."""
GRACE = 60.0
"""Seconds that Procrastinate lets running jobs finish. What is left comes back when the lease ends."""
CONNECT_TIMEOUT = 10.0
"""Seconds that the queue waits for a connection: a restart of PostgreSQL takes a few. A run that ends without its server waits so long three times."""
EMERGENCY_PRIORITY = 10
"""Procrastinate takes jobs with higher numbers first; newsletters have 0."""
TASK = "todoke.carry"
"""The name in stored jobs, with the arguments `list_key`, `number` and `lane`: jobs of an older version may wait in the queue, so it stays."""
LIBRARIES = ("procrastinate", "psycopg")
"""They tell a lost database once for each connection and job, with tracebacks; the run tells it in one line."""
OnResult = Callable[[IssueId, DeliveryState], None]


def ignore_result(_issue_id: IssueId, _state: DeliveryState) -> None:
    """Do nothing with a result."""


async def run_worker(
    context: DeliveryContext, stop: asyncio.Event, on_result: OnResult = ignore_result, *, poll_interval: float = POLL_INTERVAL
) -> None:
    """Send until stopped. With SQLite, call only while holding the lock (`lock.sender_lock`).

    :raises TodokeMailError: the database failed or is older than what was sent, every relay refuses us, or a message cannot be composed.
    """
    restored.check(context.config, context.database)
    async with DeliveryEngine(context, run_connection, on_result) as delivery:
        await delivery.right.begin()
        stopping = asyncio.create_task(_stop_when_set(delivery, stop))
        try:
            await (_run_jobs(delivery, poll_interval) if context.database.is_shared else _run_loop(delivery, poll_interval))
        finally:
            stopping.cancel()
    if delivery.failure is not None:
        raise delivery.failure
    if delivery.relays.trouble is not None and not stop.is_set():
        raise delivery.relays.trouble


async def _stop_when_set(delivery: DeliveryEngine, stop: asyncio.Event) -> None:
    await stop.wait()
    delivery.stop()


async def _run_loop(delivery: DeliveryEngine, poll_interval: float) -> None:
    """Send on SQLite."""
    feeder, context, alarm = Feeder(delivery), delivery.context, DrillAlarm(delivery.context)
    await delivery.recorder.ask_until_answered(recover, context.config, context.database, now=context.clock(), is_alone=True)
    while not delivery.is_over:
        for frozen in await _sendable(delivery):
            await feeder.run(frozen)
        await operator_report.send_due_reports(context)
        await alarm.check()
        await pause(delivery.stopped, poll_interval)


async def _run_jobs(delivery: DeliveryEngine, poll_interval: float) -> None:
    """Send on PostgreSQL: run jobs, and fill the queue. Whatever the queue's library raises ends the run as one error of the database."""
    try:
        app = create_queue(delivery)
        await delivery.recorder.ask_until_answered(engine.create_job_tables, delivery.context.database, app.schema_manager.get_schema())
        with _quiet_libraries():
            async with app.open_async():
                await _work_the_queue(delivery, app, poll_interval)
    except TodokeMailError as error:
        delivery.fail(error)
    except (ProcrastinateException, psycopg.Error) as error:
        delivery.fail(
            DatabaseUnavailable(f"The queue in the database failed: {_cause(error)}. Start `todoke work` again; nothing is lost.")
        )


async def _work_the_queue(delivery: DeliveryEngine, app: procrastinate.App, poll_interval: float) -> None:
    worker = asyncio.create_task(
        app.run_worker_async(
            concurrency=CONCURRENT_JOBS,
            install_signal_handlers=False,  # the signals are ours (`run.stop_on_signal`)
            fetch_job_polling_interval=poll_interval,
            shutdown_graceful_timeout=GRACE,
            delete_jobs="always",  # the ledger is the account of what was sent
            name=delivery.journals.name,
        )
    )
    alarm = DrillAlarm(delivery.context)
    try:
        while not delivery.is_over and not worker.done():
            await _fill_queue(delivery, app)
            await operator_report.send_due_reports(delivery.context)
            await alarm.check()
            await pause(delivery.stopped, poll_interval)
    finally:
        is_lost = worker.done() and not delivery.is_over
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
    if is_lost:
        raise DatabaseUnavailable("The queue in the database was lost. Start `todoke work` again; nothing is lost.")


@contextmanager
def _quiet_libraries() -> Iterator[None]:
    before = asyncio.get_running_loop().get_exception_handler()

    def handle(loop: asyncio.AbstractEventLoop, facts: dict[str, Any]) -> None:
        if isinstance(facts.get("exception"), ConnectorException):  # of a job that could not be ended: the run says it
            return
        if before is not None:
            before(loop, facts)
        else:
            loop.default_exception_handler(facts)

    asyncio.get_running_loop().set_exception_handler(handle)
    handlers = [*logging.getLogger().handlers]
    try:
        for handler in handlers:
            handler.addFilter(_is_ours_to_tell)
        yield
    finally:
        asyncio.get_running_loop().set_exception_handler(before)
        for handler in handlers:
            handler.removeFilter(_is_ours_to_tell)


def _is_ours_to_tell(record: logging.LogRecord) -> bool:
    return record.levelno < logging.WARNING or not record.name.startswith(LIBRARIES)


def _cause(error: BaseException) -> str:
    """Return the driver's words below those of the queue, on one line."""
    return " ".join(str(error.__cause__ or error).split())


def create_queue(delivery: DeliveryEngine) -> procrastinate.App:
    """Return the job queue with its one task: send a batch."""
    conninfo = delivery.context.database.address
    # A connection for each job, one that waits for notifications and one for filling the queue.
    connector = procrastinate.PsycopgConnector(conninfo=conninfo, min_size=1, max_size=CONCURRENT_JOBS + 2, timeout=CONNECT_TIMEOUT)
    app = procrastinate.App(connector=connector)

    @app.task(name=TASK)
    async def send_batch(list_key: str, number: str, lane: str) -> None:
        await _send_batch(delivery, IssueRef(list_key, number), lane)

    return app


async def _send_batch(delivery: DeliveryEngine, ref: IssueRef, queue_name: str) -> None:
    """Claim a batch and send it to its end. There may be nothing to claim: another worker was quicker, or the issue was paused."""
    frozen = None
    try:
        frozen = await delivery.recorder.ask_until_answered(issues.find, delivery.context.database, ref)
        if frozen is None or frozen.status is not IssueStatus.SENDING or delivery.is_over or queue_name not in delivery.queues:
            return
        if await delivery.is_expired(frozen) or not await _is_permitted(delivery, frozen):  # since the job was added
            return
        queue = delivery.queues[queue_name]
        claimed = await delivery.claim(frozen, queue, START)
        if claimed is not None and claimed[1] is not None:
            await delivery.run_batch(claimed[1], queue)
    except ContentChanged as error:
        assert frozen is not None  # the claim of a frozen issue has raised it
        await delivery.hold(frozen, error)
    except Exception as error:  # not raised again: the run ends with it, and the job is nobody's any more
        delivery.fail(error)


async def _fill_queue(delivery: DeliveryEngine, app: procrastinate.App) -> None:
    """Take over what dead machines left, and add a job for each batch that is due."""
    context, ask = delivery.context, delivery.recorder.ask_until_answered
    await ask(recover, context.config, context.database, now=context.clock(), is_alone=False)
    await _delete_stalled_jobs(app, max(STALLED_AFTER, context.config.lease))
    for frozen in await _sendable(delivery):
        await ask(ledger.assign_queues, context.database, frozen.issue_id, domain_queue.domains_by_queue(context.config))
        waiting = await ask(waiting_by_queue, context.database, frozen.issue_id)
        for queue_name, rows in waiting.items():
            for number in range(min(-(-rows // ROWS_PER_JOB), MOST_JOBS)):
                await _add_job(app, frozen, queue_name, number)


async def _delete_stalled_jobs(app: procrastinate.App, seconds: float) -> None:
    """Delete the jobs of dead workers. To retry them would be wrong: their rows come back with their leases and get new jobs, under the same locks."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=seconds):
        assert job.id is not None
        with suppress(ConnectorException):  # another worker was quicker; a lost database is told by the next question
            await app.job_manager.finish_job_by_id_async(job_id=job.id, status=Status.FAILED, delete_job=True)


async def _add_job(app: procrastinate.App, frozen: FrozenIssue, queue_name: str, number: int) -> None:
    ref, priority = frozen.issue.ref, EMERGENCY_PRIORITY if frozen.issue.list_class is ListClass.EMERGENCY else 0
    task = app.configure_task(TASK, queueing_lock=f"{ref} {queue_name} {number}", priority=priority)
    with suppress(AlreadyEnqueued):
        await task.defer_async(list_key=ref.list, number=ref.number, lane=queue_name)


async def _sendable(delivery: DeliveryEngine) -> tuple[FrozenIssue, ...]:
    """Return the issues with something due. Deliveries of an issue that is too late expire here."""
    context, sendable = delivery.context, list[FrozenIssue]()
    for frozen in await delivery.recorder.ask_until_answered(issues.sendable_issues, context.database, now=context.clock()):
        if not await delivery.is_expired(frozen) and await _is_permitted(delivery, frozen):
            sendable.append(frozen)
    return tuple(sendable)


async def _is_permitted(delivery: DeliveryEngine, frozen: FrozenIssue) -> bool:
    """Whether the issue is what was frozen and, where its list needs it, approved. Otherwise it is held. Examined once in a process."""
    if frozen.version in delivery.permitted:
        return True
    context, ask = delivery.context, delivery.recorder.ask
    try:
        await ask(frozen_content.require_unchanged, context.database, frozen)
        await ask(approval.permit_for(context.config, context.database), frozen.issue, frozen.mail_list, True)
    except (ContentChanged, NotApproved) as error:
        await delivery.hold(frozen, error)
        return False
    delivery.permitted.add(frozen.version)
    return True
