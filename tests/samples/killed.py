"""Work in a process of its own, which may be killed at any step or finds no room on its disk."""

from __future__ import annotations

import os
import resource
import signal
import threading
from collections.abc import Callable
from multiprocessing import connection
from multiprocessing.process import BaseProcess

import sqlalchemy as sa

from continuity.model import ContinuityError
from tests import fork
from tests.servers.smtp import Receiver

REFUSED = 3
"""Exit status if the work ends with an error for the operator; any other exception is 4."""


def exit_status(work: Callable[[], object]) -> int:
    """Do it in a fork, and return its exit status; a signal is a negative number."""
    child = os.fork()
    if child == 0:
        status = 4
        try:
            work()
            status = 0
        except ContinuityError:
            status = REFUSED
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_after(receiver: Receiver, number: int, target: Callable[..., None], *arguments: object) -> BaseProcess:
    """Start a sender, and return when it has died. The receiver kills it when it has taken so many messages, before it says so: the worst moment there is."""
    processes, has_started, connections = list[BaseProcess](), threading.Event(), receiver.connections

    def kill(count: int) -> None:
        if count == number:
            has_started.wait()
            processes[0].kill()
            connection.wait([processes[0].sentinel])

    receiver.behaviour.on_accept = kill
    processes.append(fork.start(target, *arguments))
    has_started.set()
    processes[0].join()
    receiver.wait_for_ends(connections)
    receiver.behaviour.on_accept = lambda _count: None
    assert processes[0].exitcode == -signal.SIGKILL, "it ended before it could be killed"
    return processes[0]


def die_in_a_transaction(is_time: Callable[[], bool], step: str = "begin") -> None:
    """Kill this process at the first ``begin`` or ``commit`` of a transaction at which it is time. ``is_time`` may ask the database, and sees what is committed.

    The process itself stops there: no other one must be quick enough to see that it is time.
    """
    is_asking = False

    def look(_connection: sa.Connection) -> None:
        nonlocal is_asking
        if not is_asking:
            is_asking = True
            if is_time():
                os.kill(os.getpid(), signal.SIGKILL)
            is_asking = False

    sa.event.listen(sa.Engine, step, look)


def with_full_disk(most: int, work: Callable[[], object]) -> None:
    """Do it while no file may grow over ``most`` bytes: writing on fails, as on a full disk (setrlimit(2), EFBIG)."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    work()
