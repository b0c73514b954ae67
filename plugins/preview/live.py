"""Builds again whenever a source changes, and keeps the outcome of the last build."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from contextlib import aclosing, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from watchfiles import Change, awatch

from plugins.builder.lock import BuildBusy, output_lock
from plugins.builder.options import BuildFailed, BuildOptions
from plugins.builder.rules import failure_diagnostics
from plugins.builder.run import build
from plugins.diagnostics import ContentErrors, Diagnostic
from plugins.files import WriteRefused

if TYPE_CHECKING:
    from plugins.builder.pelican_run import RunResult
    from plugins.builder.rerender import Rerenderer

_BUSY_AGAIN = 1.0
"""Seconds after which a build is tried again that another process's build was in the way of."""

_STEP, _DEBOUNCE = 10, 200
"""Milliseconds. After a change the watcher waits `_STEP` for the next one, and `_DEBOUNCE` at most: a program that saves in two steps starts one build."""


def real_folders(path: Path) -> list[Path]:
    """Return the folders at and below ``path`` without following a link; ``path`` itself if it is a file, and nothing if it is not there."""
    if path.is_file():
        return [path]
    return [Path(folder) for folder, _, _ in os.walk(path)]


def _is_new_folder(change: Change, path: str) -> bool:
    return change is Change.added and Path(path).is_dir()


@dataclass
class LivePreview:
    """``watched`` are folders and files whose change starts a build. ``diagnostics`` are those of the last build.

    ``version`` counts what a browser can see: it rises after each build, and after each page that is shown in between.
    """

    options: BuildOptions
    watched: tuple[Path, ...]
    version: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()
    _rerenderer: Rerenderer | None = None
    _busy: bool = False
    """Whether another process's build was in the way of the last one."""
    _is_building: bool = False
    _saved: list[Path] = field(default_factory=list)
    """What was saved since the running build began."""
    _due: asyncio.Event = field(default_factory=asyncio.Event)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def site(self) -> Path:
        return self.options.output / "site"

    @property
    def mail(self) -> Path:
        return self.options.output / "mail"

    async def build(self) -> None:
        """Build once, and wake every browser. Documents that were saved meanwhile are rendered again: the build may have read them before."""
        self._saved.clear()
        diagnostics = await asyncio.to_thread(self._build)
        for path in dict.fromkeys(self._saved):
            of_page = await asyncio.to_thread(self._rerender, [path])
            diagnostics = diagnostics if of_page is None else of_page
        self.diagnostics = diagnostics
        await self._notify()

    async def show(self, changed: Iterable[Path]) -> None:
        """Show the page of a saved document, or its diagnostics, before the next build, also while a build runs."""
        paths = list(changed)
        self._saved += paths
        diagnostics = await asyncio.to_thread(self._rerender, paths)
        if diagnostics is not None:
            self.diagnostics = diagnostics
            await self._notify()

    async def _notify(self) -> None:
        async with self._changed:
            self.version += 1
            self._changed.notify_all()

    async def run(self, stop: asyncio.Event) -> None:
        """Build, and watch until ``stop`` is set."""
        self._due.set()
        await self.watch(stop)

    async def watch(self, stop: asyncio.Event) -> None:
        """Build after each change until ``stop`` is set. All changes during a build start one more build."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._build_when_due(stop))
            while not stop.is_set():
                await self._watch_folders(stop)
                self._due.set()  # something may have changed while nobody watched; and the other task sees that it is to stop

    async def _watch_folders(self, stop: asyncio.Event) -> None:
        """Build after each change until ``stop`` is set, or a folder is new: the watcher has to learn of it.

        Every folder is watched by itself. A watcher that looks into folders by itself follows links, and one to ``/`` would make it watch the machine.
        """
        folders = [folder for path in self.watched for folder in real_folders(path)]
        async with aclosing(awatch(*folders, recursive=False, stop_event=stop, step=_STEP, debounce=_DEBOUNCE)) as watcher:
            async for changes in watcher:
                await self.show(Path(path) for _, path in changes)
                self._due.set()
                if any(_is_new_folder(change, path) for change, path in changes):
                    return

    async def _build_when_due(self, stop: asyncio.Event) -> None:
        while await self._due.wait() and not stop.is_set():
            self._due.clear()
            await self.build()
            if self._busy:  # another process builds into this output: its pages are not ours
                asyncio.get_running_loop().call_later(_BUSY_AGAIN, self._due.set)

    async def wait_for_change(self, known: int) -> int:
        """Return the version as soon as it is another than ``known``."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.version != known)
        return self.version

    def _build(self) -> tuple[Diagnostic, ...]:
        """Build, and return the diagnostics."""
        self._busy, self._is_building = False, True
        try:
            # An editor is told what is wrong, and sees no older version in its place.
            build(replace(self.options, strict=True), on_built=self._keep_rerenderer)
        except ContentErrors as errors:
            return errors.diagnostics
        except (BuildFailed, OSError) as error:  # `OSError`: no such folder, a full disk
            self._busy = isinstance(error, BuildBusy)
            return failure_diagnostics(error, self.options.output)
        finally:
            self._is_building = False
        return ()

    def _keep_rerenderer(self, result: RunResult) -> None:
        self._rerenderer = result.rerenderer

    def _rerender(self, changed: list[Path]) -> tuple[Diagnostic, ...] | None:
        """Render the page of the one document that changed, and return its diagnostics; None if only a build can tell."""
        content = self.options.content.absolute()
        if self._rerenderer is None or len(changed) != 1 or not changed[0].absolute().is_relative_to(content):
            return None
        try:
            page = self._rerenderer.rerender(PurePosixPath(changed[0].absolute().relative_to(content).as_posix()))
        except ContentErrors as errors:
            return errors.diagnostics
        if page is None:
            return None
        try:
            # While this process builds, it holds the lock itself.
            with nullcontext() if self._is_building else output_lock(self.options.output, 0):
                page.write_to(self.site)
        except (FileNotFoundError, BuildBusy):  # the site is being exchanged just now; `build` renders the page again afterwards
            return None
        except (OSError, WriteRefused) as error:
            return failure_diagnostics(error, self.options.output)
        return ()
