"""Builds again whenever a source changes, and keeps the outcome of the last build."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from contextlib import aclosing, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from watchfiles import Change, awatch

from plugins.builder.lock import BuildBusy, output_lock
from plugins.builder.options import BuildFailed, BuildOptions
from plugins.builder.resident.engine import ResidentBuild
from plugins.builder.rules import failure_diagnostics
from plugins.diagnostics import ContentErrors, Diagnostic
from plugins.files import WriteRefused
from plugins.inputs import InputFolder
from plugins.processes import CAN_FORK
from plugins.watched import is_quick

if TYPE_CHECKING:
    from plugins.builder.rerender import Rerenderer
    from plugins.builder.run import PublishedBuild

_IDLE = 2.0
"""Seconds without a change after which what is in memory is written for the next process."""

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
    _resident_build: ResidentBuild = field(default_factory=ResidentBuild)
    _busy: bool = False
    """Whether another process's build was in the way of the last one."""
    _is_building: bool = False
    _is_unsure: bool = True
    """Whether something may have changed of which no event came."""
    _saving: asyncio.TimerHandle | None = None
    _saved: list[Path] = field(default_factory=list)
    """What was saved since the running build began."""
    _due: asyncio.Event = field(default_factory=asyncio.Event)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        self._resident_build.on_built = self._keep_rerenderer

    @property
    def site(self) -> Path:
        return self.options.output / "site"

    @property
    def mail(self) -> Path:
        return self.options.output / "mail"

    async def build(self) -> None:
        """Look at everything, build, and wake every browser."""
        self._is_unsure = True
        await self._build_once()

    async def _build_once(self) -> None:
        """Build, and wake every browser. Documents that were saved meanwhile are rendered again: the build may have read them before."""
        self._saved.clear()
        diagnostics = await asyncio.to_thread(self._build)
        for path in dict.fromkeys(self._saved):
            of_page = await asyncio.to_thread(self._rerender, [path])
            diagnostics = diagnostics if of_page is None else self._with_new(diagnostics, [path], of_page)
        self.diagnostics = diagnostics
        await self._notify()
        self._save_later()

    async def show(self, changed: Iterable[Path]) -> None:
        """Show what was saved: at once in the whole site if only words changed, else the page of the document or its diagnostics. Then a build is due."""
        paths = list(changed)
        is_quick = self._is_quick(paths)
        if self._is_building:
            self._resident_build.note(paths)  # that build may have read them before
        elif (is_quick and self._edit_words_here(paths)) or await asyncio.to_thread(self._edit, paths):
            self.diagnostics = ()
            await self._notify()
            self._save_later()
            return
        self._due.set()
        self._saved += paths
        is_free = is_quick and not self._resident_build.pages.locked()
        diagnostics = self._rerender(paths) if is_free else await asyncio.to_thread(self._rerender, paths)
        if diagnostics is not None:
            self.diagnostics = self._with_new(self.diagnostics, paths, diagnostics)
            await self._notify()

    def _save_later(self) -> None:
        """Write what the next process takes over as soon as nobody saves for a while."""
        loop = asyncio.get_running_loop()
        if self._saving:
            self._saving.cancel()
        self._saving = loop.call_later(_IDLE, lambda: loop.run_in_executor(None, self._save))

    def _with_new(self, known: tuple[Diagnostic, ...], changed: list[Path], new: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
        """Return ``known`` with those of the changed sources replaced by ``new``: what is wrong in another source is still wrong."""
        content = self.options.content.absolute()
        names = {PurePosixPath(content.name, path.absolute().relative_to(content).as_posix()) for path in changed}
        return (*(each for each in known if each.path not in names), *new)

    async def _notify(self) -> None:
        async with self._changed:
            self.version += 1
            self._changed.notify_all()

    async def run(self, stop: asyncio.Event) -> None:
        """Build, and watch until ``stop`` is set."""
        self._due.set()
        await self.watch(stop)
        await asyncio.to_thread(self._save)

    async def watch(self, stop: asyncio.Event) -> None:
        """Build after each change until ``stop`` is set. All changes during a build start one more build."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._build_when_due(stop))
            while not stop.is_set():
                await self._watch_folders(stop)
                self._is_unsure = True
                self._due.set()  # something may have changed while nobody watched; and the other task sees that it is to stop

    async def _watch_folders(self, stop: asyncio.Event) -> None:
        """Build after each change until ``stop`` is set, or a folder is new: the watcher has to learn of it.

        Every folder is watched by itself. A watcher that looks into folders by itself follows links, and one to ``/`` would make it watch the machine.
        """
        folders = [folder for path in self.watched for folder in real_folders(path)]
        async with aclosing(awatch(*folders, recursive=False, stop_event=stop, step=_STEP, debounce=_DEBOUNCE)) as watcher:
            async for changes in watcher:
                await self.show(Path(path) for _, path in changes)
                if any(_is_new_folder(change, path) for change, path in changes):
                    return

    async def _build_when_due(self, stop: asyncio.Event) -> None:
        while await self._due.wait() and not stop.is_set():
            self._due.clear()
            await self._build_once()
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
            self._resident_build.build(self._strict, None if self._is_unsure else ())
            self._is_unsure = False
        except ContentErrors as errors:
            return errors.diagnostics
        except (BuildFailed, OSError) as error:  # `OSError`: no such folder, a full disk
            self._busy = self._is_unsure = isinstance(error, BuildBusy)
            return failure_diagnostics(error, self.options.output)
        finally:
            self._is_building = False
        return ()

    @property
    def _strict(self) -> BuildOptions:
        """An editor is told what is wrong, and sees no older version in its place."""
        return replace(self.options, strict=True)

    def _is_quick(self, changed: list[Path]) -> bool:
        """Tell whether ``changed`` are small documents, which are read and checked without another thread in some hundredths of a second.

        Only the main thread can be interrupted, so in another a text is read and checked in two forks, which takes a tenth of a second, and two while that
        other one builds (`plugins.watched`). The server waits meanwhile: some seconds at most, for a text that has to be given up.
        """
        content = self.options.content.absolute()
        sources = [path.absolute().relative_to(content).as_posix() for path in changed if path.absolute().is_relative_to(content)]
        return CAN_FORK and len(sources) == len(changed) and is_quick(InputFolder(content), sources)

    def _edit_words_here(self, changed: list[Path]) -> bool:
        """Bring the words of small documents in without another thread; tell whether that was possible."""
        if not self._resident_build.is_idle:
            return False
        with suppress(BuildFailed, OSError):
            return self._resident_build.edit(replace(self._strict, wait=0), changed, words_alone=True) is not None
        return False

    def _edit(self, changed: list[Path]) -> bool:
        """Bring ``changed`` into the whole site; tell whether that was possible at once."""
        with suppress(BuildFailed, OSError):
            return self._resident_build.edit(self._strict, changed) is not None
        return False

    def _save(self) -> None:
        with suppress(BuildFailed, OSError):  # it is not needed by us
            self._resident_build.save()

    def _keep_rerenderer(self, published: PublishedBuild) -> None:
        self._rerenderer = published.result.rerenderer

    def _rerender(self, changed: list[Path]) -> tuple[Diagnostic, ...] | None:
        """Render the page of the one document that changed, and return its diagnostics; None if only a build can tell."""
        content = self.options.content.absolute()
        if self._rerenderer is None or len(changed) != 1 or not changed[0].absolute().is_relative_to(content):
            return None
        try:
            with self._resident_build.pages:
                page = self._rerenderer.rerender(PurePosixPath(changed[0].absolute().relative_to(content).as_posix()))
        except ContentErrors as errors:
            return errors.diagnostics
        if page is None:
            return None
        try:
            # While this process builds, it holds the lock itself.
            with nullcontext() if self._is_building else output_lock(self.options.output, 0):
                self._resident_build.forget()  # the page will not be as its last build left it
                page.write_to(self.site)
        except (FileNotFoundError, BuildBusy):  # the site is being exchanged just now; `build` renders the page again afterwards
            return None
        except (OSError, WriteRefused) as error:
            return failure_diagnostics(error, self.options.output)
        return ()
