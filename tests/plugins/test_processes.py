"""Work in several processes gives what one process gives, and the caller hears of every error."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Sequence
from multiprocessing.connection import Connection

import pytest

from plugins.processes import WorkerLost, fork_workers, map_batches, receive, run_ahead, send, wait_for_messages, without_gc

pytestmark = pytest.mark.usefixtures("forking")


def pairs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    return [(number, os.getpid()) for number in numbers]


@pytest.mark.parametrize("enough", [10, 1_000])
def test_every_item_is_worked_on_once_from_the_front_by_the_first_worker_and_from_the_end_by_the_others(enough: int) -> None:
    by_worker, done = dict[int, list[int]](), list[int]()
    for worker, batch in map_batches(pairs, range(300), enough=enough, batch=20):
        assert len(batch) <= 20
        by_worker.setdefault(worker, []).append(batch[0][0])
        done += [number for number, _ in batch]
    assert sorted(done) == list(range(300))
    assert all(starts == sorted(starts, reverse=worker > 0) for worker, starts in by_worker.items())


def test_a_few_items_are_worked_on_in_this_process() -> None:
    assert {process for _, batch in map_batches(pairs, range(50), enough=100) for _, process in batch} == {os.getpid()}


def test_work_that_runs_ahead_runs_in_another_process_and_once() -> None:
    with run_ahead(os.getpid) as result:
        assert result() == result() != os.getpid()


def test_an_error_of_work_that_runs_ahead_is_raised_where_its_result_is_asked_for() -> None:
    def fail() -> None:
        raise ValueError("no")

    with run_ahead(fail) as result, pytest.raises(ValueError, match="no"):
        result()


def test_work_that_runs_ahead_and_is_killed_says_so() -> None:
    with run_ahead(lambda: os.kill(os.getpid(), signal.SIGKILL)) as result, pytest.raises(WorkerLost, match="memory"):
        result()


def test_a_worker_that_is_killed_in_the_middle_of_a_message_is_lost_although_others_live() -> None:
    def send_half_a_message(number: int, connection: Connection) -> None:
        if number == 0:
            os.write(connection.fileno(), (1_000).to_bytes(4, "big") + b"half")
            os.kill(os.getpid(), signal.SIGKILL)
        connection.recv_bytes()

    with pytest.raises(WorkerLost, match="memory"), fork_workers(send_half_a_message, 3) as workers:
        for connection in wait_for_messages(workers):
            receive(connection)


def test_a_message_to_a_worker_that_has_ended_says_that_it_is_lost() -> None:
    with pytest.raises(WorkerLost, match="memory"), fork_workers(lambda *_: None, 2) as workers:
        for worker in workers.values():
            worker.join()
        for connection in workers:
            send(connection, b"message")


def test_garbage_collection_is_off_inside_the_block_and_on_again_after_an_error() -> None:
    with pytest.raises(ValueError, match="no"), without_gc():
        assert not gc.isenabled()
        raise ValueError("no")
    assert gc.isenabled()


def test_after_work_without_gc_no_collection_searches_the_objects_of_that_work() -> None:
    searched: list[int] = []

    def count_young_objects(phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            searched.append(len(gc.get_objects(generation=0)))

    threshold = gc.get_threshold()  # a command that ran in this process may have raised it (`collect_rarely`)
    gc.set_threshold(700, 10, 10)
    gc.callbacks.append(count_young_objects)
    try:
        with without_gc():
            made_by_work: list[list[int]] = [[] for _ in range(50_000)]
        later: list[list[int]] = [[] for _ in range(2_000)]
    finally:
        gc.callbacks.remove(count_young_objects)
        gc.set_threshold(*threshold)
    assert len(made_by_work) > len(later)
    assert searched
    assert max(searched) < 10_000
