"""`todoke work` on PostgreSQL when other workers die: their jobs stop nobody, and a lost server is told in one line."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
import typer

from mailer.cli.daemons import work as commands_work
from mailer.database.deliveries import issues
from mailer.database.engine import create_job_tables
from mailer.delivery import recorder
from mailer.delivery.connections.connection_worker import run_connection
from mailer.delivery.engine import DeliveryEngine
from mailer.log import LogKind
from mailer.model.state import DeliveryState
from mailer.sending import worker as work
from tests import fork
from tests.mailer.sending.workers.test_worker import counts
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW, SECRET, Installation, installation, people
from tests.servers.smtp import Behaviour, Receiver

LOCK = f"{ISSUE.ref}  0"
"""The lock of the first job of the issue, as the worker names it."""


def leave_a_stalled_job(home: Installation) -> None:
    """A job in the hands of a worker that has been silent for an hour, while a new job waits under the same lock."""

    async def add(status: str) -> None:
        async with DeliveryEngine(home.context, run_connection) as delivery:
            app = work.create_queue(delivery)
            create_job_tables(home.database, app.schema_manager.get_schema())
            async with app.open_async():
                task = app.configure_task(work.TASK, queueing_lock=LOCK)
                number = await task.defer_async(list_key=ISSUE.ref.list, number=ISSUE.ref.number, lane="")
                if status == "doing":
                    silent = "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id"
                    taken = "UPDATE procrastinate_jobs SET status = 'doing', worker_id = :worker WHERE id = :job"
                    with home.database.writing() as connection:
                        worker = connection.execute(sa.text(silent)).scalar_one()
                        connection.execute(sa.text(taken), {"worker": worker, "job": number})

    asyncio.run(add("doing"))
    asyncio.run(add("todo"))


def test_the_stalled_job_of_a_dead_worker_stops_no_other_although_a_new_job_has_its_lock(
    tmp_path: Path, database_url_postgres: str
) -> None:
    async def until_all_is_sent(home: Installation) -> None:
        stop, sent = asyncio.Event(), list[DeliveryState]()

        def on_result(_issue_id: int, state: DeliveryState) -> None:
            sent.append(state)
            if len(sent) == 30:
                stop.set()

        await asyncio.wait_for(work.run_worker(home.context, stop, on_result, poll_interval=0.1), 60)

    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port, readers=30, head=f'database = "{database_url_postgres}"\n')
        issues.freeze(home.database, ISSUE, LIST, NOW)
        leave_a_stalled_job(home)
        asyncio.run(until_all_is_sent(home))
    assert Counter(receiver.recipients) == Counter(person.address for person in people(30))
    assert counts(home) == {DeliveryState.SENT: 30}
    with home.database.reading() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'")).scalar_one() == 0


def test_a_server_that_goes_away_ends_a_worker_with_status_75_and_one_line(tmp_path: Path, database_url_postgres: str) -> None:
    url = sa.make_url(database_url_postgres)
    admin = sa.create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    gone = threading.Event()

    def end_database(count: int) -> None:
        if count == 3:
            with admin.connect() as connection:
                connection.exec_driver_sql(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS false")
                end = sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
                connection.execute(end, {"name": url.database})
            gone.set()

    with Receiver(Behaviour(on_accept=end_database)) as receiver:
        home = installation(tmp_path, receiver.port, readers=30, connections=1, head=f'database = "{database_url_postgres}"\n')
        issues.freeze(home.database, ISSUE, LIST, datetime.now(UTC))
        process = fork.start(work_impatiently, str(home.context.config.path), str(tmp_path / "stderr"))
        process.join(90)
    admin.dispose()
    told = (tmp_path / "stderr").read_text("utf-8")
    assert gone.is_set() and process.exitcode == 75, told
    assert len(told.splitlines()) == 1 and "database" in told


def work_impatiently(config: str, errors: str) -> None:
    """`todoke work`, with its standard error in a file, which asks a lost server only once more."""
    recorder.PAUSES, work.CONNECT_TIMEOUT = (0.1, 0.1, 0.1, 0.1), 0.5
    os.environ["TODOKE_SECRET"] = SECRET
    sys.stderr = Path(errors).open("w", encoding="utf-8")  # noqa: SIM115 - until the process ends
    try:
        commands_work(LogKind.OFF, Path(config))
    except typer.Exit as end:
        sys.exit(end.exit_code)
    finally:
        gc.collect()  # an exception that nobody has asked for is told now, and not by chance later
        sys.stderr.flush()
