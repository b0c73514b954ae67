"""Ctrl-C and `kill`: the first one asks a run to finish what is in flight, the second one ends it as usual."""

from __future__ import annotations

import asyncio
import gc
import signal
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from types import FrameType
from typing import TypeVar

from mailer.database import issues, ledger
from mailer.database.engine import Database
from mailer.delivery.connection_worker import run_connection
from mailer.delivery.context import DeliveryContext, Progress
from mailer.delivery.engine import DeliveryEngine
from mailer.delivery.feeder import Feeder
from mailer.model.errors import RelayError, RelayRefused, RelayUnavailable
from mailer.model.ids import IssueId
from mailer.model.issue import FrozenIssue, IssueStatus
from mailer.model.state import UNDER_WAY, DeliveryState

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signal(stop: asyncio.Event) -> Iterator[None]:
    """Set `stop` on the first SIGINT or SIGTERM inside the block. Call from the event loop.

    In any other thread than the main one nothing happens: Python delivers signals to the main thread alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def ask(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop.set)
        _put_back(before)

    # signal.signal and not loop.add_signal_handler: the latter does not exist on Windows.
    for number in SIGNALS:
        signal.signal(number, ask)
    try:
        yield
    finally:
        _put_back(before)


def _put_back(before: Mapping[signal.Signals, object]) -> None:
    for number, handler in before.items():
        with suppress(TypeError, ValueError):
            signal.signal(number, handler)  # type: ignore[arg-type]


Answer = TypeVar("Answer")


def run_event_loop(work: Coroutine[None, None, Answer]) -> Answer:
    """`asyncio.run`, on uvloop where it is installed (the extra `fast`)."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    with _rare_collections(), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


@contextmanager
def _rare_collections() -> Iterator[None]:
    """A message leaves no cycles behind; looking for them after every 700 objects costs a tenth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(20_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@dataclass(frozen=True, slots=True)
class IssueSummary:
    """How an issue stands. `trouble` is why a run ended early, `stopped` that somebody asked it to."""

    counts: Mapping[DeliveryState, int]
    next_due: datetime | None
    stopped: bool = False
    trouble: RelayError | None = None
    status: IssueStatus = IssueStatus.SENDING

    @property
    def remaining(self) -> int:
        """Deliveries that a later `send` will still try."""
        return sum(self.counts[state] for state in UNDER_WAY)

    @property
    def exit_status(self) -> int:
        """0: all final and nothing unknown; 75: run `send` again; 1: a person must look (refused, or unknown rows)."""
        if isinstance(self.trouble, RelayRefused):
            return 1
        if self.remaining:
            return RelayUnavailable.exit_status
        return 1 if self.counts[DeliveryState.UNKNOWN] else 0


def summarize(database: Database, frozen: FrozenIssue, *, stopped: bool = False, trouble: RelayError | None = None) -> IssueSummary:
    """How the issue stands in the ledger now."""
    counts, due = ledger.counts(database, frozen.issue_id), ledger.next_due(database, frozen.issue_id)
    return IssueSummary(counts, due, stopped, trouble, issues.status(database, frozen.issue_id))


async def deliver(context: DeliveryContext, frozen: FrozenIssue, progress: Progress, stop: asyncio.Event) -> IssueSummary:
    """Send everything that is due. Call only while holding the lock (`lock.sender_lock`).

    :param stop: once set, messages in flight are finished and nothing new is begun.
    :raises TodokeMailError: the database failed, or a message cannot be composed; what was sent is recorded.
    """
    total = ledger.count_due(context.database, frozen.issue_id, now=context.clock())
    progress.begin(total)

    def count_result(issue_id: IssueId, state: DeliveryState) -> None:
        if issue_id == frozen.issue_id:
            progress.step(state)

    async with DeliveryEngine(context, run_connection, count_result) as engine:
        feeder = Feeder(engine)
        stopping = asyncio.create_task(_stop(engine, stop))
        try:
            await feeder.run(frozen)
        finally:
            stopping.cancel()
    if engine.failure is not None:
        raise engine.failure
    summary = summarize(context.database, frozen, stopped=stop.is_set(), trouble=engine.relays.trouble)
    return summary if summary.remaining else summarize(context.database, frozen, stopped=stop.is_set())


async def _stop(engine: DeliveryEngine, stop: asyncio.Event) -> None:
    await stop.wait()
    engine.stop()
