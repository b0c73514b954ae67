"""Builds again whenever a source changes, and knows how the last build went."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from watchfiles import awatch

from plugins.build import BuildFailed, BuildOrder, build
from plugins.frontmatter.faults import ContentFaults


@dataclass
class Workshop:
    """``watched`` are folders and files whose change starts a build. ``turn`` counts the builds; ``faults`` are those of the last one."""

    order: BuildOrder
    watched: tuple[Path, ...]
    turn: int = 0
    faults: tuple[str, ...] = ()
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def site(self) -> Path:
        return self.order.output / "site"

    @property
    def mail(self) -> Path:
        return self.order.output / "mail"

    async def build(self) -> None:
        """Build once; wake up everybody who waits for it."""
        self.faults = await asyncio.to_thread(_faults, self.order)
        async with self._changed:
            self.turn += 1
            self._changed.notify_all()

    async def work(self, stop: asyncio.Event) -> None:
        """Build, then watch until ``stop`` is set."""
        await self.build()
        await self.watch(stop)

    async def watch(self, stop: asyncio.Event) -> None:
        """Build after each change until ``stop`` is set."""
        async for _changes in awatch(*self.watched, stop_event=stop):
            await self.build()

    async def next_turn(self, seen: int) -> int:
        """Return the number of the newest build once it is another than ``seen``."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.turn != seen)
        return self.turn


def _faults(order: BuildOrder) -> tuple[str, ...]:
    try:
        build(order)
    except ContentFaults as found:
        return tuple(map(str, found.faults))
    except (BuildFailed, FileNotFoundError) as error:
        return (str(error),)
    return ()
