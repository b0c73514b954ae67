"""One run over one issue in this process: the event loop, what Ctrl-C and `kill` do, delivery, and the state of the issue afterwards."""

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

from mailer.database.deliveries import issues, ledger
from mailer.database.engine import Database
from mailer.delivery.connections.connection_worker import run_connection
from mailer.delivery.context import DeliveryContext, Progress
from mailer.delivery.engine import DeliveryEngine
from mailer.delivery.feeder import Feeder
from mailer.model.errors import RelayError, RelayRefused, RelayUnavailable
from mailer.model.ids import IssueId
from mailer.model.issue import FrozenIssue, IssueStatus
from mailer.model.state import UNDER_WAY, DeliveryState

SIGNALS = (signal.SIGINT, signal.SIGTERM)
COLLECTION_THRESHOLD = 20_000
"""New objects before Python looks for cycles. Its default of 700 costs a tenth of the time, and a message leaves no cycles behind."""
T = TypeVar("T")


@contextmanager
def stop_on_signal(stop: asyncio.Event) -> Iterator[None]:
    """Set `stop` on the first SIGINT or SIGTERM inside the block; the second one ends the process as usual. Call from the event loop.

    In any other thread than the main one nothing happens: Python delivers signals to the main thread alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    original = {number: signal.getsignal(number) for number in SIGNALS}

    def request_stop(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop.set)
        _restore(original)

    # signal.signal and not loop.add_signal_handler: the latter does not exist on Windows.
    for number in SIGNALS:
        signal.signal(number, request_stop)
    try:
        yield
    finally:
        _restore(original)


def _restore(handlers: Mapping[signal.Signals, object]) -> None:
    for number, handler in handlers.items():
        with suppress(TypeError, ValueError):  # a handler that was not set from Python is None
            signal.signal(number, handler)  # type: ignore[arg-type]


def run_event_loop(coroutine: Coroutine[None, None, T]) -> T:
    """Do what `asyncio.run` does, on uvloop where it is installed (the extra `fast`)."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(coroutine)
    with _rare_collections(), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(coroutine)


@contextmanager
def _rare_collections() -> Iterator[None]:
    original = gc.get_threshold()
    gc.set_threshold(COLLECTION_THRESHOLD, *original[1:])
    try:
        yield
    finally:
        gc.set_threshold(*original)


@dataclass(frozen=True, slots=True)
class IssueSummary:
    """The state of an issue. `trouble` is why a run ended early, `stopped` whether a signal ended it."""

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
    """Return the state of the issue in the ledger now."""
    counts, next_due = ledger.counts(database, frozen.issue_id), ledger.next_due(database, frozen.issue_id)
    return IssueSummary(counts, next_due, stopped, trouble, issues.status(database, frozen.issue_id))


async def deliver(context: DeliveryContext, frozen: FrozenIssue, progress: Progress, stop: asyncio.Event) -> IssueSummary:
    """Send everything that is due. Call only while holding the lock (`lock.sender_lock`).

    :param stop: once set, messages in flight are finished and nothing new is begun.
    :raises TodokeMailError: the database failed, or a message cannot be composed; what was sent is recorded.
    """
    progress.begin(ledger.count_due(context.database, frozen.issue_id, now=context.clock()))

    def on_result(issue_id: IssueId, state: DeliveryState) -> None:
        if issue_id == frozen.issue_id:  # an emergency that overtakes this issue has no progress here
            progress.step(state)

    async with DeliveryEngine(context, run_connection, on_result) as delivery:
        stopping = asyncio.create_task(_stop_when_set(delivery, stop))
        try:
            await Feeder(delivery).run(frozen)
        finally:
            stopping.cancel()
    if delivery.failure is not None:
        raise delivery.failure
    if frozen.issue_id in delivery.held:
        raise delivery.held[frozen.issue_id]
    summary = summarize(context.database, frozen, stopped=stop.is_set(), trouble=delivery.relays.trouble)
    # A relay that failed in between is no trouble of an issue that another relay has sent to its end.
    return summary if summary.remaining else summarize(context.database, frozen, stopped=stop.is_set())


async def _stop_when_set(delivery: DeliveryEngine, stop: asyncio.Event) -> None:
    await stop.wait()
    delivery.stop()
