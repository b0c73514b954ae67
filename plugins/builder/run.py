"""The build: from the checkout to ``output/``, whole or not at all.

1. If nothing has changed since the last build, say so (`plugins.builder.up_to_date`); nothing is loaded that makes pages.
2. Otherwise make in a folder ``output/next-…/`` what is not there as it has to be (`plugins.builder.pelican_run`): pages that would come out the same are only named.
3. Only when everything held, put ``site`` and then ``mail`` in the place of the last ones, each in one step (`plugins.builder.staging`).
4. Any fault leaves the last good output where it was.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from plugins.builder import file_tree, up_to_date
from plugins.builder.options import MANIFEST, BuildFailed, BuildOptions, BuildReport
from plugins.builder.swap import recover
from plugins.diagnostics import Diagnostic
from plugins.processes import WorkerLost, run_ahead, without_gc

if TYPE_CHECKING:
    from plugins.builder.pelican_run import RunResult
    from plugins.builder.staging import TreeChange

__all__ = ["BuildFailed", "BuildOptions", "BuildReport", "build", "verify"]

MARK = ".todoke"
"""A file in ``output/`` that says: this folder is ours, and may be replaced."""

STAMP = "stamp.json"
PARTS = ("site", "mail")


def build(
    order: BuildOptions, on_page: Callable[[], None] = lambda: None, on_made: Callable[[RunResult], None] = lambda _made: None
) -> BuildReport:
    """Build site and mail. ``on_page`` is called after each page that is made, ``on_made`` when something was made and put in place.

    Raises `plugins.diagnostics.ContentErrors` with every error of the sources, `BuildFailed` for anything else.
    """
    start = time.perf_counter()
    output = order.output.absolute()
    _claim(output)
    for part in PARTS:
        recover(output / part, output / "previous" / part)
    found = _find(order, output)
    if (last := found.same(order)) and last.outputs == _outputs(output, _trees(output)):
        return _untouched(output, last, time.perf_counter() - start)
    try:
        with without_gc(), run_ahead(partial(_trees, output, mirrored=found.last is not None and not order.fresh)) as trees:
            report = _Staging(order, output, found, trees).work(on_page, on_made)
    except WorkerLost as error:
        raise BuildFailed(str(error)) from error
    return replace(report, seconds=time.perf_counter() - start)


@dataclass(frozen=True)
class _Found:
    """What a build finds: the stamp of the last one, and the digest of its inputs as they are today, for the moment of the last one and for now."""

    last: up_to_date.BuildRecord | None
    taken: int
    then: str
    now: str

    def same(self, order: BuildOptions) -> up_to_date.BuildRecord | None:
        """Return the stamp of the last build if nothing that it depends on is another."""
        last = None if order.fresh else self.last
        return last if last and last.bounds.contains(order.now) and last.inputs == self.then else None

    def intact(self, there: file_tree.Tree, part: str) -> frozenset[str]:
        """Return the files of one part, of those that are ``there``, that are as they were written."""
        written = file_tree.below(self.last.outputs, part) if self.last else {}
        return frozenset(name for name, seen in file_tree.without_inodes(there).items() if written.get(name) == seen)


def _find(order: BuildOptions, output: Path) -> _Found:
    last, taken = up_to_date.load_record(output / STAMP), time.time_ns()
    then, now = up_to_date.input_digests(last.places, _said(order), last.taken, taken) if last else ("", "")
    return _Found(last, taken, then, now)


def _trees(output: Path, *, mirrored: bool = False) -> dict[str, file_tree.Tree]:
    """What lies in the output now, by part; and see to it that the twin holds the same, if it is to be ``mirrored``."""
    found: dict[str, file_tree.Tree] = {part: file_tree.list_files(str(output / part)) for part in PARTS}
    if mirrored:
        from plugins.builder.staging import mirror

        for part, files in found.items():
            mirror(output / part, {name: number for name, (_, _, number) in files.items()}, output / "twin" / part)
    return found


def _outputs(output: Path, trees: Mapping[str, file_tree.Tree]) -> dict[str, list[int]]:
    """All that lies in the output, as a stamp holds it; the manifest belongs to it."""
    found = {f"{part}/{name}": seen for part, files in trees.items() for name, seen in file_tree.without_inodes(files).items()}
    with suppress(FileNotFoundError):
        stat = (output / MANIFEST).stat()
        found[MANIFEST] = [stat.st_size, stat.st_mtime_ns]
    return found


def _said(order: BuildOptions) -> str:
    spoken = {name: value for name, value in os.environ.items() if name.startswith("TODOKE_")}
    return repr(
        (
            order.content,
            order.publications,
            order.settings,
            order.site_url,
            order.validate_mail,
            order.shows_drafts,
            str(Path.cwd()),
            sorted(spoken.items()),
        )
    )


def _told(report: BuildReport) -> dict[str, Any]:
    warnings = [diagnostic.as_record() for diagnostic in report.warnings]
    return {
        "pages": report.pages,
        "issues": report.issues,
        "files": report.files,
        "kept": report.rendered + report.kept,
        "warnings": warnings,
    }


def _untouched(output: Path, last: up_to_date.BuildRecord, seconds: float) -> BuildReport:
    told: Mapping[str, Any] = last.report
    warnings = tuple(Diagnostic.from_record(record) for record in told["warnings"])
    return BuildReport(output, told["pages"], told["issues"], told["files"], seconds, 0, told["kept"], 0, 0, {}, warnings)


@dataclass(frozen=True)
class _Staging:
    """Where a site is made and put in place."""

    order: BuildOptions
    output: Path
    found: _Found
    trees: Callable[[], dict[str, file_tree.Tree]]

    def work(self, on_page: Callable[[], None], on_made: Callable[[RunResult], None]) -> BuildReport:
        """Make everything in a folder of its own, then put it in place."""
        from plugins.builder.pelican_run import PelicanRun

        for left in self.output.glob("next-*"):  # by a build that was killed
            shutil.rmtree(left, ignore_errors=True)
        # A preview draws on in the folder of the last build: no two are the same.
        following = Path(mkdtemp(prefix="next-", dir=self.output))
        making = PelicanRun(self.order, following / "site", lambda: self.found.intact(self.trees()["site"], "site"))
        inputs = self._inputs(making.places)
        made = making.run(on_page)
        report = self._put(following, made, making.places, inputs)
        shutil.rmtree(following)
        on_made(made)
        return report

    def _inputs(self, places: tuple[str, ...]) -> str:
        """What was seen before counts: whoever changes a source while it is read is noticed next time."""
        if self.found.last and self.found.last.places == places:
            return self.found.now
        (digest,) = up_to_date.input_digests(places, _said(self.order), self.found.taken)
        return digest

    def _put(self, following: Path, made: RunResult, places: tuple[str, ...], inputs: str) -> BuildReport:
        from plugins.builder import staging
        from plugins.builder.staging import compare_trees

        output, trees = self.output, self.trees()
        kept: dict[str, Set[str]] = {"site": made.plan.files}
        changes = {part: compare_trees(trees[part], output / part, following / part, kept.get(part, frozenset())) for part in PARTS}
        spots = {
            part: staging.StagingTree(output / part, output / "twin" / part, output / "previous" / part, trees[part]) for part in PARTS
        }
        after = {part: spots[part].after(following / part, change) for part, change in changes.items()}
        for part, change in changes.items():
            spots[part].renew(following / part, change)
        for note in following.glob("*.json"):  # what rooms noted of what they made
            note.replace(output / note.name)
        made.plan.now.save(output / MANIFEST)
        report = _report(output, made, changes)
        up_to_date.BuildRecord(self.found.taken, places, inputs, _outputs(output, after), made.bounds, _told(report)).save(output / STAMP)
        for part, change in changes.items():
            spots[part].follow(change)
        return report


def _report(output: Path, made: RunResult, changes: Mapping[str, TreeChange]) -> BuildReport:
    plan, files = made.plan, [f"{part}/{name}" for part, change in changes.items() for name in change.files]
    pages = sum(name.endswith(".html") and name.startswith("site/") for name in files)
    issues = sum(name.endswith("/issue.json") and name.startswith("mail/") for name in files)
    written, removed = (sum(len(getattr(change, what)) for change in changes.values()) for what in ("written", "removed"))
    counts = (len(plan.rendered), len(plan.kept), written, removed)
    return BuildReport(output, pages, issues, len(files), 0.0, *counts, plan.rendered, made.warnings)


def verify(order: BuildOptions, folder: Path) -> list[str]:
    """Build everything anew into ``folder`` and return the files in which the output differs from it. Nothing is replaced."""
    fresh = build(replace(order, output=folder, fresh=True)).output
    names = {
        path.relative_to(folder).as_posix()
        for folder in (order.output.absolute(), fresh)
        for part in PARTS
        for path in (folder / part).rglob("*")
        if path.is_file()
    }
    return sorted(name for name in names if _bytes(order.output / name) != _bytes(fresh / name))


def _bytes(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None


def _claim(output: Path) -> None:
    """Take ``output`` for ours if it is new or empty; refuse a folder of somebody else's (getpelican/pelican#731)."""
    mark = output / MARK
    if output.exists() and not mark.exists() and any(output.iterdir()):
        raise BuildFailed(f"{output} holds files that no build of ours made. Choose another folder with --output, or move them away.")
    output.mkdir(parents=True, exist_ok=True)
    mark.write_text("Made by todoke build; everything here may be replaced.\n", encoding="utf-8")
