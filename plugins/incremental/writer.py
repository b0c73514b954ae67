"""Pelican's writer, which renders a page only if it may have changed.

Pelican asks for another writer by the signal `get_writer`. `Writer.write_file` is replaced; a page that is paginated, or that Pelican writes to more
than one file, goes to Pelican's own. Pages to render are collected until all are known, then several processes render them (`plugins.processes`). Who
needs the files before Pelican is done calls `render_pending` first.
"""

from __future__ import annotations

import logging
import os
import traceback
from array import array
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Template, TemplateError
from pelican import signals
from pelican.writers import Writer

from plugins.context import context_of
from plugins.files import WriteRefused, link_if_equal, write_into
from plugins.incremental.dependency_recorder import CONTEXT, WHOLE, DependencyRecorder, Read
from plugins.incremental.manifest import PageEntry, TableRow, format_interval, renumbered
from plugins.incremental.plan import PLAN, RenderPlan
from plugins.incremental.template_call import render
from plugins.processes import map_batches

_log = logging.getLogger(__name__)

_ENOUGH = 8
"""Pages for which another process is started. One new article changes a dozen long lists, and they are worth it."""

_ENOUGH_AGAIN = 200
"""The same for a resident build: what this process renders itself, the rows of long lists above all, it has at hand for the next edit."""

NEW = "このページの前の記録がありません（新しいページか、設定・プログラムが変わったあと） / no record of the page: it is new, or code or settings changed"

_NO_VARIABLES: tuple[None, None, dict[str, Any]] = None, None, {}

_FOR_PELICAN = frozenset({"override_output", "template_name", "url"})
"""Parameters of `Writer.write_file` itself, which no template gets."""


class RenderFailed(Exception):
    """A page could not be rendered or written. The message says which template and line, and why."""


@dataclass(frozen=True)
class RenderJob:
    """A page to render, with the variables of all pages (``context``) and those of this page alone (``own``)."""

    name: str
    template: Template
    template_digest: str
    context: dict[str, Any]
    own: dict[str, Any]

    def has_document(self) -> bool:
        """Tell whether it is the page of one document, and no list."""
        return any(getattr(value, "tracking_leaf", False) for value in self.own.values())


class IncrementalWriter(Writer):  # type: ignore[misc]
    """Renders what has changed. Of the rest only the name goes into the plan."""

    def __init__(self, output_path: str, settings: dict[str, Any] | None = None) -> None:
        super().__init__(output_path, settings=settings)
        self._pending: list[RenderJob] = []
        self._plan = context_of(self.settings).get(PLAN)
        if self._plan is not None:
            self._plan.render_pending = self._render_pending
            self._plan.render_again = self._render_again

    @property
    def pages(self) -> int:
        """How many pages there are or will be so far; files that are made from pages, such as their furigana copies, are not counted."""
        return len(self._written_files) + len(self._pending)

    def write_file(
        self, name: str, template: Template, context: dict[str, Any], relative_urls: bool = False, paginated: Any = None, **kwargs: Any
    ) -> None:
        """See `pelican.writers.Writer.write_file`."""
        plan = self._plan
        if plan is None or not name or paginated or relative_urls:
            super().write_file(name, template, context, relative_urls, paginated, **kwargs)
            return
        plan.page_variables[name] = template, context, kwargs
        last = plan.last_variables.get(name, _NO_VARIABLES)[2]
        invalidation, digests = plan.for_environment(template.environment, context)
        template_digest = digests.digest(template.name or "")
        entry = plan.last_manifest.pages.get(name)
        reason = _reason_of_entry(name, entry, template_digest, plan) or (
            entry and explain_read(invalidation.changed_read(entry, kwargs, last))
        )
        if entry and not reason:
            self._keep(plan, name, entry, context, kwargs)
        else:
            plan.rendered[name] = reason or NEW
            self._pending.append(RenderJob(name, template, template_digest, context, kwargs))

    def _open_w(self, filename: str, encoding: str, override: bool = False) -> Any:
        """Begin a new file: the old one may be a hard link into the last site, which must not be written through."""
        with suppress(FileNotFoundError):
            os.unlink(filename)  # noqa: PTH108 - thousands of files: no object for each
        return super()._open_w(filename, encoding, override)

    def _keep(self, plan: RenderPlan, name: str, entry: PageEntry, context: dict[str, Any], own: dict[str, Any]) -> None:
        target = f"{self.output_path}/{name}"
        self._written_files.add(target)
        plan.keep(name, entry)
        if signals.content_written.receivers:
            signals.content_written.send(target, context=ChainMap(own, context))

    def _render_again(self, names: Iterable[str]) -> None:
        """See `RenderPlan.render_again`. The templates are as they were. Raises `RenderFailed`."""
        if plan := self._plan:
            for name in names:
                template, context, own = plan.page_variables[name]
                self._pending.append(RenderJob(name, template, plan.manifest.pages[name].template_digest, context, own))
            self._render_pending(again=True)

    def _render_pending(self, *, again: bool = False) -> None:
        """Raises `RenderFailed`."""
        plan, jobs = self._plan, self._pending
        if plan is None:
            return
        enough = _ENOUGH_AGAIN if again or plan.goes_on else _ENOUGH
        self._pending = []
        jobs.sort(key=RenderJob.has_document)  # lists first: one worker renders them, so that their rows are rendered once
        jobs_by_name = {job.name: job for job in jobs}
        # Each worker numbers its reads by itself. `positions` translates its numbers into positions in the manifest's table.
        positions_of_worker: dict[int, list[int]] = {}
        for worker, (new_rows, record_digests, entries) in map_batches(_PageRenderer(plan).render_batch, jobs, enough=enough):
            positions = positions_of_worker.setdefault(worker, [])
            positions += map(plan.manifest.table.position, new_rows)
            plan.manifest.record_digests |= record_digests
            for name, entry in entries:
                self._add_rendered(plan, jobs_by_name[name], renumbered(entry, positions))

    def _add_rendered(self, plan: RenderPlan, job: RenderJob, entry: PageEntry) -> None:
        target = f"{self.output_path}/{job.name}"
        plan.manifest.pages[job.name] = entry
        plan.clock.narrow(entry.validity)
        self._written_files.add(target)
        plan.on_page()
        signals.content_written.send(target, context=job.context | job.own)


class _PageRenderer:
    """Renders pages in one process, and numbers their reads in a table of its own: a batch sends only the new rows of it to the main process."""

    def __init__(self, plan: RenderPlan) -> None:
        self._plan = plan
        self._recorder: DependencyRecorder = plan.recorder
        self._numbers: dict[Read, int] = {}
        self._rows: list[TableRow] = []

    def render_batch(self, jobs: Sequence[RenderJob]) -> tuple[list[TableRow], dict[str, str], list[tuple[str, PageEntry]]]:
        """Return the new rows of the table, the digests of whole records that were read, and the entries. Raises `RenderFailed`."""
        first_new, entries = len(self._rows), []
        self._recorder.record_digests = {}
        for job in jobs:
            entry, reads = self._render(job)
            entries.append((job.name, entry._replace(positions=array("I", self._number(reads)).tobytes())))
        return self._rows[first_new:], {key: digest for key, digest in self._recorder.record_digests.items() if digest}, entries

    def _render(self, job: RenderJob) -> tuple[PageEntry, dict[Read, str]]:
        """Render one page and write its file; return its entry without positions, and its reads."""
        plan = self._plan
        own = {key: value for key, value in job.own.items() if key not in _FOR_PELICAN}
        plan.side_files = []
        self._recorder.begin_page(job.context, own)
        try:
            with plan.clock.separate_interval() as interval:
                html = render(job.template, job.context, {"output_file": job.name, **own})
                validity = interval()
        except TemplateError as error:
            raise RenderFailed(f"template {_line_of(error)}: {error.message}") from error
        except Exception as error:  # a filter or a function that does not know a value: the page says which document
            _log.debug("%s", job.name, exc_info=error)
            raise RenderFailed(f"{job.name}: template {_line_of(error)}: {type(error).__name__}: {str(error)[:200]}") from error
        finally:
            reads, own_digests = self._recorder.end_page()
        _write_page(plan, job.name, html)
        side_files = tuple(dict.fromkeys(plan.side_files))
        return PageEntry(job.template.name or "", job.template_digest, b"", own_digests, format_interval(validity), side_files), reads

    def _number(self, reads: Mapping[Read, str]) -> Iterator[int]:
        """Return the numbers of ``reads``. A read has one value all through a build, and most reads are of earlier pages too."""
        for read in [read for read in reads if read not in self._numbers]:
            self._numbers[read] = len(self._rows)
            self._rows.append((*read, reads[read]))
        return map(self._numbers.__getitem__, reads)


def _write_page(plan: RenderPlan, name: str, html: str) -> None:
    """Write a page, with the same bytes on every system; link it to the last one if it is equal. Raises `RenderFailed` if another page has this file."""
    try:
        write_into(plan.site, name, html.encode("utf-8"))
    except WriteRefused as error:
        raise RenderFailed(str(error)) from error
    last_path = f"{plan.last_site}/{name}"
    if plan.has_last_site and os.path.lexists(last_path):
        link_if_equal(Path(f"{plan.site}/{name}"), Path(last_path))


def _line_of(error: Exception) -> str:
    """The file and line where a template stopped: the innermost frame that is a template."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((f"{frame.filename}:{frame.lineno}" for frame in reversed(frames) if frame.filename.endswith((".html", ".txt"))), "unknown")


def _reason_of_entry(name: str, entry: PageEntry | None, template_digest: str, plan: RenderPlan) -> str:
    """Return why the page must be rendered whatever it reads; an empty string if there is no such reason."""
    if entry is None:
        return NEW
    if template_digest != entry.template_digest:
        return "テンプレートが変わりました / its templates changed"
    if entry.interval and not entry.validity.contains(plan.clock.plain):
        return "書かれた時点を過ぎました / a moment that it speaks of has passed"
    return "" if plan.is_intact(name, *entry.side_files) else "前のファイルがないか、書き変えられています / its file is gone or was altered"


def explain_read(read: Read | None) -> str:
    """Return a sentence about a changed read, the first of the page in the order of its template; an empty string for none."""
    if read is None:
        return ""
    owner, name = read
    value = name if owner == CONTEXT else f"{owner.removeprefix(CONTEXT)} {name}"
    ja, en = _READ_WORDS.get((owner.partition(":")[0], name), ("", ""))
    return f"読んだものが変わりました{f'（{ja}）' if ja else ''} / what it reads changed{f' ({en})' if en else ''}: {value}"


_READ_WORDS = {
    ("document view", WHOLE): (
        "文書の本文か前付け、前後や関連の記事",
        "body or front matter of the document, its neighbours or related documents",
    ),
    ("document", "head"): (
        "ほかの文書の前付け：題名、日付、地域など",
        "front matter of a document that the page lists: title, date, places …",
    ),
}
"""What the commonest reads mean to an editor."""


def render_pending(plan: RenderPlan | None) -> None:
    """Render the collected pages; afterwards the file of every page so far exists or is in the last site. Raises `RenderFailed`."""
    if plan is not None:
        plan.render_pending()


def file_finder(site: Path, plan: RenderPlan | None = None) -> Callable[[str], Path | None]:
    """Return a function that finds a file of the site by its name: in the folder ``site``, or taken over from the last site as ``plan`` says."""
    if plan is not None:
        return plan.find_file
    return lambda name: file if (file := site / name).is_file() else None


def side_file_recorder(plan: RenderPlan | None) -> Callable[[str], None]:
    """Return a function to call with each file, relative to the site, that a plugin writes while a page is rendered.

    When the page is taken over later, so are these files.
    """

    def record(name: str) -> None:
        if plan is not None:
            plan.side_files.append(name)

    return record
