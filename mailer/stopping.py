"""Ctrl-C and `kill`: the first one asks a run to finish what is in flight, the second one ends it as usual."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signal(stop: asyncio.Event) -> Iterator[None]:
    """Set `stop` on the first SIGINT or SIGTERM inside the block. Call from the event loop.

    In any other thread than the main one nothing happens: Python delivers signals to the main thread alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def ask(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop.set)
        _put_back(before)

    # signal.signal and not loop.add_signal_handler: the latter does not exist on Windows.
    for number in SIGNALS:
        signal.signal(number, ask)
    try:
        yield
    finally:
        _put_back(before)


def _put_back(before: Mapping[signal.Signals, object]) -> None:
    for number, handler in before.items():
        with suppress(TypeError, ValueError):
            signal.signal(number, handler)  # type: ignore[arg-type]
