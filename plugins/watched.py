"""Work in processes that may be killed: for each item a bound on computing time, and a name for the item that went past it.

A worker says in shared memory at which item it is, and has a timer of the kernel's, which ends the process whatever it is doing: a regular expression,
a parser in C, a loop. The parent reads the name from the shared memory, and starts another worker for the rest. Where there is no fork (Windows),
the caller does the work itself, without a bound.
"""

from __future__ import annotations

import mmap
import pickle
import signal
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import PurePosixPath
from typing import Any, Generic, TypeVar

from plugins.diagnostics import Diagnostic
from plugins.inputs import InputFolder
from plugins.processes import CAN_FORK, ENOUGH, WorkerLost, collect_rarely, fork_workers, receive, send, worker_count

CPU_SECONDS = 5.0
"""Computing time of one document. The longest real ones take some hundredths of a second."""

QUICK_SECONDS = 1.0
"""Computing time after which a few small documents are handed over to a process that can be killed."""

_FEW, _SMALL = 8, 30_000  # documents, bytes of all

_AT = struct.Struct("I")
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class OutOfTime(BaseException):
    """What `time_limit` raises. It is no `Exception`, so that no reader takes it for a fault of the document."""


def is_quick(files: InputFolder, paths: Sequence[str]) -> bool:
    """Tell whether the documents at ``paths`` are so few and small that a fork costs more than to read them (20 ms with 3,000 documents in memory).

    Only the main thread can be interrupted.
    """
    if len(paths) > _FEW or threading.current_thread() is not threading.main_thread():
        return False
    return sum(stat.size for path in paths if (stat := files.stat(path))) <= _SMALL


_AGAIN = 0.25
"""Seconds of computing between two interruptions: Python drops an exception that is raised in a callback of the garbage collector."""


@contextmanager
def time_limit() -> Iterator[None]:
    """Interrupt the block after `QUICK_SECONDS` of computing, and raise `OutOfTime`: then the same work is to be done where it can be killed.

    It does not end a long call of C. What `is_quick` is too small for one.
    """

    def interrupt(_signal: int, _frame: object) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGVTALRM, interrupt)
    signal.setitimer(signal.ITIMER_VIRTUAL, QUICK_SECONDS, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


class Watch:
    """Says in shared memory at which item a worker is."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _AT.size)

    def begin(self, number: int) -> None:
        """Begin the item ``number`` (from 0): after `CPU_SECONDS` of computing the kernel ends this process (POSIX, SIGPROF)."""
        _AT.pack_into(self._memory, 0, number + 1)
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)

    def end(self) -> None:
        """Stop the timer."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        _AT.pack_into(self._memory, 0, 0)

    @property
    def number(self) -> int | None:
        """The item that the worker has begun and not ended."""
        number: int = _AT.unpack_from(self._memory)[0]
        return number - 1 if number else None


class NoWatch(Watch):
    """For work in this process, which must not be ended."""

    def __init__(self) -> None:
        """There is no shared memory."""

    def begin(self, number: int) -> None:
        """Do nothing."""

    def end(self) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class Overrun(Generic[_Item]):
    """A worker ended over ``item``; ``out_of_time`` tells whether its timer ended it. Otherwise a fault in a library did, or memory ran out."""

    item: _Item
    out_of_time: bool

    def diagnostic(self, path: PurePosixPath, rule: str = "F107") -> Diagnostic:
        """Return what an editor is told about the document at ``path``."""
        if self.out_of_time:
            ja = f"読むのに計算で{CPU_SECONDS:g}秒を超えたので、あきらめました。同じ記号の長い並びがないか確かめ、小さく分けてください"
            en = f"given up: it takes more than {CPU_SECONDS:g} s of computing. Look for long runs of one sign, and split it"
        else:
            ja = "読む途中で、読むためのプロセスが終わりました。壊れたところか、大きすぎるところがないか確かめてください"
            en = "the process that read it ended: look for something broken or far too large"
        return Diagnostic(path, 1, ja, en, rule)


@dataclass
class Worker(Generic[_Item]):
    """A process, and the items that it has from us. ``done`` are those whose results have come."""

    items: Sequence[_Item]
    connection: Connection
    process: BaseProcess
    watch: Watch
    done: set[_Item] = field(default_factory=set)

    def send(self, message: bytes) -> None:
        """Send ``message``. That a worker has ended is noticed when its answer is asked for."""
        with suppress(WorkerLost):
            send(self.connection, message)

    def left(self, overrun: Overrun[_Item] | None) -> list[_Item]:
        """Return the items for the worker that takes the place of this one."""
        return [item for item in self.items if item not in self.done and (overrun is None or item != overrun.item)]


Target = Callable[[Sequence[_Item], Watch, Connection], None]


class Workers(Generic[_Item]):
    """Starts workers, and tells messages from deaths; ``running`` are those of which another message is awaited."""

    def __init__(self) -> None:
        """Start none yet."""
        self.running: list[Worker[_Item]] = []
        self._stack = ExitStack()
        self._deaths: Counter[_Item | None] = Counter()

    @contextmanager
    def open(self) -> Iterator[None]:
        """End all workers with the block."""
        with self._stack:
            yield

    def start(self, target: Target[_Item], items: Sequence[_Item]) -> Worker[_Item]:
        """Fork a worker that calls ``target`` with ``items``, its watch, and its end of the connection."""
        watch, others = Watch(), [worker.connection for worker in self.running]

        def run(_number: int, connection: Connection) -> None:
            for other in others:  # as long as this process holds it, the other worker would not notice the end of our parent
                other.close()
            signal.signal(signal.SIGPROF, signal.SIG_DFL)
            target(items, watch, connection)

        ((connection, process),) = self._stack.enter_context(fork_workers(run, 1)).items()
        worker = Worker(items, connection, process, watch)
        self.running.append(worker)
        return worker

    def ready(self) -> list[Worker[_Item]]:
        """Wait until one or more workers have sent a message or ended, and return these."""
        connections = wait([worker.connection for worker in self.running])  # that of a process that has ended is ready too
        return [worker for worker in self.running if worker.connection in connections]

    def receive(self, worker: Worker[_Item]) -> bytes | Overrun[_Item] | None:
        """Return the next message of ``worker``; the item that ended it; or None if something else did, for the first time.

        A worker that has ended is not running any more. Raises `WorkerLost` if another ended before without a reason in its items.
        """
        try:
            return receive(worker.connection)
        except WorkerLost:
            worker.process.join()
            self.running.remove(worker)
            return self._cause(worker)

    def _cause(self, worker: Worker[_Item]) -> Overrun[_Item] | None:
        number = worker.watch.number
        item = None if number is None else worker.items[number]
        if item is not None and worker.process.exitcode == -signal.SIGPROF:
            return Overrun(item, out_of_time=True)
        self._deaths[item] += 1
        if self._deaths[item] < 2:  # an operator killed it, or the system, when another program took the memory
            return None
        if item is None:
            raise WorkerLost
        return Overrun(item, out_of_time=False)


def map_watched(
    work: Callable[[_Item], _Result], items: Sequence[_Item], *, quick: bool = False, enough: int = ENOUGH, batch: int = 50
) -> Iterator[tuple[_Item, _Result | Overrun[_Item]]]:
    """Call ``work`` with each of ``items`` in other processes, and yield each item with its result, or with the `Overrun` of its worker.

    Each of n workers takes every n-th item; ``enough`` items make another worker pay. An exception of ``work`` is raised here. Without fork, this
    process does the work; if it is ``quick``, it tries first.
    """
    if not items or not CAN_FORK:
        yield from ((item, work(item)) for item in items)
        return
    if quick:
        with suppress(OutOfTime):
            with time_limit():
                results = [(item, work(item)) for item in items]
            yield from results
            return
    target, workers = partial(_work_on, work, batch), Workers[_Item]()
    with workers.open():
        count = worker_count(len(items), enough)
        for number in range(count):
            workers.start(target, items[number::count])
        while workers.running:
            for worker in workers.ready():
                received = workers.receive(worker)
                if isinstance(received, bytes):
                    yield from _take(workers, worker, received)
                else:
                    if received is not None:
                        yield received.item, received
                    workers.start(target, worker.left(received))


def _take(workers: Workers[_Item], worker: Worker[_Item], message: bytes) -> list[tuple[_Item, Any]]:
    results, error, is_last = pickle.loads(message)  # noqa: S301 - from our own fork
    if error is not None:
        raise error
    if is_last:
        workers.running.remove(worker)
    pairs = [(worker.items[number], result) for number, result in results]
    worker.done.update(item for item, _ in pairs)
    return pairs


def _work_on(work: Callable[[_Item], Any], size: int, items: Sequence[_Item], watch: Watch, connection: Connection) -> None:
    collect_rarely()
    results: list[tuple[int, Any]] = []
    try:
        for number, item in enumerate(items):
            watch.begin(number)
            results.append((number, work(item)))
            if len(results) == size:
                connection.send_bytes(pickle.dumps((results, None, False), protocol=5))
                results = []
        watch.end()
        connection.send_bytes(pickle.dumps((results, None, True), protocol=5))
    except BaseException as error:
        connection.send_bytes(pickle.dumps(([], error, True)))
