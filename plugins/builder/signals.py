"""Lets Ctrl-C and SIGTERM wait while something is done that must not be left half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Terminated(KeyboardInterrupt):
    """The process was asked to end by SIGTERM. Like Ctrl-C, it passes every ``except Exception``, and what is open is closed."""


def end_on_sigterm() -> None:
    """Let SIGTERM raise `Terminated`, so that a build removes what it has begun. For the main thread of a command."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _terminate)


def _terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated


@contextmanager
def signals_deferred() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM back until the end of the block. In another thread than the main one no signal raises anything.

    A mask of the thread (`pthread_sigmask`) would not do: the system hands the signal to another thread, and Python raises in the main one.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []
    before = {number: signal.signal(number, lambda number, _frame: caught.append(number)) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
    if caught:
        signal.raise_signal(caught[0])
