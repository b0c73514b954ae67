"""Threads for what blocks: the database. Each kind of work has its own, so that none waits for another kind."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

from mailer.model.errors import DatabaseError

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class WorkThreads:
    """At most ``at_work`` threads, and at most ``waiting`` calls that wait for one of them."""

    def __init__(self, at_work: int, waiting: int) -> None:
        self._waiting = waiting
        self._limiter = CapacityLimiter(at_work)

    async def run(self, function: Callable[Arguments, Result], *arguments: Arguments.args, **options: Arguments.kwargs) -> Result:
        """Call ``function`` in a thread. Whoever stops waiting leaves it behind; it keeps its thread to its end.

        :raises DatabaseError: too many wait already. It is better to say so at once than to keep a reader waiting for minutes.
        """
        if self._limiter.statistics().tasks_waiting >= self._waiting:
            raise DatabaseError("The database is too slow for all who ask.")
        return await to_thread.run_sync(partial(function, *arguments, **options), limiter=self._limiter, abandon_on_cancel=True)
