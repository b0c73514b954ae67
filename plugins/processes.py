"""Spreads work over as many processes as the machine has processors.

A worker is a fork of this process, so it has all code and all documents in memory already. It sends its results back batch by batch. Where there is
no fork (Windows), or little to do, this process does the work itself.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from mmap import mmap
from multiprocessing import current_process, get_all_start_methods, get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

ENOUGH = 60
"""Items for which a second process pays."""

_BATCH = 50

CAN_FORK = "fork" in get_all_start_methods()
"""False on Windows."""

LOST = "手伝いのプロセスが途中で終わりました。メモリーが足りないのかもしれません。前のサイトはそのままです。もう一度実行してください"
LOST_EN = "a helping process was ended from outside; perhaps memory ran out. The last site is as it was: try again"

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class WorkerLost(Exception):
    """A worker ended without sending an error: it was killed, most likely because memory ran out. The message says that nothing is broken."""

    def __init__(self) -> None:
        super().__init__(f"{LOST} / {LOST_EN}")


@contextmanager
def without_gc() -> Iterator[None]:
    """Turn cyclic garbage collection off inside the block.

    A build keeps the documents that it has read until its end. An edit of 10,000 articles takes 2.1 s; searching them again and again took 1.0 s more.
    Code that makes many short-lived objects calls `collect_rarely` instead.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            # All new objects are in the youngest generation, and the next allocations would start a search through every one of them. These two calls
            # move them to the oldest generation without looking at them (0.3 s for two million objects).
            gc.freeze()
            gc.unfreeze()
            gc.enable()


def collect_rarely() -> None:
    """Collect garbage after 50,000 new objects instead of Python's 700, until the process ends.

    Every page that is rendered leaves reference cycles behind, so collection cannot stay off; the documents stay, so it should not run often.
    """
    gc.set_threshold(50_000, 20, 100)
    gc.enable()


def map_batches(
    work: Callable[[Sequence[_Item]], _Result], items: Sequence[_Item], *, enough: int = ENOUGH, batch: int = _BATCH
) -> Iterator[tuple[int, _Result]]:
    """Call ``work`` with batches of ``items``, and yield the number of the worker and the result of each batch.

    The first worker takes batches from the front of ``items``, the others from their end, each when it is done with the one before, and smaller ones when
    little is left. So one process does what lies in front: there belongs what shares work. Results come as they are ready. An exception of ``work`` is
    raised here. Raises `WorkerLost` if a worker is killed.
    """
    count = worker_count(len(items), enough)
    if count == 1:
        if len(items) > enough:
            collect_rarely()
        for part in _batches(items, batch):
            yield 0, work(part)
        return
    queue = _BatchQueue(items)
    with fork_workers(lambda number, sender: _send_results(work, queue.batches(batch, number == 0), sender), count) as workers:
        yield from _receive_results(workers)


class _BatchQueue:
    """What no worker has taken yet of ``items``: from the first to the second of two numbers in memory that all of them share."""

    def __init__(self, items: Sequence[Any]) -> None:
        self._items = items
        self._lock = get_context("fork").Lock()
        self._ends = memoryview(mmap(-1, 16)).cast("Q")
        self._ends[0], self._ends[1] = 0, len(items)

    def batches(self, size: int, from_front: bool) -> Iterator[Sequence[Any]]:
        """Take batches until nothing is left."""
        while part := self._take(size, from_front):
            yield part

    def _take(self, size: int, from_front: bool) -> Sequence[Any]:
        with self._lock:
            first, end = self._ends
            size = min(size, -(-(end - first) // 4))
            if from_front:
                self._ends[0] = first + size
                return self._items[first : first + size]
            self._ends[1] = end - size
            return self._items[end - size : end]


def may_fork() -> bool:
    """Tell whether this process can have workers. A worker has none: whoever ends it would leave them."""
    return CAN_FORK and not current_process().daemon


@contextmanager
def run_ahead(work: Callable[[], _Result]) -> Iterator[Callable[[], _Result]]:
    """Begin ``work`` in another process, and yield a function that waits for its result. Without fork, and in a worker, the first call of this function
    does the work.
    """
    if not may_fork():
        yield cache(work)
        return
    with fork_workers(lambda _, sender: _send_results(lambda _: work(), ((None,),), sender), 1, waits=False) as workers:

        @cache
        def wait_for_result() -> _Result:
            ((_, result),) = _receive_results(workers)
            return result  # type: ignore[no-any-return]

        yield wait_for_result


def worker_count(items: int, enough: int) -> int:
    """Return how many processes shall share ``items`` if ``enough`` of them make a second process pay: 1 where none can be had (`may_fork`)."""
    return min(os.cpu_count() or 1, items // enough + 1) if may_fork() else 1


@contextmanager
def fork_workers(target: Callable[[int, Connection], None], count: int, *, waits: bool = True) -> Iterator[dict[Connection, BaseProcess]]:
    """Fork ``count`` workers, and yield this process's end of each connection with the worker, in the order of their numbers.

    Each worker calls ``target`` with its number and its own end. At the end of the block the workers are waited for, or with ``waits`` false, or
    after an exception, terminated.
    """
    context = get_context("fork")
    ends = [context.Pipe() for _ in range(count)]
    workers = [context.Process(target=_run_worker, args=(target, number, ends), daemon=True) for number in range(count)]
    gc.freeze()  # a collection in a worker would write to every object's header, and so copy every page of memory
    try:
        with _signals_blocked():
            for worker in workers:
                worker.start()
        for _, theirs in ends:
            theirs.close()
        yield {ours: worker for (ours, _), worker in zip(ends, workers, strict=True)}
        for worker in workers if waits else ():
            worker.join()
    finally:
        for worker in workers:
            if worker.is_alive():
                worker.terminate()
            worker.join()
        for ours, _ in ends:
            ours.close()
        gc.unfreeze()


_SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM})


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """A worker is born with the signals of this thread blocked, so that none reaches it before it has its own answer to them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _run_worker(target: Callable[[int, Connection], None], number: int, ends: Sequence[tuple[Connection, Connection]]) -> None:
    # A fork holds every end. As long as one process holds the end of a worker that was killed, a read of half a message from it would wait for ever.
    for other, (ours, theirs) in enumerate(ends):
        ours.close()
        if other != number:
            theirs.close()
    # Ctrl-C goes to every process of the terminal. The parent alone answers it, and ends its workers (SIGTERM), whatever it does at SIGTERM itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    target(number, ends[number][1])


def wait_for_messages(workers: Mapping[Connection, BaseProcess]) -> list[Connection]:
    """Wait until a message is there on one or more of the connections, and return these. Raises `WorkerLost` if a process ended without one."""
    ready = wait([*workers, *(worker.sentinel for worker in workers.values())])
    for connection, worker in workers.items():
        # A worker sends before it ends. So after its end an empty connection means that it was killed.
        if worker.sentinel in ready and not connection.poll():
            raise WorkerLost
    return [connection for connection in workers if connection.poll()]


def receive(connection: Connection) -> bytes:
    """Return the next message of a worker. Raises `WorkerLost` if the worker ended in the middle of it."""
    try:
        return connection.recv_bytes()
    except (EOFError, OSError):  # OSError: the message had begun
        raise WorkerLost from None


def send(connection: Connection, message: bytes) -> None:
    """Send a message to a worker. Raises `WorkerLost` if the worker has ended."""
    try:
        connection.send_bytes(message)
    except OSError:
        raise WorkerLost from None


def _receive_results(workers: Mapping[Connection, BaseProcess]) -> Iterator[tuple[int, Any]]:
    numbers, waiting = {connection: number for number, connection in enumerate(workers)}, dict(workers)
    while waiting:
        for ready in wait_for_messages(waiting):
            result, error, is_last = pickle.loads(receive(ready))  # noqa: S301 - from our own fork
            if error is not None:
                raise error
            if is_last:
                del waiting[ready]
            else:
                yield numbers[ready], result


def _send_results(work: Callable[[Sequence[Any]], Any], batches: Iterable[Sequence[Any]], sender: Connection) -> None:
    collect_rarely()
    try:
        for part in batches:
            sender.send_bytes(pickle.dumps((work(part), None, False), protocol=5))
        sender.send_bytes(pickle.dumps((None, None, True)))
    except BaseException as error:
        sender.send_bytes(pickle.dumps((None, error, True)))


def _batches(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
