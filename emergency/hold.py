"""Waits before a notice leaves, and shows the seconds that are left. Ctrl-C stops the notice: nothing has gone out then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

SECONDS = 60
"""The hold of one person. Two who agree need none: each has read what goes out (decision 0089)."""


async def hold(
    seconds: float,
    show: Callable[[int], None],
    clock: Callable[[], float],
    pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """Return after ``seconds`` by the ``clock``. ``show`` is given the whole seconds that are left, each once, from all of them down to 0."""
    end, shown = clock() + seconds, -1
    while (left := end - clock()) > 0:
        if shown != (whole := int(-(-left // 1))):
            shown = whole
            show(whole)
        await pause(min(left, 0.2))
    show(0)
