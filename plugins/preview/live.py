"""Builds again whenever a source changes, and knows how the last build went."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from watchfiles import awatch

from plugins.builder.options import BuildFailed, BuildOptions
from plugins.builder.rules import failure_diagnostics
from plugins.builder.run import build
from plugins.diagnostics import ContentErrors, Diagnostic

if TYPE_CHECKING:
    from plugins.builder.pelican_run import RunResult
    from plugins.builder.rerender import Rerenderer


@dataclass
class LivePreview:
    """``watched`` are folders and files whose change starts a build. ``turn`` counts the builds; ``diagnostics`` are those of the last one."""

    order: BuildOptions
    watched: tuple[Path, ...]
    turn: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()
    _rereading: Rerenderer | None = None
    _saved: list[Path] = field(default_factory=list)
    """What was saved since the build began that is running."""
    _due: asyncio.Event = field(default_factory=asyncio.Event)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def site(self) -> Path:
        return self.order.output / "site"

    @property
    def mail(self) -> Path:
        return self.order.output / "mail"

    async def build(self) -> None:
        """Build once; wake up everybody who waits for it. What was saved meanwhile is shown again: the build may have read it before."""
        self._saved.clear()
        faults = await asyncio.to_thread(self._faults)
        for path in dict.fromkeys(self._saved):
            shown = await asyncio.to_thread(self._show, [path])
            faults = faults if shown is None else shown
        self.diagnostics = faults
        await self._tell()

    async def show(self, changed: Iterable[Path]) -> None:
        """Show the page of a document that was saved, or its faults, before anything else is built, also while something is."""
        paths = list(changed)
        self._saved += paths
        shown = await asyncio.to_thread(self._show, paths)
        if shown is not None:
            self.diagnostics = shown
            await self._tell()

    async def _tell(self) -> None:
        async with self._changed:
            self.turn += 1
            self._changed.notify_all()

    async def work(self, stop: asyncio.Event) -> None:
        """Build, and watch until ``stop`` is set."""
        self._due.set()
        await self.watch(stop)

    async def watch(self, stop: asyncio.Event) -> None:
        """Show what is saved, and build after each change, until ``stop`` is set. Changes during a build are one more build."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._build_when_due(stop))
            async for changes in awatch(*(path for path in self.watched if path.exists()), stop_event=stop, step=10, debounce=200):
                await self.show(Path(path) for _, path in changes)
                self._due.set()
            self._due.set()

    async def _build_when_due(self, stop: asyncio.Event) -> None:
        while await self._due.wait() and not stop.is_set():
            self._due.clear()
            await self.build()

    async def next_turn(self, seen: int) -> int:
        """Return the number of the newest build once it is another than ``seen``."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.turn != seen)
        return self.turn

    def _faults(self) -> tuple[Diagnostic, ...]:
        try:
            build(self.order, on_made=self._remember)
        except ContentErrors as found:
            return found.diagnostics
        except (BuildFailed, FileNotFoundError) as error:
            return failure_diagnostics(error, self.order.output)
        return ()

    def _remember(self, made: RunResult) -> None:
        self._rereading = made.rereading

    def _show(self, changed: list[Path]) -> tuple[Diagnostic, ...] | None:
        """The faults of the one document that changed, none if its page was made; None if more has to be looked at."""
        content = self.order.content.absolute()
        if self._rereading is None or len(changed) != 1 or not changed[0].absolute().is_relative_to(content):
            return None
        try:
            page = self._rereading.page(PurePosixPath(changed[0].absolute().relative_to(content).as_posix()))
        except ContentErrors as found:
            return found.diagnostics
        if page is None:
            return None
        try:
            page.put(self.site)
        except FileNotFoundError:  # a build is just being put in place; afterwards the page is shown again
            return None
        return ()
