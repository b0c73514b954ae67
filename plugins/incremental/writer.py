"""Pelican's writer, which first asks whether a page would come out as it is already there.

Pelican's documented way: the signal `get_writer`. What is replaced is `Writer.write_file`; a page that is paginated, or that Pelican
writes to more than one file, goes to Pelican's own. Pages that have to be rendered wait until all are known, and are then rendered by several
processes (`workers`); whoever needs the files calls `render_pending` first.
"""

from __future__ import annotations

import os
import traceback
from array import array
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Template, TemplateError
from pelican import signals
from pelican.writers import Writer

from plugins.context import context_of
from plugins.files import link_if_equal
from plugins.incremental.dependency_recorder import CONTEXT, DependencyRecorder, Read
from plugins.incremental.manifest import PageEntry, Told, format_interval, renumbered
from plugins.incremental.plan import PLAN, RenderPlan
from plugins.processes import map_batches

_ENOUGH = 8
"""Pages that are worth a second process: what a new article changes are a dozen long lists."""

NEW = "前の記録がありません / nothing is known of an earlier one"


class RenderFailed(Exception):
    """A template stopped; says which, where and why."""


@dataclass(frozen=True)
class RenderJob:
    """A page that has to be rendered."""

    name: str
    template: Template
    closure: str
    context: dict[str, Any]
    own: dict[str, Any]


class IncrementalWriter(Writer):  # type: ignore[misc]
    """Renders what has changed; what has not is only named, and taken over from the last site."""

    def __init__(self, output_path: str, settings: dict[str, Any] | None = None) -> None:
        super().__init__(output_path, settings=settings)
        self._waiting: list[RenderJob] = []
        plan = context_of(self.settings).get(PLAN)
        if plan is not None:
            self._plan = plan
            plan.finish = self._render_all

    @property
    def recorder(self) -> DependencyRecorder:
        """Who writes down what templates read."""
        return self._plan.recorder

    @property
    def pages(self) -> int:
        """How many files of pages there are or will be; those that nothing else makes from them are not counted."""
        return len(self._written_files) + len(self._waiting)

    def write_file(
        self, name: str, template: Template, context: dict[str, Any], relative_urls: bool = False, paginated: Any = None, **kwargs: Any
    ) -> None:
        """See `pelican.writers.Writer.write_file`."""
        if context_of(self.settings).get(PLAN) is None or not name or paginated or relative_urls:
            super().write_file(name, template, context, relative_urls, paginated, **kwargs)
            return
        plan = self._plan
        world, closures = plan.for_environment(template.environment, context)
        closure = closures.digest(template.name or "")
        entry = plan.before.pages.get(name)
        reason = _reason(name, entry, closure, plan) or (entry and explain_read(world.changed_reads(entry, kwargs)))
        if entry and not reason:
            self._keep(name, entry, context, kwargs)
        else:
            plan.rendered[name] = reason or NEW
            self._waiting.append(RenderJob(name, template, closure, context, kwargs))

    def _open_w(self, filename: str, encoding: str, override: bool = False) -> Any:
        """Never write through a link into the last site: begin a new file."""
        with suppress(FileNotFoundError):
            os.unlink(filename)  # noqa: PTH108 - thousands of files: no object for each
        return super()._open_w(filename, encoding, override)

    def _keep(self, name: str, entry: PageEntry, context: dict[str, Any], own: dict[str, Any]) -> None:
        target = f"{self.output_path}/{name}"
        self._written_files.add(target)
        self._plan.keep(name, entry)
        if signals.content_written.receivers:
            signals.content_written.send(target, context=ChainMap(own, context))

    def _render_all(self) -> None:
        """Render what waits. Raises `RenderFailed`."""
        jobs, self._waiting = self._waiting, []
        by_name = {job.name: job for job in jobs}
        tables: dict[int, list[int]] = {}
        for worker, (told_anew, wholes, entries) in map_batches(_Renderer(self).render, jobs, enough=_ENOUGH):
            table = tables.setdefault(worker, [])
            table += map(self._plan.now.table.place, told_anew)
            self._plan.now.wholes |= wholes
            for name, entry in entries:
                self._take(by_name[name], entry, table)

    def _take(self, job: RenderJob, entry: PageEntry, table: Sequence[int]) -> None:
        """``table`` tells where the reads of the worker's own table stand in ours."""
        target = f"{self.output_path}/{job.name}"
        self._plan.now.pages[job.name] = renumbered(entry, table)
        self._plan.present.narrow(entry.bounds)
        self._written_files.add(target)
        self._plan.on_page()
        signals.content_written.send(target, context=job.context | job.own)

    def render(self, job: RenderJob) -> tuple[PageEntry, dict[Read, str]]:
        """Render one page and write its file. Raises `RenderFailed`."""
        plan = self._plan
        own = {key: value for key, value in job.own.items() if key not in _FOR_PELICAN}
        plan.also = []
        plan.recorder.begin(job.context, own)
        try:
            with plan.present.separate_interval() as asked:
                text = job.template.render({**job.context, "output_file": job.name, **own})
                bounds = asked()
        except TemplateError as error:
            raise RenderFailed(f"template {_place(error)}: {error.message}") from error
        finally:
            reads, told_own = plan.recorder.end()
        file, last = f"{self.output_path}/{job.name}", f"{plan.last}/{job.name}"
        _write(file, text)
        if os.path.lexists(last):
            link_if_equal(Path(file), Path(last))
        return PageEntry(
            job.template.name or "", job.closure, b"", told_own, format_interval(bounds), tuple(dict.fromkeys(plan.also))
        ), reads


class _Renderer:
    """Renders in one process. Reads go into a table of its own, of which it tells what is new."""

    def __init__(self, writer: IncrementalWriter) -> None:
        self._writer = writer
        self._places: dict[Read, int] = {}
        self._table: list[Told] = []

    def render(self, jobs: Sequence[RenderJob]) -> tuple[list[Told], dict[str, str], list[tuple[str, PageEntry]]]:
        """Return what came into the table, what all of each record came to that was read, and the entries."""
        known, entries, recorder = len(self._table), [], self._writer.recorder
        recorder.wholes = {}
        for job in jobs:
            entry, reads = self._writer.render(job)
            entries.append((job.name, entry._replace(places=array("I", self._placed(reads)).tobytes())))
        return self._table[known:], {key: whole for key, whole in recorder.wholes.items() if whole}, entries

    def _placed(self, reads: Mapping[Read, str]) -> Iterator[int]:
        """The places of ``reads``: each gives the same all through a build, and nearly all have been met before."""
        for read in [read for read in reads if read not in self._places]:
            self._places[read] = len(self._table)
            self._table.append((*read, reads[read]))
        return map(self._places.__getitem__, reads)


_FOR_PELICAN = frozenset({"override_output", "template_name", "url"})
"""What `Writer.write_file` takes for itself, and no template gets."""


def _write(file: str, text: str) -> None:
    """Write a page to a file that is not there yet, with the same bytes on every system. Raises `RenderFailed`."""
    try:
        os.makedirs(os.path.dirname(file), exist_ok=True)  # noqa: PTH103,PTH120 - thousands of files: no object for each
        with open(file, "xb") as made:  # noqa: PTH123 - as above
            made.write(text.encode("utf-8"))
    except FileExistsError as error:
        raise RenderFailed(f"二つのページが同じ場所に書かれます / two pages would be the same file: {file}") from error


def render_pending(plan: RenderPlan | None) -> None:
    """Render all pages that wait; afterwards every file of the pages is there. Raises `RenderFailed`."""
    if plan is not None:
        plan.finish()


def _place(error: TemplateError) -> str:
    """The file and line where a template stopped: the innermost frame that is a template."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((f"{frame.filename}:{frame.lineno}" for frame in reversed(frames) if frame.filename.endswith((".html", ".txt"))), "unknown")


def _reason(name: str, entry: PageEntry | None, closure: str, plan: RenderPlan) -> str:
    """Say why the page must be rendered whatever it reads; an empty string if nothing is known against it."""
    if entry is None:
        return NEW
    if closure != entry.closure:
        return "テンプレートが変わりました / its templates changed"
    if entry.moments and not entry.bounds.contains(plan.present.plain):
        return "書かれた時点を過ぎました / a moment that it speaks of has passed"
    return "" if plan.has(name, *entry.also) else "前のファイルがないか、書き変えられています / its file is gone or was altered"


def explain_read(read: Read | None) -> str:
    """Say which read changed; an empty string for none."""
    if read is None:
        return ""
    owner, name = read
    what = name if owner == CONTEXT else f"{owner.removeprefix(CONTEXT)} {name}"
    return f"読んだものが変わりました / what it reads changed: {what}"


def file_finder(site: Path, plan: RenderPlan | None = None) -> Callable[[str], Path | None]:
    """Return a function that finds a file of the site by its name: in the folder ``site``, or taken over from the last site as ``plan`` says."""
    if plan is not None:
        return plan.find
    return lambda name: file if (file := site / name).is_file() else None


def side_file_recorder(plan: RenderPlan | None) -> Callable[[str], None]:
    """Return what a plugin calls with each file, relative to the site, that it writes while a page is rendered.

    A page that is kept brings these files along.
    """

    def tell(name: str) -> None:
        if plan is not None:
            plan.also.append(name)

    return tell
