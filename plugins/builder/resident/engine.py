"""Builds again and again in one process, and takes the short way wherever it is certain."""

from __future__ import annotations

import datetime as dt
import gc
import logging
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from plugins.builder.lock import output_lock
from plugins.builder.options import BuildOptions, BuildReport
from plugins.builder.resident.kept_build import KeptBuild
from plugins.builder.resident.next_moment import NextMoment, begin
from plugins.builder.run import PublishedBuild, build
from plugins.diagnostics import ContentErrors
from plugins.frontmatter.text_edits import NeedsWholeBuild

_log = logging.getLogger(__name__)


@dataclass
class ResidentBuild:
    """``on_built`` is given each build that has documents, lists and templates of its own."""

    on_built: Callable[[PublishedBuild], None] = lambda _published: None
    pages: threading.Lock = field(default_factory=threading.Lock)
    """Held by whoever renders pages with the templates of the last build."""
    _kept: KeptBuild | None = None
    _changed: set[Path] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_forgotten: bool = False
    _is_building: bool = False
    _is_ready: bool = True
    _ahead: NextMoment | None = None
    """The build of the next moment. It follows the kept one as that is now."""

    def build(self, options: BuildOptions, changed: Collection[Path] | None = None) -> BuildReport:
        """Build, by a look at everything unless ``changed`` are all files that changed since the last build. Raises as `plugins.builder.run.build`."""
        with self._lock:
            self._changed |= set(changed or ())
            report = self._bring_in(options) if changed is not None else None
            return report or self._build_all(options)

    def edit(self, options: BuildOptions, changed: Collection[Path], *, words_alone: bool = False) -> BuildReport | None:
        """Bring an edit in at once; None if only a whole build can, or one is at work, or it is more than words if only ``words_alone`` are wanted.

        Its files count as changed for the next build.
        """
        if self._is_building:
            self.note(changed)  # that build may have read them before
            return None
        with self._lock:
            self._changed |= set(changed)
            return self._bring_in(options, words_alone=words_alone)

    def note(self, changed: Collection[Path]) -> None:
        """Count ``changed`` as changed for the next build."""
        self._changed |= set(changed)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is built, saved or rendered now, so that an edit need not wait."""
        return not (self._is_building or self._lock.locked() or self.pages.locked())

    def forget(self) -> None:
        """Look at everything next time: somebody has put a file into the output."""
        self._is_forgotten = True

    def changed_files(self) -> set[Path] | None:
        """Walk over the inputs, and return the files that may have changed since the last build; None if only a whole build can tell."""
        with self._lock:
            seen = self._kept.seen if self._kept else None
            return seen.changed() if seen else None

    def is_output_intact(self) -> bool:
        """Walk over the output, and tell whether it is as the last build left it; mend the staging trees."""
        with self._lock:
            return self._kept is not None and self._kept.is_output_intact()

    def save(self) -> None:
        """Write what the next process takes over, and get ready for the next edit. Whoever has nothing else to do calls it: it takes some tenths of a second."""
        with self._lock:
            self._catch_up()
            if self._kept and not self._kept.is_saved:
                with output_lock(self._kept.output, self._kept.published.options.wait):
                    self._kept.save()
            if self._kept and not self._is_ready:
                self._kept.get_ready()
                gc.unfreeze()
                gc.collect()
                gc.freeze()  # what is kept has no garbage: no search for some in a hundred thousand objects at each edit
                self._is_ready = True

    @property
    def holds_until(self) -> dt.datetime | None:
        """The moment from which what is public is no longer right; None if that is not known."""
        return self._kept.validity.until if self._kept else None

    def look_ahead(self, now: dt.datetime) -> None:
        """Begin to make the build of the next moment, if that comes soon after ``now``. Whoever has nothing else to do calls it. Raises `OSError`."""
        with self._lock:
            kept = self._kept
            if kept and kept.is_saved and not (self._ahead or self._changed or self._is_forgotten):
                self._ahead = begin(kept.published, kept.validity, now)

    def let_go(self) -> None:
        """Forget what was made ahead: a file has changed, or this process ends."""
        if self._ahead:
            self._ahead.close()
            self._ahead = None
            gc.freeze()  # to close it unfreezes what is kept (`plugins.processes.fork_workers`)

    def _bring_in(self, options: BuildOptions, *, words_alone: bool = False) -> BuildReport | None:
        """Bring the changed files in. What is noted meanwhile counts as changed for the next build, and so do these files if they cannot be brought in."""
        start, report = time.perf_counter(), None
        taken, self._changed = self._changed, set()
        try:
            report = self._bring_in_files(options, {file for file in taken if not _is_hidden(file)}, words_alone=words_alone)
        finally:
            if report is None:
                self._changed |= taken
        return replace(report, seconds=time.perf_counter() - start) if report else None

    def _bring_in_files(self, options: BuildOptions, files: Collection[Path], *, words_alone: bool) -> BuildReport | None:
        self._catch_up()
        kept = self._kept
        if kept is None or self._is_forgotten or not kept.fits(options):
            return None
        if report := self._publish_ahead(options, files):
            return report
        with self.pages, suppress(ContentErrors):  # the whole build says what is wrong, and what is public stays as it is
            report = self._try(options, lambda: kept.apply(files, options)) or (
                self._try(options, lambda: self._go_on(kept, files, options)) if kept.is_sound and not words_alone else None
            )
            if report:
                return report
        if not kept.is_sound:
            self._kept = None
        return None

    def _try(self, options: BuildOptions, bring_in: Callable[[], BuildReport]) -> BuildReport | None:
        """Return what ``bring_in`` does while the output is locked; None if it cannot."""
        try:
            with output_lock(options.output.absolute(), options.wait):
                return bring_in()
        except NeedsWholeBuild as reason:
            _log.info("not in place: %s", reason)
        except ContentErrors:
            raise
        except Exception as error:
            _log.info("not in place after %s: %s", type(error).__name__, error)
        return None

    def _publish_ahead(self, options: BuildOptions, files: Collection[Path]) -> BuildReport | None:
        """Publish what was made ahead, if its moment has come, and nothing else."""
        kept, ahead = self._kept, self._ahead
        if not (kept and ahead) or (not files and kept.validity.contains(options.now)):
            return None  # what follows changes nothing, and its moment is still to come
        try:
            with suppress(ContentErrors):  # said by the build that is made instead
                return None if files else self._try(options, lambda: kept.publish_ahead(ahead, options))
        finally:
            self.let_go()
        return None

    def _catch_up(self) -> None:
        """Let what is in memory follow what was made ahead and is public already."""
        kept = self._kept
        if kept and (behind := kept.behind):
            self._kept = None
            with self.pages, suppress(ContentErrors):  # a source is another by now: the next build says what is wrong
                self._try(behind, lambda: self._go_on(kept, (), behind))

    def _go_on(self, kept: KeptBuild, files: Collection[Path], options: BuildOptions) -> BuildReport:
        self._kept = kept.next(files, options)
        self._is_ready = False
        self.on_built(self._kept.published)
        return self._kept.published.report

    def _build_all(self, options: BuildOptions) -> BuildReport:
        published: list[PublishedBuild] = []
        taken, self._changed = self._changed, set()
        self.let_go()
        self._is_building, self._is_forgotten = True, False
        gc.unfreeze()  # what the build before leaves
        try:
            report = build(options, on_built=published.append)
        except BaseException:
            self._changed |= taken
            self._is_forgotten = True  # it may have met a mistake of which no event came
            raise
        finally:
            self._is_building = False
        if published:
            self._keep(published[0])
        return report

    def _keep(self, published: PublishedBuild) -> None:
        self._kept = None
        self.on_built(published)
        with suppress(OSError):  # a file was changed into something else meanwhile: the next build looks at everything
            self._kept = KeptBuild.of(published)
        self._is_ready = False


def _is_hidden(file: Path) -> bool:
    """Tell whether no build reads ``file``: the copy that a program keeps while somebody writes."""
    return file.name.startswith(".") or file.name.endswith("~")
