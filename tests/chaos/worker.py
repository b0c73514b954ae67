"""Two `todoke work` on one PostgreSQL, one of them killed at random again and again; at the end nothing is pending while one lives.

python -m tests.chaos.worker KILLS [SEED]
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import sqlalchemy as sa

from mailer.cli.daemons import work
from mailer.database.deliveries import issues, ledger
from mailer.log import LogKind
from mailer.model.ids import IssueId
from mailer.model.state import UNDER_WAY, DeliveryState
from tests import fork
from tests.chaos.sending import CONNECTIONS, SIGKILLED, UnreliableReceiver
from tests.samples.mail.mail_bundles import ISSUE, LIST, SECRET, Installation, installation, people

READERS_PER_KILL = 60
EVENTS_PER_READER = 4  # MAIL, RCPT, DATA, body; a kill comes in the first half of its share, so that none finds everything done
PATIENCE = 90.0  # seconds without any progress after which a run has come to a standstill


@dataclass(frozen=True)
class WorkerAccount:
    """`died`: workers that ended by themselves. `left`: deliveries that are still under way although a worker lives."""

    readers: int
    kills: int
    died: int
    left: int
    lost: int
    twice: int
    in_doubt: int

    @property
    def is_good(self) -> bool:
        """Whether nobody is lost or got two, nothing is left, and no worker died but those that were killed."""
        return (self.died, self.left, self.lost, self.twice) == (0, 0, 0, 0) and self.in_doubt <= self.kills * CONNECTIONS


def run(folder: Path, url: str, *, kills: int, seed: int = 1) -> WorkerAccount:
    """Kill one of two workers so often, start it again each time, and let them finish."""
    dice, readers = random.Random(seed), kills * READERS_PER_KILL
    head = f'database = "{url}"\nlease = 2\n'
    with UnreliableReceiver(folder / "taken", seed) as receiver:
        home = installation(folder, receiver.port, readers=readers, connections=CONNECTIONS, head=head)
        issues.freeze(home.database, ISSUE, LIST, datetime.now(UTC))  # the workers have the machine's clock, and an old issue ends
        workers, killed, died = [_start(home), _start(home)], 0, 0
        try:
            while killed < kills and _left(home):
                victim = dice.randrange(2)
                receiver.kill_after(dice.randrange(1, READERS_PER_KILL * EVENTS_PER_READER // 2), workers[victim].kill)
                ended = _wait_for_an_end(home, workers)
                killed += ended is not None and ended.exitcode == SIGKILLED
                died += ended is not None and ended.exitcode != SIGKILLED
                workers = [_start(home) if worker is ended else worker for worker in workers]
            receiver.behave()
            died += _wait_for_an_end(home, workers) is not None
        finally:
            for worker in workers:
                worker.kill()
                worker.join()
        taken = receiver.taken()
    missed = {entry.address: entry.state for entry in ledger.missed(home.database, IssueId(1))}
    lost = [person.address for person in people(readers) if person.address not in taken and person.address not in missed]
    in_doubt = sum(state is DeliveryState.UNKNOWN for state in missed.values())
    return WorkerAccount(readers, killed, died, _left(home), len(lost), sum(number > 1 for number in taken.values()), in_doubt)


def child(config_path: str) -> None:
    """`todoke work`. Its standard error is kept, for whoever looks into why it died."""
    os.environ["TODOKE_SECRET"] = SECRET
    sys.stderr = Path(config_path).with_name(f"worker-{os.getpid()}.err").open("w", encoding="utf-8")
    work(LogKind.TEXT, Path(config_path))


def _start(home: Installation) -> BaseProcess:
    return fork.start(child, str(home.context.config.path))


def _left(home: Installation) -> int:
    counts = ledger.counts(home.database, IssueId(1))
    return sum(counts[state] for state in UNDER_WAY)


def _wait_for_an_end(home: Installation, workers: list[BaseProcess]) -> BaseProcess | None:
    """The worker that has ended, or None when nothing is left, or nothing has moved for so long."""
    left, idle = _left(home), 0.0
    while left and idle < PATIENCE:
        ended = connection.wait([worker.sentinel for worker in workers], timeout=0.5)
        for worker in workers:
            if worker.sentinel in ended:
                worker.join()
                return worker
        before, left = left, _left(home)
        idle = 0.0 if left != before else idle + 0.5
    return None


def main(kills: str, seed: str = "1") -> None:
    """One run; its account, and status 1 if it is not as it must be."""
    from tests.servers.postgres import cluster

    with cluster() as server, tempfile.TemporaryDirectory() as folder:
        engine = sa.create_engine(server.format(name="postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as admin:
            admin.execute(sa.text("CREATE DATABASE chaos"))
        engine.dispose()
        account = run(Path(folder), server.format(name="chaos"), kills=int(kills), seed=int(seed))
        errors = [path.read_text("utf-8") for path in Path(folder).glob("worker-*.err")]
    print(account, *filter(None, errors), sep="\n")
    sys.exit(not account.is_good)


if __name__ == "__main__":
    main(*sys.argv[1:])
