"""kill -9 in the middle of an issue: no reader is missing, and none is sent two messages."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from mailer.cli.runtime import delivery_context, open_for_command
from mailer.config.file import load_config
from mailer.database.deliveries import ledger
from mailer.model.state import DeliveryState
from mailer.sending import send
from tests import fork
from tests.samples.mail.mail_bundles import REF, SECRET, RecordedProgress, installation, people
from tests.servers.smtp import Behaviour, Receiver

READERS = 120
CONNECTIONS = 4


@pytest.mark.parametrize("after", [1, 77, 118])
def test_a_killed_run_is_finished_by_the_next_one_without_a_gap_or_a_copy(tmp_path: Path, after: int) -> None:
    children: list[BaseProcess] = []
    started = threading.Event()

    def kill(count: int) -> None:
        # In the receiver's thread, after it took the message and before its 250: the worst moment there is.
        if count == after:
            started.wait()
            children[0].kill()
            connection.wait([children[0].sentinel])

    with Receiver(Behaviour(on_accept=kill)) as receiver:
        home = installation(tmp_path, receiver.port, readers=READERS, connections=CONNECTIONS)
        children.append(fork.start(child, str(home.context.config.path), str(home.root)))
        started.set()
        children[0].join()
        assert children[0].exitcode == -signal.SIGKILL
        second = send.send(home.context, home.root, REF, RecordedProgress())

    received = Counter(receiver.recipients)
    unknown = {entry.address for entry in second.prepared.interrupted}
    everybody = {person.address for person in people(READERS)}
    assert set(received.values()) == {1}
    assert everybody - set(received) <= unknown
    assert 1 <= len(unknown) <= CONNECTIONS
    assert second.summary.counts[DeliveryState.SENT] == READERS - len(unknown)
    assert {entry.address for entry in ledger.missed(home.database, second.prepared.frozen.issue_id)} == unknown
    assert second.summary.exit_status == 1


def child(config_path: str, root: str) -> None:
    os.environ["TODOKE_SECRET"] = SECRET
    config = load_config(Path(config_path))
    with open_for_command(config) as database:
        send.send(delivery_context(config, database), Path(root), REF, RecordedProgress())
