"""The build: from the checkout to ``output/``, whole or not at all.

1. If nothing has changed since the last build, return its report (`plugins.builder.up_to_date`); nothing that makes pages is loaded.
2. Otherwise make what is new in a folder ``output/next-…/`` (`plugins.builder.pelican_run`). Pages that would come out the same are only named.
3. When all of it succeeded, publish ``site`` and then ``mail``, each in one step (`plugins.builder.trees.staging`): so a mail never points to a page that is
   not there.
4. Any error leaves the last good output as it was.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from plugins.builder import up_to_date
from plugins.builder.build_inputs import RECORD as RECORD
from plugins.builder.build_inputs import BuildInputs, check_inputs, options_text
from plugins.builder.claim import MARK as MARK
from plugins.builder.claim import claim
from plugins.builder.lock import output_lock
from plugins.builder.options import MANIFEST, NEXT, BuildFailed, BuildOptions, BuildReport
from plugins.builder.trees import file_tree
from plugins.builder.trees.exchange import ASIDE, STAGING, TREES, Exchange, Overtaken
from plugins.builder.trees.swap import recover
from plugins.clock import ValidityInterval
from plugins.emergency.fast_path.snapshot_file import SNAPSHOT
from plugins.files import WriteRefused, write_atomically
from plugins.inputs import UnreadableInput
from plugins.processes import WorkerLost, run_ahead, without_gc

if TYPE_CHECKING:
    from plugins.builder.pelican_run import RunResult
    from plugins.builder.trees.staging import TreeChange

__all__ = ["BuildFailed", "BuildOptions", "BuildReport", "build", "verify"]

MOMENTS = "moments.json"
"""What begins and ends next: `todoke publish --follow` and `todoke next` read it."""
_TRIES = 5
"""Builds that a notice may overtake, one after the other."""


def build(
    options: BuildOptions,
    on_page: Callable[[], None] = lambda: None,
    on_built: Callable[[PublishedBuild], None] = lambda _published: None,
    on_wait: Callable[[str], None] = lambda _words: None,
) -> BuildReport:
    """Build site and mail. ``on_page`` is called after each rendered page, ``on_built`` after something was built and published, ``on_wait`` with a
    line in two languages when another build works in the same output (`plugins.builder.lock`).

    Raises `plugins.diagnostics.ContentErrors` with every error of the sources, `BuildFailed` for anything else, `OSError` if the output cannot be
    written. Then the last good output is as it was, and nothing is left of this build.
    """
    start = time.perf_counter()
    output = options.output.absolute()
    claim(output, options.content.absolute())
    with output_lock(output, options.wait, on_wait):
        try:
            report = _build_locked(options, output, on_page, on_built)
        except (WorkerLost, WriteRefused, UnreadableInput) as error:
            raise BuildFailed(str(error)) from error
        except _cache_error() as error:  # a full disk, a file that is not ours to write
            raise BuildFailed(
                f"{output} の作業用のファイルに書けません（{error}） / cannot write the caches in {output}: {error}"
            ) from error
    return replace(report, seconds=time.perf_counter() - start)


def _cache_error() -> type[Exception]:
    """Return what the content cache raises. Asked for when something was raised: SQLite's module takes 2 % of a build with nothing to do to load."""
    import sqlite3

    return sqlite3.Error


def _build_locked(
    options: BuildOptions, output: Path, on_page: Callable[[], None], on_built: Callable[[PublishedBuild], None]
) -> BuildReport:
    """Build, while no other build works in ``output``."""
    for abandoned in output.glob(f"{NEXT}*"):  # by a build that was killed
        shutil.rmtree(abandoned, ignore_errors=True)
    for tree in TREES:
        recover(output / tree, output / ASIDE / tree)
    inputs = check_inputs(options, output)
    if (record := inputs.record_if_unchanged(options)) and record.outputs == list_outputs(output / MANIFEST, scan(output)):
        return up_to_date.repeated_report(output, record)
    # Two devices that cost lines. An edit of one article of 10,000 takes 2.1 s with both, 1.0 s more without the first (what a build reads stays until
    # its end, and the garbage collection looks through it again and again), 0.5 s more without the second (another process scans the output).
    scan_ahead = partial(scan, output, mirrors=inputs.record is not None and not options.fresh)
    for _ in range(_TRIES):
        with suppress(Overtaken), without_gc(), run_ahead(scan_ahead) as scanned:
            return _Run(options, output, inputs, scanned).build(on_page, on_built)
        inputs = check_inputs(options, output)
    raise BuildFailed(
        "作っているあいだに、緊急のお知らせが何度も出ました。もう一度実行してください / notices went out while this build ran: run it again"
    )


def scan(output: Path, *, mirrors: bool = False) -> dict[str, file_tree.FileTree]:
    """Return the files of the output by tree. With ``mirrors``, make the staging tree of the site equal to them, and others that are there."""
    files_by_tree: dict[str, file_tree.FileTree] = {tree: file_tree.list_files(str(output / tree)) for tree in TREES}
    if mirrors:
        from plugins.builder.trees.staging import mirror

        for tree, files in files_by_tree.items():
            if tree != "site" and not (output / STAGING / tree).is_dir():
                continue  # only a process that stays takes over files of the other trees, see `StagingTree.complete`
            mirror(output / tree, {name: inode for name, (_, _, inode) in files.items()}, output / STAGING / tree)
    return files_by_tree


def list_outputs(manifest: Path, files_by_tree: Mapping[str, file_tree.FileTree]) -> dict[str, list[int]]:
    """All files of the output as a build record keeps them. The manifest is one of them: without it, pages could not be taken over."""
    outputs = {f"{tree}/{name}": times for tree, files in files_by_tree.items() for name, times in file_tree.without_inodes(files).items()}
    with suppress(FileNotFoundError):
        stat = manifest.stat()
        outputs[MANIFEST] = [stat.st_size, stat.st_mtime_ns]
    return outputs


@dataclass(frozen=True)
class PublishedBuild:
    """A build that is public, with what it leaves in memory: its record, and the files of each tree of the output.

    ``is_mirrored`` tells whether the staging trees that are there are equal to the published ones.
    """

    options: BuildOptions
    result: RunResult
    report: BuildReport
    record: up_to_date.BuildRecord
    files: dict[str, file_tree.FileTree]
    is_mirrored: bool


@dataclass(frozen=True)
class _Run:
    """One build that has something to do. ``scan`` returns the files of the output by tree, as they were before."""

    options: BuildOptions
    output: Path
    inputs: BuildInputs
    scan: Callable[[], dict[str, file_tree.FileTree]]

    def build(self, on_page: Callable[[], None], on_built: Callable[[PublishedBuild], None]) -> BuildReport:
        """Make everything in a folder of its own, then publish it."""
        # A new name for each build: the preview's rerender may still draw a card into the folder of the last build while this one runs.
        folder = Path(mkdtemp(prefix=NEXT, dir=self.output))
        try:
            published = self._build_in(folder, on_page)
        finally:  # also after Ctrl-C and on a full disk: a folder that stays would keep the disk full
            shutil.rmtree(folder, ignore_errors=True)
        on_built(published)
        return published.report

    def _build_in(self, folder: Path, on_page: Callable[[], None]) -> PublishedBuild:
        from plugins.builder.held_back.rounds import run_until_it_holds
        from plugins.builder.pelican_run import PelicanRun

        def prepare(options: BuildOptions) -> PelicanRun:
            return PelicanRun(options, folder / "site", lambda: self.inputs.intact_files(self.scan()["site"], "site"))

        run = prepare(self.options)
        # The inputs are looked at before they are read: a source that somebody changes meanwhile is noticed next time.
        input_digest = self._input_digest(run.input_paths)
        result, held_back = run_until_it_holds(run, self.options, folder, prepare, on_page)
        return self._publish(folder, replace(result, held_back=held_back), run.input_paths, input_digest)

    def _input_digest(self, paths: tuple[str, ...]) -> str:
        if self.inputs.record and self.inputs.record.input_paths == paths:
            return self.inputs.digest_now
        (digest,) = up_to_date.input_digests(paths, options_text(self.options), self.inputs.checked_at)
        return digest

    def _publish(self, folder: Path, result: RunResult, input_paths: tuple[str, ...], input_digest: str) -> PublishedBuild:
        from plugins.builder import provenance
        from plugins.builder.held_back.history import history_identity
        from plugins.builder.held_back.report import HELD_BACK, render
        from plugins.builder.trees.staging import compare_trees

        output, files = self.output, self.scan()
        kept: dict[str, Set[str]] = {"site": result.plan.kept_files}
        changes = {tree: compare_trees(files[tree], output / tree, folder / tree, kept.get(tree, frozenset())) for tree in TREES}
        exchange = Exchange(output, folder, files, changes)
        files_after = exchange.files_after()
        report = build_report(output, result, changes)
        # All that needs room on the disk comes first, and in the folder of this run. What follows only renames.
        result.plan.manifest.save(folder / MANIFEST)
        outputs, summary = list_outputs(folder / MANIFEST, files_after), up_to_date.summary_of(report)
        validity = result.validity
        if report.held_back:
            # Whether a file is at fault may depend on the moment, and that of a run which failed was not recorded to its end.
            summary["history"], validity = history_identity(self.options.content), ValidityInterval.of_moment(self.options.now)
        record = up_to_date.BuildRecord(self.inputs.checked_at, input_paths, input_digest, outputs, validity, summary)
        record.save(folder / RECORD)
        write_atomically(folder / HELD_BACK, render(report.held_back))
        write_atomically(folder / MOMENTS, result.moments)
        provenance.save(self.options, folder)
        exchange.prepare()
        is_mirrored = exchange.publish(self._is_overtaken)
        return PublishedBuild(self.options, result, report, record, {**files_after}, is_mirrored=is_mirrored)

    def _is_overtaken(self) -> bool:
        """Only builds and the fast path write the snapshot, and no other build is at work."""
        with suppress(FileNotFoundError):
            return (self.output / SNAPSHOT).stat().st_mtime_ns > self.inputs.checked_at
        return False


def build_report(output: Path, result: RunResult, changes: Mapping[str, TreeChange]) -> BuildReport:
    """Return the report of a run whose trees differ from the published ones by ``changes``."""
    plan, files = result.plan, [f"{tree}/{name}" for tree, change in changes.items() for name in change.files]
    return BuildReport(
        output,
        pages=sum(name.endswith(".html") and name.startswith("site/") for name in files),
        issues=sum(name.endswith("/issue.json") and name.startswith("mail/") for name in files),
        files=len(files),
        seconds=0.0,
        rendered=len(plan.rendered),
        kept=len(plan.kept),
        changed=sum(len(change.changed) for change in changes.values()),
        removed=sum(len(change.removed) for change in changes.values()),
        reasons=plan.rendered,
        warnings=result.warnings,
        held_back=result.held_back,
    )


def verify(options: BuildOptions, folder: Path) -> list[str]:
    """Build everything anew into ``folder``, and return the names of the files that differ from the output. Nothing is replaced."""
    fresh = build(replace(options, output=folder, fresh=True)).output
    output = options.output.absolute()
    with output_lock(output, options.wait):
        names = {
            path.relative_to(root).as_posix()
            for root in (output, fresh)
            for tree in TREES
            for path in (root / tree).rglob("*")
            if path.is_file()
        }
        return sorted(name for name in names if _read_if_file(output / name) != _read_if_file(fresh / name))


def _read_if_file(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None
