"""The same work on many things, by as many processes as the machine has processors.

A worker is a fork of this process, so that it has everything that was loaded and read; it sends back what it made, batch by batch. Where there is no
fork (Windows), or little to do, this process does it alone.
"""

from __future__ import annotations

import gc
import os
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar


@contextmanager
def without_gc() -> Iterator[None]:
    """Do not look for rubbish meanwhile: what a build reads stays until its end, and looking through thousands of documents that stay, again and
    again, took a sixth of the time. Whoever makes much calls `collect_rarely`.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def collect_rarely() -> None:
    """Look for rubbish after 50,000 new objects, not 700, from now on: every page that is rendered leaves circles behind, and what was read stays."""
    gc.set_threshold(50_000, 20, 100)
    gc.enable()


ENOUGH = 60
"""Things that are worth a second process."""


LOST = "手伝いのプロセスが途中で終わりました。メモリーが足りないのかもしれません。前のサイトはそのままです。もう一度実行してください"


LOST_EN = "a helping process was ended from outside; perhaps memory ran out. The last site is as it was: try again"


_BATCH = 50


_Thing = TypeVar("_Thing")


_Made = TypeVar("_Made")


class WorkerLost(Exception):
    """A worker ended without a word: killed, most likely for want of memory. Says so, and that nothing is broken."""

    def __init__(self) -> None:
        super().__init__(f"{LOST} / {LOST_EN}")


def map_batches(
    work: Callable[[Sequence[_Thing]], _Made], things: Sequence[_Thing], *, enough: int = ENOUGH, batch: int = _BATCH
) -> Iterator[tuple[int, _Made]]:
    """Yield what ``work`` makes of the batches of ``things``, with the number of the worker. Batches of one worker come in order.

    Whatever ``work`` raises is raised here.
    """
    count = min(os.cpu_count() or 1, len(things) // enough + 1)
    if count == 1 or "fork" not in get_all_start_methods():
        if len(things) > enough:
            collect_rarely()
        for some in _batches(things, batch):
            yield 0, work(some)
        return
    context = get_context("fork")
    lines = [context.Pipe(duplex=False) for _ in range(count)]
    workers = [
        context.Process(target=_run, args=(work, things[number::count], end, batch), daemon=True) for number, (_, end) in enumerate(lines)
    ]
    gc.freeze()  # a collection in a worker would copy every page of memory
    try:
        for worker in workers:
            worker.start()
        for _, end in lines:
            end.close()
        yield from _received({mine: (number, worker) for number, ((mine, _), worker) in enumerate(zip(lines, workers, strict=True))})
        for worker in workers:
            worker.join()
    finally:
        for worker in workers:
            if worker.is_alive():
                worker.terminate()
        gc.unfreeze()


@contextmanager
def run_ahead(work: Callable[[], _Made]) -> Iterator[Callable[[], _Made]]:
    """Begin ``work`` in another process, and yield what waits for its result; without fork it is done when that is asked for first."""
    if "fork" not in get_all_start_methods():
        yield cache(work)
        return
    mine, theirs = get_context("fork").Pipe(duplex=False)
    worker = get_context("fork").Process(target=_run, args=(lambda _: work(), (None,), theirs, 1), daemon=True)
    worker.start()
    theirs.close()

    @cache
    def wait_for_it() -> _Made:
        ((_, made),) = _received({mine: (0, worker)})
        return made  # type: ignore[no-any-return]

    try:
        yield wait_for_it
    finally:
        mine.close()
        worker.terminate()
        worker.join()


def wait_for_messages(lines: Mapping[Connection, BaseProcess]) -> list[Connection]:
    """Wait until there is something to hear on some of ``lines``, and return those. Raises `WorkerLost` if the process on one has ended silently."""
    ready = wait([*lines, *(worker.sentinel for worker in lines.values())])
    for line, worker in lines.items():
        if worker.sentinel in ready and not line.poll():  # what it had said would be there: it was said before it ended
            raise WorkerLost
    return [line for line in lines if line.poll()]


def receive(line: Connection) -> bytes:
    """Return what a worker said. Raises `WorkerLost` if it ended in the middle of it."""
    try:
        return line.recv_bytes()
    except EOFError:
        raise WorkerLost from None


def _received(lines: dict[Connection, tuple[int, BaseProcess]]) -> Iterator[tuple[int, Any]]:
    while lines:
        for ready in wait_for_messages({line: worker for line, (_, worker) in lines.items()}):
            number, _ = lines[ready]
            made, error, ended = pickle.loads(receive(ready))  # noqa: S301 - from our own fork
            if error is not None:
                raise error
            if ended:
                del lines[ready]
            else:
                yield number, made


def _run(work: Callable[[Sequence[Any]], Any], things: Sequence[Any], end: Connection, batch: int) -> None:
    collect_rarely()
    try:
        for some in _batches(things, batch):
            end.send_bytes(pickle.dumps((work(some), None, False), protocol=5))
        end.send_bytes(pickle.dumps((None, None, True)))
    except BaseException as error:
        end.send_bytes(pickle.dumps((None, error, True)))


def _batches(things: Sequence[_Thing], size: int) -> Iterator[Sequence[_Thing]]:
    for at in range(0, len(things), size):
        yield things[at : at + size]
