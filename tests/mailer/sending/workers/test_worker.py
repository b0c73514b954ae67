"""`todoke work`: several workers on one PostgreSQL, one of them stopped past its lease; and the loop on SQLite."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path

from mailer.cli.daemons import work as commands_work
from mailer.database.deliveries import issues, ledger
from mailer.log import LogKind
from mailer.model.ids import IssueId
from mailer.model.state import DeliveryState
from mailer.sending import worker as work
from tests import fork
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW, SECRET, Installation, installation, people
from tests.servers.smtp import Behaviour, Receiver


def run_worker(config: str) -> None:
    """`todoke work`, as the command line calls it."""
    os.environ["TODOKE_SECRET"] = SECRET
    commands_work(LogKind.OFF, Path(config))


def worker(home: Installation) -> BaseProcess:
    return fork.start(run_worker, str(home.context.config.path))


@contextmanager
def ended(processes: list[BaseProcess]) -> Iterator[None]:
    """Whatever happens, no worker outlives its test."""
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.join()


def pid(process: BaseProcess) -> int:
    assert process.pid is not None
    return process.pid


def counts(home: Installation) -> dict[DeliveryState, int]:
    return {state: number for state, number in ledger.counts(home.database, IssueId(1)).items() if number}


def end(*processes: BaseProcess) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        process.join()
        assert process.exitcode == 0


def test_a_worker_sends_what_is_due_on_both_databases(tmp_path: Path, database_url: str) -> None:
    async def until_all_is_sent(home: Installation) -> None:
        stop, sent = asyncio.Event(), list[DeliveryState]()

        def on_result(_issue_id: int, state: DeliveryState) -> None:
            sent.append(state)
            if len(sent) == 700:
                stop.set()

        await asyncio.wait_for(work.run_worker(home.context, stop, on_result, poll_interval=0.1), 60)

    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port, readers=700, head=f'database = "{database_url}"\n')
        issues.freeze(home.database, ISSUE, LIST, NOW)
        asyncio.run(until_all_is_sent(home))
    assert Counter(receiver.recipients) == Counter(person.address for person in people(700))
    assert counts(home) == {DeliveryState.SENT: 700}


def test_a_worker_that_comes_back_late_sends_nothing_twice(tmp_path: Path, postgres: str, database_url_postgres: str) -> None:
    """The first worker is stopped in the middle of a slice and continued when its lease is long over and all else is sent."""
    workers: list[BaseProcess] = []
    ready, stopped, rescued, finished = (threading.Event() for _ in range(4))

    def watch(count: int) -> None:
        if count == 40:
            ready.wait()
            os.kill(pid(workers[0]), signal.SIGSTOP)
            stopped.set()
        if count == 300:  # more than the stopped worker had announced: its slice has been taken over
            rescued.set()
        if count == 500:
            finished.set()

    with Receiver(Behaviour(on_accept=watch)) as receiver, ended(workers):
        settings = f'database = "{database_url_postgres}"\nlease = 2\n'
        home = installation(tmp_path, receiver.port, readers=500, connections=2, head=settings)
        issues.freeze(home.database, ISSUE, LIST, datetime.now(UTC))
        workers.append(worker(home))
        ready.set()
        assert stopped.wait(90)
        # Another machine: the same database, a folder of its own.
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "mailer.toml").write_text((tmp_path / "mailer.toml").read_text("utf-8"), "utf-8")
        other = replace(home, context=replace(home.context, config=replace(home.context.config, path=tmp_path / "other" / "mailer.toml")))
        workers.append(worker(other))
        assert rescued.wait(90)
        os.kill(pid(workers[0]), signal.SIGCONT)
        assert finished.wait(90)
        end(*workers)
    # What the stopped worker had announced was in doubt until it came back and its journal told.
    assert Counter(receiver.recipients) == Counter(person.address for person in people(500))
    assert counts(home) == {DeliveryState.SENT: 500}
