"""Threads that sign messages (RSA takes 0.26 ms) while the event loop goes on sending.

A message is signed from the moment it is taken from the queue; its connection meanwhile speaks its envelope, or still waits for the reply to the
message before. `when_signed` lets a body go once the signature stands before it. Results of all threads come back in one call of the loop.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue

from mailer.smtp.transaction import Transaction

MOST_THREADS = 4
"""More than this many signatures a second (5,700 with two) no relay of a prefecture takes."""
Sign = Callable[[], bytes]


class SigningThreads:
    """Signs transactions. All methods are called from the event loop.

    :param on_failure: is told of an exception where none is expected. The message of it does not leave.
    """

    def __init__(self, on_failure: Callable[[Exception], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_failure = on_failure
        self._jobs: SimpleQueue[tuple[Transaction, Sign] | None] = SimpleQueue()
        self._done: deque[tuple[Transaction, bytes | Exception]] = deque()
        self._is_called = False  # whether the loop will look into `_done`
        self._pending: dict[Transaction, Callable[[bool], None] | None] = {}
        number = max(1, min(MOST_THREADS, os.cpu_count() or 1))
        self._threads = [threading.Thread(target=self._work, name=f"dkim-{each}", daemon=True) for each in range(number)]
        for thread in self._threads:
            thread.start()

    def start(self, transaction: Transaction, sign: Sign) -> None:
        """Begin to sign: the result of `sign` will stand before the body."""
        self._pending[transaction] = None
        self._jobs.put((transaction, sign))

    def when_signed(self, transaction: Transaction, go_on: Callable[[bool], None]) -> None:
        """Call `go_on`, now or later: True once the signature is there, False if it cannot be made."""
        if transaction in self._pending:
            self._pending[transaction] = go_on
        else:
            go_on(True)

    def forget(self, transaction: Transaction) -> None:
        """The transaction is over: its `go_on` is not called any more. An intent that followed its result would put the result in doubt."""
        if transaction in self._pending:
            self._pending[transaction] = None

    def close(self) -> None:
        """End the threads. Nothing may be waiting for them."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            transaction, sign = job
            try:
                result: bytes | Exception = sign()
            except Exception as error:
                result = error
            self._done.append((transaction, result))
            if not self._is_called:  # a race calls the loop once too often, never too seldom: it is cleared before the deque is read
                self._is_called = True
                self._loop.call_soon_threadsafe(self._collect)

    def _collect(self) -> None:
        self._is_called = False
        while self._done:
            transaction, result = self._done.popleft()
            go_on = self._pending.pop(transaction)
            if isinstance(result, Exception):
                self._on_failure(result)
            else:
                transaction.body.insert(0, result)
            if go_on is not None:
                go_on(not isinstance(result, Exception))
