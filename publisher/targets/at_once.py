"""Does many small things at the same time, a bounded number of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

_Item = TypeVar("_Item")


async def for_each(items: Iterable[_Item], act: Callable[[_Item], Awaitable[None]], at_once: int) -> None:
    """Run ``act`` for every item, ``at_once`` of them at the same time. The first failure ends the others, and is raised."""
    waiting = iter(items)

    async def work() -> None:
        for item in waiting:
            await act(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(work())
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
