"""A server in a thread with an event loop of its own, for a `with` block."""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType
from typing import Self


class ServerThread:
    """`_run` runs the loop in the thread until it is stopped; it sets ``_started`` when ``port`` answers."""

    def __init__(self) -> None:
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
