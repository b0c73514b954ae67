"""kill -9 in the middle of an issue: nobody is missing, and nobody is sent twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from mailer import sending
from mailer.rules import State
from mailer.store import ledger
from tests.mail_bundles import REF, SECRET, House, Seen, house, people
from tests.smtp import Manners, Receiver

READERS = 300
CONNECTIONS = 4
CHILD = """
import sys
from pathlib import Path
from mailer import commands, sending
from mailer.config import Config
from mailer.database import open_database
from mailer.issue import IssueRef
from tests.mail_bundles import Seen

config = Config.load(Path(sys.argv[1]))
around = commands.surroundings(config, open_database(config.database))
sending.send(around, Path(sys.argv[2]), IssueRef("fukko-press", "45"), Seen())
"""


@pytest.mark.parametrize("after", [1, 77, 298])
def test_a_killed_run_is_finished_by_the_next_one_without_a_gap_or_a_copy(tmp_path: Path, after: int) -> None:
    children: list[subprocess.Popen[bytes]] = []
    started = threading.Event()

    def kill(count: int) -> None:
        # In the receiver's thread, after it took the message and before its 250: the worst moment there is.
        if count == after:
            started.wait()
            os.kill(children[0].pid, signal.SIGKILL)
            children[0].wait()

    with Receiver(Manners(on_accept=kill)) as receiver:
        home = house(tmp_path, receiver.port, readers=READERS, connections=CONNECTIONS)
        children.append(start(home))
        started.set()
        assert children[0].wait() == -signal.SIGKILL
        second = sending.send(home.around, home.root, REF, Seen())

    got = Counter(receiver.recipients)
    unknown = {entry.address for entry in second.prepared.interrupted}
    everybody = {person.address for person in people(READERS)}
    assert set(got.values()) == {1}
    assert everybody - set(got) <= unknown
    assert 1 <= len(unknown) <= CONNECTIONS
    assert second.summary.counts[State.SENT] == READERS - len(unknown)
    assert {entry.address for entry in ledger.missed(home.database, second.prepared.frozen.issue_id)} == unknown
    assert second.summary.exit_status == 1


def start(home: House) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", CHILD, str(home.around.config.path), str(home.root)]
    root = Path(__file__).parent.parent
    return subprocess.Popen(command, cwd=root, env={**os.environ, "TODOKE_SECRET": SECRET, "PYTHONPATH": str(root)})
